// CsvSource: typed columns out of blocks of text.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "source/csv/csv_columns.h"
#include "source/csv/csv_rejects.h"
#include "source/csv/filled_columns.h"
#include "source/source.h"
#include "source/text/input_counts.h"

namespace headrace {

struct CsvSourceSettings {
  BlockLimits limits;
  int64_t batch_bytes = 1 << 20;
  int64_t chunk_rows = 50'000;
  int64_t field_bytes_max = 256LL << 20;
  BadRows bad_rows = BadRows::kFail;
  NullRule nulls;
  arrow::MemoryPool* pool = nullptr;
  Cancellation* cancellation = nullptr;  // may be null
};

// Role: hands out blocks as morsels and converts them. A block becomes several batches where rows
// or Arrow bytes would pass the limits. Owner: the run. Threads: as Source says; conversion holds
// no lock. Errors: BadInput with file, line, byte, column, value and reason.
class CsvSource : public Source {
 public:
  // `columns` (of the layout) become the schema's fields in that order, with `types`.
  static Result<std::unique_ptr<CsvSource>> Make(CsvLayout layout, std::vector<int> columns,
                                                 std::shared_ptr<arrow::Schema> schema,
                                                 const CsvSourceSettings& settings);

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  Result<std::unique_ptr<Morsel>> Next() override;
  Status Read(std::unique_ptr<Morsel> morsel, const EmitBatch& emit) override;
  void Stop() override { reader_.Stop(); }
  std::vector<SourceInput> inputs() const override { return counts_.With(layout_.inputs); }
  int64_t consumed_bytes() const override { return reader_.stored_bytes_read(); }
  int64_t total_bytes() const override { return StoredBytesOf(layout_.inputs); }

 private:
  CsvSource(CsvLayout layout, std::vector<int> columns, const CsvSourceSettings& settings);
  // What is being read by one Read.
  struct Reading {
    const TextBlock& block;
    RecordIndexer indexer;
    FilledColumns filled;
    std::vector<CheckedColumn> columns;
    GoodRowsConverter good_rows;
    const EmitBatch& emit;
  };
  std::vector<CheckedColumn> CheckedColumns(const CsvFileColumns& file) const;
  // nullptr when a value does not fit; then `bad` is the first one in the file.
  Result<std::shared_ptr<arrow::RecordBatch>> Convert(Reading* reading, const RecordRange& range,
                                                      BadRecord* bad) const;
  // Columns that no field of the file fills.
  Status Fill(Reading* reading, const RecordRange& range, arrow::ArrayVector* arrays) const;
  // The rows of a range before its first bad record, and then the error.
  Status EmitOrFail(Reading* reading, RecordRange range);
  // The rows of a range without its bad records, and those beside them.
  Status EmitWithRejects(Reading* reading, RecordRange range, CsvRejects* rejects);
  Status EmitInOrder(const Reading& reading, std::shared_ptr<arrow::RecordBatch> rows,
                     CsvRejects* rejects);
  Status Emit(const Reading& reading, Batch batch);
  Status ErrorOf(const TextBlock& block, const BadRecord& bad) const;

  const CsvLayout layout_;
  const std::vector<int> columns_;
  const CsvSourceSettings settings_;
  IndexLimits index_limits_;
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<std::unique_ptr<ColumnConverter>> converters_;
  BlockReader reader_;
  InputCounts counts_;
};

// Positions and rows per range for batches of about `batch_bytes`.
IndexLimits LimitsForBatches(int64_t batch_bytes, int64_t chunk_rows, int64_t fixed_bytes_per_row);

}  // namespace headrace
