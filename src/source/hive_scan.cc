#include "source/hive_scan.h"

#include <algorithm>

#include "source/hive_pruning.h"

namespace headrace {
namespace {

class HiveSource : public Source {
 public:
  HiveSource(std::unique_ptr<Source> inner, HiveColumns hive, std::shared_ptr<arrow::Schema> schema,
             std::vector<bool> skip, arrow::MemoryPool* pool)
      : inner_(std::move(inner)),
        hive_(std::move(hive)),
        schema_(std::move(schema)),
        skip_(std::move(skip)),
        pool_(pool) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  Result<std::unique_ptr<Morsel>> Next() override { return inner_->Next(); }
  Status Read(std::unique_ptr<Morsel> morsel, const EmitBatch& emit) override {
    const int file = morsel->file;
    if (skip_[file]) return Status::OK();
    return inner_->Read(std::move(morsel), [&](Batch batch) -> Status {
      if (batch.columns != nullptr) {
        ARROW_ASSIGN_OR_RAISE(batch.columns,
                              AddHiveColumns(*batch.columns, schema_, hive_, file, pool_));
      }
      return emit(std::move(batch));
    });
  }
  void Stop() override { inner_->Stop(); }
  std::vector<SourceInput> inputs() const override { return inner_->inputs(); }
  int64_t consumed_bytes() const override { return inner_->consumed_bytes(); }
  int64_t total_bytes() const override { return inner_->total_bytes(); }

 private:
  std::unique_ptr<Source> inner_;
  const HiveColumns hive_;
  const std::shared_ptr<arrow::Schema> schema_;
  const std::vector<bool> skip_;  // by file
  arrow::MemoryPool* pool_;
};

class HiveScan : public Scan {
 public:
  HiveScan(std::unique_ptr<Scan> inner, HiveColumns hive, const ScanContext& context)
      : inner_(std::move(inner)), hive_(std::move(hive)), context_(context) {
    for (const std::string& name : inner_->column_names()) {
      if (hive_.IndexOf(name) < 0) column_names_.push_back(name);
    }
    for (const auto& field : hive_.fields) column_names_.push_back(field->name());
  }

  const std::vector<std::string>& column_names() const override { return column_names_; }
  StageNeeds needs(int64_t batch_bytes) const override;
  std::vector<std::string> evidence() const override;
  Result<std::shared_ptr<arrow::Schema>> Type(const ScanRequest& request) override;
  Result<std::unique_ptr<Source>> Start(int64_t batch_bytes) override;
  int64_t estimated_rows() const override { return inner_->estimated_rows(); }
  int64_t total_bytes() const override { return inner_->total_bytes(); }

 private:
  std::shared_ptr<arrow::Schema> JoinSchemas(const std::vector<std::string>& wanted,
                                             const arrow::Schema& inner) const;
  std::vector<bool> FilesToSkip(const ScanRequest& request, const arrow::Schema& inner) const;

  std::unique_ptr<Scan> inner_;
  HiveColumns hive_;
  const ScanContext context_;
  std::vector<std::string> column_names_;
  std::shared_ptr<arrow::Schema> schema_;  // of the wanted columns
  std::vector<bool> skip_;                 // by file
  int64_t skipped_files_ = 0;
};

StageNeeds HiveScan::needs(int64_t batch_bytes) const {
  // Every row repeats its directory's values: eight bytes, or the text with its offset.
  int64_t row_bytes = 0;
  for (const auto& values : hive_.values) {
    int64_t bytes = 0;
    for (const auto& value : values) {
      bytes += 8;
      if (value->is_valid && value->type->id() == arrow::Type::STRING) {
        bytes += static_cast<const arrow::StringScalar&>(*value).value->size();
      }
    }
    row_bytes = std::max(row_bytes, bytes);
  }
  StageNeeds needs = inner_->needs(batch_bytes);
  needs.worker_floor_bytes += row_bytes * context_.chunk_rows;
  needs.worker_wanted_bytes += row_bytes * context_.chunk_rows;
  return needs;
}

std::vector<std::string> HiveScan::evidence() const {
  std::vector<std::string> lines = inner_->evidence();
  for (const auto& field : hive_.fields) {
    const bool is_path = field->name() == hive_.file_column;
    lines.push_back(fmt::format("column '{}': {}, {}", field->name(), field->type()->ToString(),
                                is_path ? "the file's path" : "from the directories"));
  }
  if (skipped_files_ > 0)
    lines.push_back(fmt::format("{} files skipped by their directory", skipped_files_));
  return lines;
}

std::shared_ptr<arrow::Schema> HiveScan::JoinSchemas(const std::vector<std::string>& wanted,
                                                     const arrow::Schema& inner) const {
  arrow::FieldVector fields;
  for (const std::string& name : wanted) {
    const int index = hive_.IndexOf(name);
    fields.push_back(index < 0 ? inner.GetFieldByName(name) : hive_.fields[index]);
  }
  return arrow::schema(std::move(fields));
}

std::vector<bool> HiveScan::FilesToSkip(const ScanRequest& request,
                                        const arrow::Schema& inner) const {
  std::vector<bool> skip(hive_.values.size(), false);
  if (!request.predicate) return skip;
  arrow::FieldVector fields = inner.fields();
  fields.insert(fields.end(), hive_.fields.begin(), hive_.fields.end());
  const auto bound = expr::Bind(request.predicate, *arrow::schema(std::move(fields)));
  if (!bound.ok()) return skip;  // told by whoever evaluates it
  for (size_t i = 0; i < skip.size(); ++i)
    skip[i] = !DirectoryMayMatch(**bound, hive_, static_cast<int>(i));
  return skip;
}

Result<std::shared_ptr<arrow::Schema>> HiveScan::Type(const ScanRequest& request) {
  const bool everything = request.all_columns && request.columns.empty();
  const std::vector<std::string>& wanted = everything ? column_names_ : request.columns;
  ScanRequest inner_request;
  inner_request.all_columns = false;
  if (!request.predicate) inner_request.row_limit = request.row_limit;
  for (const std::string& name : wanted) {
    if (hive_.IndexOf(name) < 0) inner_request.columns.push_back(name);
  }
  ARROW_ASSIGN_OR_RAISE(const auto inner, inner_->Type(inner_request));
  schema_ = JoinSchemas(wanted, *inner);
  skip_ = FilesToSkip(request, *inner);
  skipped_files_ = std::count(skip_.begin(), skip_.end(), true);
  return schema_;
}

Result<std::unique_ptr<Source>> HiveScan::Start(int64_t batch_bytes) {
  ARROW_ASSIGN_OR_RAISE(auto source, inner_->Start(batch_bytes));
  return std::make_unique<HiveSource>(std::move(source), hive_, schema_, skip_, context_.pool);
}

}  // namespace

std::unique_ptr<Scan> MakeHiveScan(std::unique_ptr<Scan> inner, HiveColumns hive,
                                   const ScanContext& context) {
  return std::make_unique<HiveScan>(std::move(inner), std::move(hive), context);
}

}  // namespace headrace
