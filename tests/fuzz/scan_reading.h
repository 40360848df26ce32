// Reads an input in memory through OpenScan, as a run does, and compares readings.
#pragma once

#include <arrow/table.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "fuzz/fuzz_check.h"
#include "fuzz/memory_env.h"
#include "headrace/job.h"

namespace headrace::fuzz {

struct ScanSettings {
  std::string format;  // as --from says it
  CsvOptions csv;
  BadRows bad_rows = BadRows::kFail;
  std::string line_column;
  int64_t batch_bytes = 1 << 20;
  int64_t chunk_rows = 50'000;
  int threads = 1;
};

// What is read, with a batch size, rows of a batch and threads by the next bytes of `input`.
ScanSettings WayToReadFrom(FuzzInput* input, ScanSettings settings);

// A target of a format without options: two ways to read and the file.
void CheckBothReadingsOf(const std::string& format, FuzzInput input);

// The file that `env` has at kInputPath, from opening to the last batch; every batch is validated.
inline constexpr const char* kInputPath = "/input";
Result<std::shared_ptr<arrow::Table>> ReadInput(MemoryEnv* env, const ScanSettings& settings,
                                                arrow::MemoryPool* pool);

// Same schema, same rows in the same order; NaN equals NaN. Batches may differ.
bool SameRows(const arrow::Table& left, const arrow::Table& right);

// Reads `text` both ways: no crash, an error is one that people can read, both give the same rows
// or both fail, and all memory comes back.
void CheckBothReadings(std::string_view text, const ScanSettings& one, const ScanSettings& other);

}  // namespace headrace::fuzz
