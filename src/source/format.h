// Which format an input has: by option, else by file name, else by its first bytes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "env/env.h"
#include "source/listing.h"

namespace headrace {

enum class InputFormat : uint8_t { kCsv, kTsv, kParquet, kJson, kJsonLines, kArrow };

std::string_view FormatName(InputFormat format);

struct DecidedFormat {
  InputFormat format = InputFormat::kCsv;
  std::string evidence;  // "format parquet: by the file name"
};

// InvalidConfig for an unknown name; Source error when the files are of different formats.
Result<DecidedFormat> DecideFormat(Env* env, const std::string& option,
                                   const std::vector<InputFile>& files);

}  // namespace headrace
