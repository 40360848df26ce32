#include "source/parquet/file_check.h"

#include <arrow/compute/api_aggregate.h>
#include <arrow/compute/cast.h>
#include <arrow/compute/exec.h>
#include <arrow/util/byte_size.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/statistics.h>

#include <algorithm>

#include "source/parquet/parquet_file.h"
#include "source/parquet/row_group_reader.h"

namespace headrace {
namespace {

constexpr int64_t kFirstRows = 256;
constexpr int64_t kRowsMax = 64 * 1024;
constexpr int64_t kBatchBytes = 1 << 20;

// What is not the file's fault.
bool IsOurs(const Status& status) {
  return status.IsCancelled() || GetErrorKind(status) == ErrorKind::kOutOfMemory ||
         GetErrorKind(status) == ErrorKind::kInternal;
}

// Role: holds what a row group's footer says of one plain column against its values. Owner: a
// ColumnCheck. Threads: one.
class StatisticsCheck {
 public:
  // `leaf` is the column's chunk; null for nested columns, of which nothing is compared.
  StatisticsCheck(const parquet::ColumnChunkMetaData* leaf, std::shared_ptr<arrow::DataType> type,
                  arrow::MemoryPool* pool)
      : type_(std::move(type)), context_(pool, /*executor=*/nullptr) {
    context_.set_use_threads(false);
    if (leaf == nullptr || !leaf->is_stats_set()) return;
    statistics_ = leaf->statistics();
    if (!statistics_ || !statistics_->HasMinMax()) return;
    // Bounds of a type that the library cannot give as values are not compared.
    if (!parquet::arrow::StatisticsAsScalars(*statistics_, &min_, &max_).ok())
      min_ = max_ = nullptr;
    min_ = AsColumnType(min_);
    max_ = AsColumnType(max_);
  }

  void Add(const arrow::Array& values) {
    nulls_ += values.null_count();
    if (!min_ || !max_ || wrong_bound_) return;
    const auto bounds =
        arrow::compute::MinMax(values.data(), arrow::compute::ScalarAggregateOptions(), &context_);
    if (!bounds.ok()) return;
    const auto& pair = bounds->scalar_as<arrow::StructScalar>();
    NoteIfLess(pair.value[0], min_, "below", min_);
    NoteIfLess(max_, pair.value[1], "above", max_);
  }

  // What is wrong; "" when nothing is.
  std::string Finish() const {
    if (wrong_bound_) return *wrong_bound_;
    if (statistics_ && statistics_->HasNullCount() && statistics_->null_count() != nulls_) {
      return fmt::format("its statistics count {} NULL, there are {}", statistics_->null_count(),
                         nulls_);
    }
    return "";
  }

 private:
  std::shared_ptr<arrow::Scalar> AsColumnType(const std::shared_ptr<arrow::Scalar>& bound) {
    if (!bound || bound->type->Equals(*type_)) return bound;
    const auto cast = arrow::compute::Cast(arrow::Datum(bound), type_,
                                           arrow::compute::CastOptions::Safe(), &context_);
    return cast.ok() ? cast->scalar() : nullptr;
  }

  void NoteIfLess(const std::shared_ptr<arrow::Scalar>& one,
                  const std::shared_ptr<arrow::Scalar>& other, const char* side,
                  const std::shared_ptr<arrow::Scalar>& bound) {
    if (!one->is_valid || !other->is_valid) return;
    const auto less = arrow::compute::CallFunction("less", {one, other}, &context_);
    if (!less.ok() || !less->scalar()->is_valid) return;
    if (!less->scalar_as<arrow::BooleanScalar>().value) return;
    const auto& value = bound == one ? other : one;
    wrong_bound_ = fmt::format("its statistics say no value is {} {}, there is {}", side,
                               bound->ToString(), value->ToString());
  }

  const std::shared_ptr<arrow::DataType> type_;
  arrow::compute::ExecContext context_;
  std::shared_ptr<parquet::Statistics> statistics_;
  std::shared_ptr<arrow::Scalar> min_;
  std::shared_ptr<arrow::Scalar> max_;
  int64_t nulls_ = 0;
  std::optional<std::string> wrong_bound_;
};

class FileCheck {
 public:
  FileCheck(std::shared_ptr<ParquetFile> file, const FileCheckOptions& options)
      : file_(std::move(file)), options_(options) {}

  Result<CheckedFile> Run() {
    CheckedFile checked;
    checked.size_bytes = file_->size_bytes();
    checked.rows = file_->metadata()->num_rows();
    checked.row_groups = file_->metadata()->num_row_groups();
    ARROW_RETURN_NOT_OK(AtParquetSeam(file_->path(), "footer", [&] {
      return parquet::arrow::FromParquetSchema(
          file_->metadata()->schema(), MakeArrowReaderProperties(), nullptr, &checked.columns);
    }));
    if (options_.depth == CheckDepth::kFooters) return checked;
    for (int row_group = 0; row_group < checked.row_groups; ++row_group) {
      for (const auto& field : file_->schema()->fields()) {
        const Status status = CheckColumn(row_group, field);
        if (status.ok()) continue;
        if (IsOurs(status)) return status;
        options_.on_problem(FileProblem::kDamagedColumn, status.message());
      }
    }
    return checked;
  }

 private:
  Status CheckColumn(int row_group, const std::shared_ptr<arrow::Field>& field) {
    const auto type = DeliveredType(field->type());
    const auto place = [&] {
      return fmt::format("row group {}, column '{}'", row_group, field->name());
    };
    const auto metadata = file_->metadata()->RowGroup(row_group);
    std::unique_ptr<parquet::ColumnChunkMetaData> leaf;
    std::unique_ptr<StatisticsCheck> statistics;
    ARROW_RETURN_NOT_OK(AtParquetSeam(file_->path(), place(), [&]() -> Status {
      if (const int index = FlatLeaf(*file_->metadata()->schema(), field->name()); index >= 0) {
        leaf = metadata->ColumnChunk(index);
      }
      if (leaf && leaf->num_values() != metadata->num_rows()) {
        return Status::Invalid("it holds ", leaf->num_values(), " values in ", metadata->num_rows(),
                               " rows");
      }
      statistics = std::make_unique<StatisticsCheck>(leaf.get(), type, options_.pool);
      return Status::OK();
    }));
    const auto schema = arrow::schema({field->WithType(type)});
    ARROW_ASSIGN_OR_RAISE(auto reader,
                          RowGroupReader::Open(file_, row_group, schema, options_.pool));
    int64_t rows = kFirstRows;
    while (reader->rows_left() > 0) {
      ARROW_RETURN_NOT_OK(options_.cancellation->Check());
      ARROW_ASSIGN_OR_RAISE(const auto batches,
                            reader->Read(std::min(rows, reader->rows_left()), kBatchBytes));
      for (const auto& batch : batches) {
        ARROW_RETURN_NOT_OK(CheckValues(*batch->column(0), place()));
        statistics->Add(*batch->column(0));
        const int64_t row_bytes = std::max<int64_t>(
            1, arrow::util::TotalBufferSize(*batch) / std::max<int64_t>(1, batch->num_rows()));
        rows = std::clamp<int64_t>(kBatchBytes / row_bytes, 1, std::min(kRowsMax, rows * 8));
      }
    }
    const std::string wrong = statistics->Finish();
    if (!wrong.empty()) {
      options_.on_problem(FileProblem::kWrongStatistics,
                          fmt::format("{}, {}: {}; filters would skip rows, write the file anew",
                                      file_->path(), place(), wrong));
    }
    return Status::OK();
  }

  // Lengths, offsets and UTF-8.
  Status CheckValues(const arrow::Array& values, const std::string& place) const {
    return AtParquetSeam(file_->path(), place, [&] { return values.ValidateFull(); });
  }

  const std::shared_ptr<ParquetFile> file_;
  const FileCheckOptions& options_;
};

}  // namespace

Result<std::optional<CheckedFile>> CheckParquetFile(const std::string& path,
                                                    const FileCheckOptions& options) {
  ARROW_RETURN_NOT_OK(options.cancellation->Check());
  Status status;
  auto file = ParquetFile::Open(options.env, path, options.pool);
  status = file.status();
  if (status.ok()) {
    auto checked = FileCheck(std::move(*file), options).Run();
    if (checked.ok()) return *std::move(checked);
    status = checked.status();
  }
  if (IsOurs(status)) return status;
  options.on_problem(FileProblem::kDamagedFile, status.message());
  return std::nullopt;
}

}  // namespace headrace
