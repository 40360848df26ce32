// Which files an input names.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "env/env.h"
#include "source/hive.h"

namespace headrace {

// A directory in which readers find no file.
inline constexpr ErrorCode kNoDataInDirectory = 311;

struct InputFile {
  std::string path;         // "-" is standard input
  int64_t size_bytes = -1;  // -1 = unknown
  std::vector<HiveValue> hive;
};

// Files as they are, globs expanded, directories searched through (names that begin with '_' or '.'
// are left out, as every reader of datasets does); every file once, those of one glob or directory
// sorted bytewise. Hive columns come from the k=v directories below a directory or a glob's fixed
// part. Errors: Source for a missing file (naming the nearest name beside it), a glob that matches
// nothing, a directory without data, something that is no file;
// InvalidConfig for a URL, or standard input beside other inputs.
Result<std::vector<InputFile>> ListInputs(Env* env, const std::vector<std::string>& paths);

}  // namespace headrace
