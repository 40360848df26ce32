// Small files of the protocol: there whole or not at all.
#pragma once

#include <string>
#include <string_view>

#include "commit/transaction.h"

namespace headrace {

// Temp file `path`.tmp, rename; with kFull the sync of the file before and of its directory after.
Status WriteWhole(Env* env, const std::string& path, std::string_view text, Durability durability);

}  // namespace headrace
