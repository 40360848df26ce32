// Scan: an input that is opened and named; Type finds the types, Start turns it into a Source.
//
// Three steps because a plan is checked against column names first (cheap), only the columns it
// uses are then typed (a pass over the whole input where types are inferred), and what the whole
// run needs follows from the types: only then is the size of its morsels final.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/cancellation.h"
#include "env/env.h"
#include "expr/expr.h"
#include "headrace/job.h"
#include "memory/budget.h"
#include "memory/needs.h"
#include "source/rejects.h"
#include "source/source.h"

namespace headrace {

struct ScanContext {
  Env* env = nullptr;
  arrow::MemoryPool* pool =
      nullptr;  // the source stage's StagePool: every block, index and column comes from it
  Cancellation* cancellation = nullptr;
  int threads = 1;                // Type may use as many, and at most as many call Next and Read
  int64_t batch_bytes = 1 << 20;  // target bytes of input text per morsel while Type reads
  int64_t chunk_rows = 50'000;    // most rows in one batch
  BadRows bad_rows = BadRows::kFail;
  std::string spill_directory;  // where standard input may be kept for a second pass; "" = nowhere
  std::function<void(int64_t bytes_done, int64_t bytes_total)>
      on_inference_progress;  // may be empty; any thread
};

struct ScanRequest {
  std::vector<std::string>
      columns;  // wanted columns in the wanted order; empty + all_columns = every one
  bool all_columns = true;
  expr::ExprPtr predicate;  // may be null: rows failing it are not needed; used for pruning only
  int64_t row_limit = -1;  // no more than the first so many rows are needed; -1 = all. A source may
                           // give more. Not together with a predicate.
};

class Scan {
 public:
  virtual ~Scan() = default;
  virtual const std::vector<std::string>& column_names()
      const = 0;  // file columns, then Hive columns
  // Floor and wish per worker for a source of this kind that Start gives with these batch bytes.
  virtual StageNeeds needs(int64_t batch_bytes) const = 0;
  // How dialect, header and types were found, and what was pruned: lines for -v, preview and plan.
  virtual std::vector<std::string> evidence() const = 0;
  // Types the wanted columns. Once. What was pushed down is told by `evidence` afterwards.
  virtual Result<std::shared_ptr<arrow::Schema>> Type(const ScanRequest& request) = 0;
  // The source of what was typed, whose morsels aim at `batch_bytes` of input text (or Arrow bytes
  // for Parquet). Once.
  virtual Result<std::unique_ptr<Source>> Start(int64_t batch_bytes) = 0;
  // Rows if known or estimated (-1 else), and bytes of input (-1 for a stream).
  virtual int64_t estimated_rows() const = 0;
  virtual int64_t total_bytes() const = 0;
};

// Resolves paths (files, globs, directories, "-"), finds the format by options, name and content,
// and opens it. Source errors: missing file (with near names), directory without data, mixed
// formats, unreadable. BadInput: a format's own.
Result<std::unique_ptr<Scan>> OpenScan(const InputSpec& input, const ScanContext& context);

// Floor before anything is opened, for admission: the largest of all formats' floors at the
// context's batch_bytes.
StageNeeds SourceNeedsBeforeOpen(int64_t batch_bytes);

}  // namespace headrace
