#include "source/parquet/parquet_source.h"

#include <arrow/util/byte_size.h>

#include <algorithm>

#include "source/parquet/row_group_reader.h"

namespace headrace {
namespace {

// Nothing is known of the rows' size before the first batch, and a batch may outgrow the last one
// this many times.
constexpr int64_t kFirstBatchRows = 256;
constexpr int64_t kGrowth = 8;

class RowGroupMorsel : public Morsel {
 public:
  RowGroupUnit unit;
  std::shared_ptr<ParquetFile> opened;
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
      rows_(files_.size()) {
  arrow::FieldVector fields;
  for (const auto& field : schema_->fields()) {
    if (hive_.IndexOf(field->name()) < 0) fields.push_back(field);
  }
  file_schema_ = arrow::schema(std::move(fields));
  for (const RowGroupUnit& unit : units_) total_bytes_ += unit.bytes;
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
  auto morsel = std::make_unique<RowGroupMorsel>();
  morsel->unit = units_[next_unit_];
  morsel->file = morsel->unit.file;
  ARROW_ASSIGN_OR_RAISE(morsel->opened, OpenFile(morsel->file));
  morsel->sequence = static_cast<int64_t>(next_unit_++);
  return morsel;
}

int64_t ParquetSource::NextBatchRows(int64_t rows_before) const {
  const double bytes_per_row = bytes_per_row_.load(std::memory_order_relaxed);
  if (bytes_per_row <= 0) return std::min(kFirstBatchRows, options_.chunk_rows);
  const auto fitting =
      static_cast<int64_t>(static_cast<double>(options_.batch_bytes) / bytes_per_row);
  const int64_t growing = std::max(kFirstBatchRows, rows_before * kGrowth);
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
  auto& row_group = static_cast<RowGroupMorsel&>(*morsel);
  ARROW_ASSIGN_OR_RAISE(
      auto reader, RowGroupReader::Open(row_group.opened, row_group.unit.row_group, file_schema_,
                                        options_.pool));
  int64_t rows = 0;
  while (reader->rows_left() > 0 && !stopped_.load(std::memory_order_relaxed)) {
    ARROW_RETURN_NOT_OK(CheckCancelled(options_.cancellation));
    rows = std::min(NextBatchRows(rows), reader->rows_left());
    ARROW_ASSIGN_OR_RAISE(auto batches, reader->Read(rows));
    for (auto& batch : batches) {
      ARROW_ASSIGN_OR_RAISE(batch,
                            AddHiveColumns(*batch, schema_, hive_, row_group.file, options_.pool));
      Learn(*batch);
      rows_[row_group.file].fetch_add(batch->num_rows(), std::memory_order_relaxed);
      ARROW_RETURN_NOT_OK(emit(Batch{std::move(batch)}));
    }
  }
  consumed_bytes_.fetch_add(row_group.unit.bytes, std::memory_order_relaxed);
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
