// The dictionaries of an Arrow stream as its messages build them up.
#pragma once

#include <memory>
#include <vector>

#include "source/arrow/ipc_rows.h"

namespace headrace {

// Takes up a dictionary message: a new dictionary, one that replaces another, or values to be put
// behind those there are. Dictionaries that no wanted column refers to are left out. Batches that
// hold the former state keep it. Errors: Invalid, NotImplemented, OutOfMemory.
Status AddDictionary(const IpcSchema& stored, const std::vector<int>& wanted,
                     const IpcMessage& message, const IpcBody& body,
                     std::shared_ptr<const IpcDictionaries>* dictionaries);

}  // namespace headrace
