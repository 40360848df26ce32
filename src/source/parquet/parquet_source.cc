#include "source/parquet/parquet_source.h"

#include <arrow/util/byte_size.h>

#include <algorithm>

#include "expr/bound.h"
#include "source/parquet/row_group_reader.h"

namespace headrace {
namespace {

// Nothing is known of the rows' size before the first batch, and a batch may outgrow the last one
// this many times.
constexpr int64_t kFirstBatchRows = 256;
constexpr int64_t kGrowth = 8;
constexpr int64_t kTextBatches = 2;

class RowGroupMorsel : public Morsel {
 public:
  RowGroupMorsel(int64_t number, RowGroupUnit row_group, OldestFirst* order)
      : unit(std::move(row_group)), under_way(order, number) {
    sequence = number;
    file = unit.file;
  }

  const RowGroupUnit unit;
  const UnderWay under_way;
  std::shared_ptr<ParquetFile> opened;
};

// Role: says when looking at the predicate first is worth it. Where rows that are wanted lie
// everywhere, hardly any batch is without one, and the predicate would only be computed twice.
class EarlyLook {
 public:
  bool is_worth_it() const { return asked_ < 4 || 8 * in_vain_ < 7 * asked_ || batches_ % 16 == 0; }
  void NoteBatch() { ++batches_; }
  void NoteAnswer(bool found) {
    ++asked_;
    in_vain_ += found;
  }

 private:
  int64_t batches_ = 0;
  int64_t asked_ = 0;
  int64_t in_vain_ = 0;
};

}  // namespace

ParquetSource::ParquetSource(ParquetSourceOptions options, std::vector<InputFile> files,
                             HiveColumns hive, std::shared_ptr<arrow::Schema> schema,
                             std::vector<RowGroupUnit> units)
    : options_(options),
      files_(std::move(files)),
      hive_(std::move(hive)),
      schema_(std::move(schema)),
      units_(std::move(units)),
      rows_(files_.size()),
      under_way_(options_.cancellation) {
  arrow::FieldVector fields;
  for (const auto& field : schema_->fields()) {
    if (hive_.IndexOf(field->name()) < 0) fields.push_back(field);
  }
  file_schema_ = arrow::schema(std::move(fields));
  PrepareRowsWanted();
  for (const RowGroupUnit& unit : units_) total_bytes_ += unit.bytes;
}

void ParquetSource::PrepareRowsWanted() {
  if (!options_.predicate) return;
  // A predicate that cannot be evaluated here is told by the step that it stands in.
  const auto bound = expr::Bind(options_.predicate, *schema_);
  if (!bound.ok()) return;
  const std::vector<int>& read = (*bound)->columns();
  arrow::FieldVector fields;
  std::vector<bool> first;
  for (int i = 0; i < schema_->num_fields(); ++i) {
    const auto& field = schema_->field(i);
    const bool is_read = std::binary_search(read.begin(), read.end(), i);
    if (is_read) fields.push_back(field);
    if (hive_.IndexOf(field->name()) < 0) first.push_back(is_read);
  }
  // Where nothing can be looked at first, or nothing is left to be saved, all is read at once.
  if (std::find(first.begin(), first.end(), true) == first.end() ||
      std::find(first.begin(), first.end(), false) == first.end())
    return;
  predicate_schema_ = arrow::schema(std::move(fields));
  auto over_these = expr::Bind(options_.predicate, *predicate_schema_);
  if (!over_these.ok()) return;
  predicate_ = *std::move(over_these);
  predicate_columns_ = std::move(first);
}

RowsWanted ParquetSource::MakeRowsWanted(int file) const {
  return {predicate_columns_, [this, file](const arrow::RecordBatch& rows) {
            auto with_hive = AddHiveColumns(rows, predicate_schema_, hive_, file, options_.pool);
            if (!with_hive.ok()) return true;
            const auto kept = expr::EvaluateFilter(*predicate_, **with_hive, options_.pool);
            return !kept.ok() || static_cast<const arrow::BooleanArray&>(**kept).true_count() > 0;
          }};
}

Result<std::shared_ptr<ParquetFile>> ParquetSource::OpenFile(int index) {
  if (open_index_ != index) {
    open_file_
        .reset();  // its footer goes before the next one is read, unless a morsel still needs it
    open_index_ = -1;
    ARROW_ASSIGN_OR_RAISE(open_file_,
                          ParquetFile::Open(options_.env, files_[index].path, options_.pool));
    open_index_ = index;
  }
  return open_file_;
}

Result<std::unique_ptr<Morsel>> ParquetSource::Next() {
  std::lock_guard lock(mutex_);
  if (next_unit_ == units_.size() || stopped_.load(std::memory_order_relaxed)) {
    open_file_.reset();
    open_index_ = -1;
    return nullptr;
  }
  const RowGroupUnit& unit = units_[next_unit_];
  ARROW_ASSIGN_OR_RAISE(auto opened, OpenFile(unit.file));
  auto morsel = std::make_unique<RowGroupMorsel>(next_unit_++, unit, &under_way_);
  morsel->opened = std::move(opened);
  return std::unique_ptr<Morsel>(std::move(morsel));
}

int64_t ParquetSource::NextBatchRows(int64_t rows_before, int64_t row_bytes) const {
  const double seen = bytes_per_row_.load(std::memory_order_relaxed);
  const auto fitting = static_cast<int64_t>(static_cast<double>(options_.batch_bytes) /
                                            std::max(seen, static_cast<double>(row_bytes)));
  // Nothing is known of rows that have not been seen but their packed size.
  const int64_t growing =
      seen <= 0 ? kFirstBatchRows : std::max(kFirstBatchRows, rows_before * kGrowth);
  return std::clamp<int64_t>(std::min(fitting, growing), 1,
                             std::max<int64_t>(1, options_.chunk_rows));
}

void ParquetSource::Learn(const arrow::RecordBatch& batch) {
  if (batch.num_rows() == 0) return;
  const double now = static_cast<double>(arrow::util::TotalBufferSize(batch)) /
                     static_cast<double>(batch.num_rows());
  // Quick to believe that rows are larger, slow to believe that they are smaller.
  const double before = bytes_per_row_.load(std::memory_order_relaxed);
  bytes_per_row_.store(std::max({now, before * 0.75, 1.0 / 64}), std::memory_order_relaxed);
}

Status ParquetSource::Read(std::unique_ptr<Morsel> morsel, const EmitBatch& emit) {
  const auto& row_group = static_cast<const RowGroupMorsel&>(*morsel);
  if (row_group.unit.row_bytes >= kHugeRecordBytes) {
    ARROW_RETURN_NOT_OK(row_group.under_way.WaitForOlder());
  }
  ARROW_RETURN_NOT_OK(ReadRowGroup(row_group.unit, row_group.opened, row_group.under_way, emit));
  consumed_bytes_.fetch_add(row_group.unit.bytes, std::memory_order_relaxed);
  return Status::OK();
}

Status ParquetSource::ReadRowGroup(const RowGroupUnit& unit, std::shared_ptr<ParquetFile> file,
                                   const UnderWay& under_way, const EmitBatch& emit) {
  ARROW_ASSIGN_OR_RAISE(
      auto reader, RowGroupReader::Open(std::move(file), unit.row_group, file_schema_,
                                        options_.pool, [&] { return under_way.WaitForOlder(); }));
  const RowRanges ranges = unit.ranges ? *unit.ranges : RowRanges{{0, reader->rows()}};
  const RowsWanted wanted = MakeRowsWanted(unit.file);
  EarlyLook early_look;
  // Rows of the usual size pass; a batch is full of them before.
  const int64_t text_bytes_max = kTextBatches * options_.batch_bytes;
  int64_t rows = 0;
  for (const RowRange& range : ranges) {
    reader->SkipTo(range.begin);
    for (int64_t at = range.begin; at < range.end; at = reader->next_row()) {
      if (stopped_.load(std::memory_order_relaxed)) return Status::OK();
      ARROW_RETURN_NOT_OK(CheckCancelled(options_.cancellation));
      rows = std::min(NextBatchRows(rows, unit.row_bytes), range.end - at);
      const bool look_first = predicate_ && early_look.is_worth_it();
      bool found = true;
      ARROW_ASSIGN_OR_RAISE(auto batches,
                            look_first ? reader->ReadWanted(rows, text_bytes_max, wanted, &found)
                                       : reader->Read(rows, text_bytes_max));
      early_look.NoteBatch();
      if (look_first) early_look.NoteAnswer(found);
      ARROW_RETURN_NOT_OK(Emit(std::move(batches), unit.file, found, emit));
    }
  }
  return Status::OK();
}

Status ParquetSource::Emit(RowGroupReader::Batches batches, int file, bool whole,
                           const EmitBatch& emit) {
  for (auto& batch : batches) {
    ARROW_ASSIGN_OR_RAISE(batch, AddHiveColumns(*batch, schema_, hive_, file, options_.pool));
    if (whole) Learn(*batch);
    rows_[file].fetch_add(batch->num_rows(), std::memory_order_relaxed);
    ARROW_RETURN_NOT_OK(emit(Batch{std::move(batch)}));
  }
  return Status::OK();
}

std::vector<SourceInput> ParquetSource::inputs() const {
  std::vector<SourceInput> inputs;
  for (size_t i = 0; i < files_.size(); ++i) {
    inputs.push_back(
        {files_[i].path, files_[i].size_bytes, rows_[i].load(std::memory_order_relaxed)});
  }
  return inputs;
}

}  // namespace headrace
