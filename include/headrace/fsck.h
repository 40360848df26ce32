// Looking at what stands at a target: a published dataset or file, also one that headrace did not
// write. docs/fsck.md is the page for users.
#pragma once

#include <arrow/result.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace headrace {

// One thing that is wrong. `kind` is stable: "damaged_file", "damaged_column", "wrong_statistics",
// "other_schema", "partition_path", "foreign_entry", "leftover", "ledger".
struct FsckProblem {
  std::string kind;
  std::string path;     // of the file or directory
  std::string message;  // what is wrong, and what to do
};

struct FsckOptions {
  bool deep = false;   // decode every page, not only read the footers
  std::string memory;  // as ResourceSpec::memory
  const volatile int* stop_signal = nullptr;
  // Called for every problem as it is found, from the calling thread.
  std::function<void(const FsckProblem&)> on_problem;
};

struct FsckReport {
  std::string path;
  bool is_dataset = false;  // else a single file
  bool deep = false;
  int64_t files = 0;  // Parquet files whose footer could be read
  int64_t rows = 0;
  int64_t row_groups = 0;
  int64_t bytes = 0;
  int64_t partitions = 0;  // directories with files
  int64_t problems = 0;
  std::string last_run;            // by the ledger; "" = none, headrace did not write it
  std::vector<std::string> notes;  // what is worth knowing without being wrong
};

// Reads and changes nothing. Files are read one by one within the memory budget. Errors: Source
// when nothing stands at `path` or it cannot be listed; OutOfMemory when the budget does not
// suffice for one of its files; Locked when another generation was published meanwhile; Cancelled.
// Problems are no error.
arrow::Result<FsckReport> CheckDataset(const std::string& path, const FsckOptions& options);

}  // namespace headrace
