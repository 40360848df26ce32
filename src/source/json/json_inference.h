// The pass that finds the keys and types of JSON rows over the whole input.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/cancellation.h"
#include "source/json/json_block_reader.h"
#include "source/json/json_shape.h"

namespace headrace {

struct JsonInferenceSettings {
  JsonBlockLimits limits;
  std::vector<std::string> given;  // columns whose type is known; their values are not looked at
  bool names_only = false;         // the types of all columns are known
  int threads = 1;
  arrow::MemoryPool* pool = nullptr;
  Cancellation* cancellation = nullptr;  // may be null
  std::function<void(int64_t, int64_t)> on_progress;
};

struct JsonInference {
  // Not empty: all keys have types already (JsonGivenKeys), and nothing was looked for.
  std::vector<std::string> given_keys;
  JsonShape shape;  // of the rows
  int64_t rows = 0;
  int64_t bad_rows = 0;  // left out; what does not fit a given type is not among them
};

// Reads every row of every input. Same answer for any number of threads and any block size.
// Errors: those of reading; BadInput for the first bad row unless
// limits.bad_rows leaves them out, and for too many different keys.
Result<JsonInference> InferJson(const std::vector<JsonInput>& inputs,
                                const JsonInferenceSettings& settings);

}  // namespace headrace
