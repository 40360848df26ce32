#include "source/parquet/parquet_scan.h"

#include <algorithm>

#include "source/hive_pruning.h"
#include "source/parquet/parquet_source.h"
#include "source/parquet/row_group_pruning.h"
#include "source/parquet/row_group_reader.h"
#include "source/parquet/text_pages.h"
#include "source/schema_union.h"

namespace headrace {
namespace {

// What writers make of a page unless told otherwise.
constexpr int64_t kUsualPageBytes = 1 << 20;
constexpr int64_t kUsualColumns = 16;
// Batches in flight of one worker: the one being decoded, and what its decoding converts.
constexpr int64_t kBatchesOfWorker = 2;

// Bytes that one worker holds while it reads this row group: of every column the compressed and the
// plain page, the dictionary and the stream's buffer. Page sizes are not in the footer; a page is
// no larger than its column chunk and seldom than usual.
int64_t DecodeBytes(const parquet::RowGroupMetaData& row_group) {
  int64_t bytes = 0;
  for (int i = 0; i < row_group.num_columns(); ++i) {
    const auto chunk = row_group.ColumnChunk(i);
    const int64_t page = std::min(chunk->total_uncompressed_size(), kUsualPageBytes);
    bytes += page + std::min(chunk->total_compressed_size(), kUsualPageBytes) + kStreamBufferBytes;
    if (chunk->has_dictionary_page()) bytes += page;
    if (chunk->type() == parquet::Type::BYTE_ARRAY) bytes += TextPages::kWindowBytes;
  }
  return bytes;
}

class ParquetScan : public Scan {
 public:
  ParquetScan(std::vector<InputFile> files, HiveColumns hive, SchemaMode schema_mode,
              const ScanContext& context)
      : files_(std::move(files)), hive_(std::move(hive)), union_(schema_mode), context_(context) {}

  Status Open() {
    for (size_t i = 0; i < files_.size(); ++i) {
      ARROW_RETURN_NOT_OK(CheckCancelled(context_.cancellation));
      ARROW_ASSIGN_OR_RAISE(const auto file,
                            ParquetFile::Open(context_.env, files_[i].path, context_.pool));
      files_[i].size_bytes = file->size_bytes();
      ARROW_RETURN_NOT_OK(AddSchema(*file));
      ARROW_RETURN_NOT_OK(AtParquetSeam(file->path(), "footer", [&] {
        for (int g = 0; g < file->metadata()->num_row_groups(); ++g) {
          decode_bytes_ = std::max(decode_bytes_, DecodeBytes(*file->metadata()->RowGroup(g)));
        }
        return Status::OK();
      }));
      rows_ += file->metadata()->num_rows();
      row_groups_ += file->metadata()->num_row_groups();
      total_bytes_ += file->size_bytes();
      footer_bytes_ = std::max(footer_bytes_, file->metadata()->size());
    }
    return FinishSchema();
  }

  const std::vector<std::string>& column_names() const override { return column_names_; }
  StageNeeds needs(int64_t batch_bytes) const override;
  std::vector<std::string> evidence() const override { return evidence_; }
  Result<std::shared_ptr<arrow::Schema>> Type(const ScanRequest& request) override;
  Result<std::unique_ptr<Source>> Start(int64_t batch_bytes) override;
  int64_t estimated_rows() const override { return rows_; }
  int64_t total_bytes() const override { return total_bytes_; }

 private:
  Status AddSchema(const ParquetFile& file);
  Status FinishSchema();
  Result<std::shared_ptr<arrow::Schema>> WantedSchema(const ScanRequest& request) const;
  struct UnitPlan {
    std::vector<RowGroupUnit> units;
    int64_t rows = 0;           // in these
    int64_t rows_left_out = 0;  // by the page index
  };
  Status PlanUnits(const expr::BoundExpr* predicate, int64_t row_limit);
  Status PlanFile(int index, const expr::BoundExpr* predicate, int64_t row_limit, UnitPlan* plan);

  std::vector<InputFile> files_;
  HiveColumns hive_;
  SchemaUnion union_;
  const ScanContext context_;
  std::shared_ptr<arrow::Schema> schema_;  // of the files, then of directories
  std::vector<std::string> column_names_;
  std::vector<std::string> evidence_;
  int64_t rows_ = 0;
  int64_t row_groups_ = 0;
  int64_t total_bytes_ = 0;
  int64_t decode_bytes_ = 0;
  int64_t footer_bytes_ = 0;
  int64_t range_bytes_ = 0;  // of the ranges of units_
  std::shared_ptr<arrow::Schema> wanted_schema_;
  expr::ExprPtr predicate_;          // null, or one that binds to schema_
  std::vector<RowGroupUnit> units_;  // to be read
};

Status ParquetScan::AddSchema(const ParquetFile& file) {
  arrow::FieldVector fields;
  for (const auto& field : file.schema()->fields())
    fields.push_back(field->WithType(DeliveredType(field->type()))->RemoveMetadata());
  return union_.Add(fields, file.path(), "Parquet");
}

Status ParquetScan::FinishSchema() {
  arrow::FieldVector fields = union_.fields();
  ARROW_RETURN_NOT_OK(
      CheckFileColumn(hive_, arrow::schema(fields)->field_names(), files_.front().path));
  for (const auto& hive : hive_.fields) {
    const auto same = [&](const auto& field) { return field->name() == hive->name(); };
    if (std::erase_if(fields, same) > 0) {
      evidence_.push_back(
          fmt::format("column '{}': from the directories, not from the files", hive->name()));
    }
  }
  fields.insert(fields.end(), hive_.fields.begin(), hive_.fields.end());
  schema_ = arrow::schema(std::move(fields));
  column_names_ = schema_->field_names();
  evidence_.push_back(
      fmt::format("{} Parquet files, {} row groups, {} rows", files_.size(), row_groups_, rows_));
  if (union_.differs())
    evidence_.push_back("columns: united by name; NULL where a file has none, types widened");
  return Status::OK();
}

StageNeeds ParquetScan::needs(int64_t batch_bytes) const {
  StageNeeds needs;
  needs.name = "source parquet";
  needs.fixed_floor_bytes =
      10 * footer_bytes_ + row_groups_ * static_cast<int64_t>(sizeof(RowGroupUnit)) + range_bytes_;
  needs.fixed_wanted_bytes = needs.fixed_floor_bytes;
  needs.worker_floor_bytes = decode_bytes_ + kBatchesOfWorker * batch_bytes;
  needs.worker_wanted_bytes = needs.worker_floor_bytes + decode_bytes_ / 2;
  return needs;
}

Result<std::shared_ptr<arrow::Schema>> ParquetScan::WantedSchema(const ScanRequest& request) const {
  if (request.all_columns && request.columns.empty()) return schema_;
  arrow::FieldVector wanted;
  for (const std::string& name : request.columns) {
    auto field = schema_->GetFieldByName(name);
    if (!field) {
      return MakeError(ErrorKind::kInvalidPlan, 213,
                       "no such column in the Parquet files: '{}'; there are: {}", name,
                       fmt::join(column_names_, ", "));
    }
    wanted.push_back(std::move(field));
  }
  return arrow::schema(std::move(wanted));
}

// What a row of the wanted columns takes on average, as it is encoded.
int64_t AverageRowBytes(const ParquetFile& file, const parquet::RowGroupMetaData& row_group,
                        const arrow::Schema& wanted) {
  int64_t bytes = 0;
  for (int c = 0; c < row_group.num_columns(); ++c) {
    const auto* column = file.metadata()->schema()->GetColumnRoot(c);
    if (wanted.GetFieldIndex(column->name()) < 0) continue;
    // Of a valid footer: the sum of all of them is in memory's reach.
    bytes = std::max(bytes, bytes + row_group.ColumnChunk(c)->total_uncompressed_size());
  }
  return bytes / row_group.num_rows();
}

Status ParquetScan::PlanFile(int index, const expr::BoundExpr* predicate, int64_t row_limit,
                             UnitPlan* plan) {
  ARROW_ASSIGN_OR_RAISE(const auto file,
                        ParquetFile::Open(context_.env, files_[index].path, context_.pool));
  return AtParquetSeam(file->path(), "footer", [&] {
    for (int g = 0; g < file->metadata()->num_row_groups(); ++g) {
      const auto row_group = file->metadata()->RowGroup(g);
      if (row_group->num_rows() == 0) continue;
      if (row_limit >= 0 && plan->rows >= row_limit) break;
      RowGroupUnit unit{index, g, row_group->num_rows(), 0, 0, nullptr};
      if (predicate) {
        const PruningTarget target{*schema_, *file, g, hive_, index, context_.pool};
        if (!RowGroupMayMatch(*predicate, target)) continue;
        if (auto ranges = RowsThatMayMatch(*predicate, target)) {
          unit.rows = 0;
          for (const RowRange& range : *ranges) unit.rows += range.size();
          plan->rows_left_out += row_group->num_rows() - unit.rows;
          if (unit.rows == 0) continue;
          range_bytes_ += static_cast<int64_t>(ranges->capacity() * sizeof(RowRange));
          unit.ranges = std::make_shared<const RowRanges>(*std::move(ranges));
        }
      }
      for (int c = 0; c < row_group->num_columns(); ++c)
        unit.bytes += row_group->ColumnChunk(c)->total_compressed_size();
      unit.row_bytes = AverageRowBytes(*file, *row_group, *wanted_schema_);
      plan->rows += unit.rows;
      plan->units.push_back(std::move(unit));
    }
    return Status::OK();
  });
}

Status ParquetScan::PlanUnits(const expr::BoundExpr* predicate, int64_t row_limit) {
  UnitPlan plan;
  int64_t skipped_files = 0;
  for (size_t i = 0; i < files_.size(); ++i) {
    ARROW_RETURN_NOT_OK(CheckCancelled(context_.cancellation));
    if (row_limit >= 0 && plan.rows >= row_limit) break;
    const auto index = static_cast<int>(i);
    if (predicate && !DirectoryMayMatch(*predicate, hive_, index)) {
      ++skipped_files;
      continue;
    }
    ARROW_RETURN_NOT_OK(PlanFile(index, predicate, row_limit, &plan));
  }
  if (predicate) {
    evidence_.push_back(
        fmt::format("the filter leaves {} of {} row groups; {} files skipped by their directory",
                    plan.units.size(), row_groups_, skipped_files));
    if (plan.rows_left_out > 0) {
      evidence_.push_back(fmt::format("the page index leaves {} of {} rows of these row groups",
                                      plan.rows, plan.rows + plan.rows_left_out));
    }
  }
  units_ = std::move(plan.units);
  return Status::OK();
}

Result<std::shared_ptr<arrow::Schema>> ParquetScan::Type(const ScanRequest& request) {
  ARROW_ASSIGN_OR_RAISE(wanted_schema_, WantedSchema(request));
  expr::BoundExprPtr predicate;
  if (request.predicate) {
    // A predicate that does not bind is reported by whoever evaluates it; here it only prunes
    // nothing.
    if (auto bound = expr::Bind(request.predicate, *schema_); bound.ok()) predicate = *bound;
  }
  if (predicate) predicate_ = request.predicate;
  ARROW_RETURN_NOT_OK(PlanUnits(predicate.get(), request.predicate ? -1 : request.row_limit));
  return wanted_schema_;
}

Result<std::unique_ptr<Source>> ParquetScan::Start(int64_t batch_bytes) {
  ParquetSourceOptions options{context_.env, context_.pool,       context_.cancellation,
                               batch_bytes,  context_.chunk_rows, predicate_};
  return std::make_unique<ParquetSource>(options, files_, hive_, wanted_schema_, std::move(units_));
}

}  // namespace

Result<std::unique_ptr<Scan>> OpenParquetScan(std::vector<InputFile> files, HiveColumns hive,
                                              const ScanContext& context, SchemaMode schema_mode) {
  auto scan =
      std::make_unique<ParquetScan>(std::move(files), std::move(hive), schema_mode, context);
  ARROW_RETURN_NOT_OK(scan->Open());
  return scan;
}

StageNeeds ParquetNeeds(int64_t batch_bytes) {
  StageNeeds needs;
  needs.name = "source parquet";
  needs.fixed_floor_bytes = needs.fixed_wanted_bytes = 1 << 20;
  needs.worker_floor_bytes =
      kUsualColumns * (kUsualPageBytes / 4 + kStreamBufferBytes) + kBatchesOfWorker * batch_bytes;
  needs.worker_wanted_bytes =
      kUsualColumns * (kUsualPageBytes + kStreamBufferBytes) + kBatchesOfWorker * batch_bytes;
  return needs;
}

}  // namespace headrace
