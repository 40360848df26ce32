// ParquetSource: row groups of many files, in order, as batches.
#pragma once

#include <arrow/memory_pool.h>
#include <arrow/type.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "env/env.h"
#include "expr/expr.h"
#include "source/hive.h"
#include "source/listing.h"
#include "source/oldest_first.h"
#include "source/parquet/parquet_file.h"
#include "source/parquet/row_group_reader.h"
#include "source/row_range.h"
#include "source/source.h"

namespace headrace {

// A row group that is to be read.
struct RowGroupUnit {
  int32_t file = 0;
  int32_t row_group = 0;
  int64_t rows = 0;       // of those that are to be read
  int64_t bytes = 0;      // compressed, for progress
  int64_t row_bytes = 0;  // of the wanted columns, on average and as far as the footer tells
  std::shared_ptr<const RowRanges> ranges;  // null: all rows
};

struct ParquetSourceOptions {
  Env* env = nullptr;
  arrow::MemoryPool* pool = nullptr;
  Cancellation* cancellation = nullptr;  // may be null
  int64_t batch_bytes = 0;
  int64_t chunk_rows = 0;
  // Rows failing it are not needed; over columns of the schema given out. May be null.
  expr::ExprPtr predicate;
};

inline Status CheckCancelled(const Cancellation* cancellation) {
  return cancellation == nullptr ? Status::OK() : cancellation->Check();
}

// Role: a morsel is a row group; each worker decodes its own, through the descriptor that all
// readers of a file share. Columns that the predicate reads are decoded first; of batches in which
// it keeps no row the others stay packed and are given out as NULL, for the filter to drop. Owner:
// the run. Threads: as Source. Errors: BadInput naming file and row group, Source when a file
// cannot be opened. Invariant: row groups of huge rows are read one at a time, in order.
class ParquetSource : public Source {
 public:
  // `schema` has the wanted columns in order; those named in `hive` come from directories, all
  // others from the files.
  ParquetSource(ParquetSourceOptions options, std::vector<InputFile> files, HiveColumns hive,
                std::shared_ptr<arrow::Schema> schema, std::vector<RowGroupUnit> units);

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  Result<std::unique_ptr<Morsel>> Next() override;
  Status Read(std::unique_ptr<Morsel> morsel, const EmitBatch& emit) override;
  void Stop() override { stopped_.store(true, std::memory_order_relaxed); }
  std::vector<SourceInput> inputs() const override;
  int64_t consumed_bytes() const override {
    return consumed_bytes_.load(std::memory_order_relaxed);
  }
  int64_t total_bytes() const override { return total_bytes_; }

 private:
  // The file, opened once for all the row groups that are read from it at the time.
  Result<std::shared_ptr<ParquetFile>> OpenFile(int index);
  Status ReadRowGroup(const RowGroupUnit& unit, std::shared_ptr<ParquetFile> file,
                      const UnderWay& under_way, const EmitBatch& emit);
  int64_t NextBatchRows(int64_t rows_before, int64_t row_bytes) const;
  void Learn(const arrow::RecordBatch& batch);
  Status Emit(RowGroupReader::Batches batches, int file, bool whole, const EmitBatch& emit);
  void PrepareRowsWanted();
  RowsWanted MakeRowsWanted(int file) const;

  const ParquetSourceOptions options_;
  const std::vector<InputFile> files_;
  const HiveColumns hive_;
  const std::shared_ptr<arrow::Schema> schema_;
  std::shared_ptr<arrow::Schema> file_schema_;  // the columns of schema_ that files hold
  const std::vector<RowGroupUnit> units_;
  int64_t total_bytes_ = 0;
  std::vector<bool> predicate_columns_;  // by field of file_schema_; empty: nothing is read first
  std::shared_ptr<arrow::Schema> predicate_schema_;
  expr::BoundExprPtr predicate_;  // over predicate_schema_

  std::atomic<bool> stopped_{false};
  std::atomic<int64_t> consumed_bytes_{0};
  std::atomic<double> bytes_per_row_{0};    // of the batches made so far; 0 = none yet
  std::vector<std::atomic<int64_t>> rows_;  // read so far, by file
  std::mutex mutex_;
  size_t next_unit_ = 0;  // guarded by mutex_
  int open_index_ = -1;   // guarded by mutex_
  OldestFirst under_way_;
  std::shared_ptr<ParquetFile> open_file_;
};

}  // namespace headrace
