// Whether a Parquet file is what it claims to be.
#pragma once

#include <arrow/memory_pool.h>
#include <arrow/type.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/cancellation.h"
#include "env/env.h"

namespace headrace {

enum class CheckDepth : uint8_t {
  kFooters,
  kPages,  // every page is read, decompressed and decoded, its checksum verified where it has one
};

enum class FileProblem : uint8_t { kDamagedFile, kDamagedColumn, kWrongStatistics };

struct FileCheckOptions {
  Env* env = nullptr;
  arrow::MemoryPool* pool = nullptr;
  Cancellation* cancellation = nullptr;
  CheckDepth depth = CheckDepth::kFooters;
  std::function<void(FileProblem problem, const std::string& message)> on_problem;
};

struct CheckedFile {
  int64_t size_bytes = 0;
  int64_t rows = 0;
  int64_t row_groups = 0;
  std::shared_ptr<arrow::Schema> columns;  // as ReadStoredColumns
};

// nullopt when the file cannot be opened, which is told as a problem. Holds one column's pages and
// a batch of its values at a time. Errors: OutOfMemory, Cancelled.
Result<std::optional<CheckedFile>> CheckParquetFile(const std::string& path,
                                                    const FileCheckOptions& options);

}  // namespace headrace
