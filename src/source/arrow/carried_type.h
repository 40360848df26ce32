// Which Arrow types the engine carries, and as what.
#pragma once

#include <arrow/type.h>

#include <memory>

#include "base/status.h"

namespace headrace {

// The type that a column of `type` is delivered in: dictionary-encoded ones as their values, views
// as plain text or bytes, extensions as what they are stored as. NotImplemented, naming the type,
// for those that no file the engine writes can hold: unions, run ends, list views, dictionaries
// inside other types.
Result<std::shared_ptr<arrow::DataType>> CarriedType(const std::shared_ptr<arrow::DataType>& type);

// What an extension type is stored as; other types as they are.
const std::shared_ptr<arrow::DataType>& StorageTypeOf(const std::shared_ptr<arrow::DataType>& type);

}  // namespace headrace
