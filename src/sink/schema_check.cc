#include "sink/schema_check.h"

#include <arrow/scalar.h>
#include <fmt/ranges.h>
#include <parquet/arrow/schema.h>
#include <parquet/exception.h>
#include <parquet/properties.h>

#include "base/nearest_name.h"
#include "sink/partition_keys.h"

namespace headrace {
namespace {

// The columns as a reader of a written file gets them from its Parquet schema alone.
Result<std::shared_ptr<arrow::Schema>> AsStored(const std::shared_ptr<arrow::Schema>& columns,
                                                arrow::MemoryPool* pool) {
  ARROW_ASSIGN_OR_RAISE(const auto layout, ParquetLayout::Make(columns, ParquetOptions{}, pool));
  std::shared_ptr<arrow::Schema> stored;
  try {
    ARROW_RETURN_NOT_OK(parquet::arrow::FromParquetSchema(
        &layout->descriptor(), parquet::ArrowReaderProperties(), nullptr, &stored));
  } catch (const std::exception& error) {
    return MakeError(ErrorKind::kInternal, 901, "reading back the Parquet schema: {}",
                     error.what());
  }
  return stored;
}

std::vector<std::string> NamesOf(const SchemaCheck::Keys& keys) {
  std::vector<std::string> names;
  for (const auto& [name, value] : keys) names.push_back(name);
  return names;
}

std::string KeyText(const std::vector<std::string>& names) {
  return names.empty() ? "no partitions" : fmt::format("partitions by {}", fmt::join(names, ", "));
}

// Only of types whose texts no other type's values look like. A number that is written otherwise
// ("01") would get a second directory.
bool IsTextOf(const std::shared_ptr<arrow::DataType>& type, const std::string& text) {
  const bool is_number = arrow::is_integer(type->id());
  const bool is_told =
      is_number || type->id() == arrow::Type::BOOL || type->id() == arrow::Type::DATE32;
  if (!is_told) return true;
  const auto value = arrow::Scalar::Parse(type, text);
  return value.ok() && (!is_number || (*value)->ToString() == text);
}

}  // namespace

Result<SchemaCheck> SchemaCheck::Make(const SinkOptions& options, NewColumns new_columns,
                                      arrow::MemoryPool* pool) {
  SchemaCheck check;
  check.new_columns_ = new_columns;
  ARROW_ASSIGN_OR_RAISE(const PartitionColumns columns, SplitPartitionColumns(options));
  check.keys_ = columns.keys;
  check.columns_ = columns.stored;
  if (options.format == OutputFormat::kParquet) {
    ARROW_ASSIGN_OR_RAISE(check.columns_, AsStored(columns.stored, pool));
  }
  check.is_known_.resize(check.columns_->num_fields());
  check.is_noted_.resize(check.columns_->num_fields());
  return check;
}

Status SchemaCheck::CheckKeys(const std::string& path, const Keys& keys) const {
  const std::vector<std::string> found = NamesOf(keys);
  const std::vector<std::string> wanted = keys_->field_names();
  if (found != wanted) {
    return MakeError(ErrorKind::kSink, 650,
                     "the dataset has other partition keys than this run writes; use the same, or "
                     "--mode overwrite, or another target: {} in {}, {} now",
                     KeyText(found), path, KeyText(wanted));
  }
  for (size_t i = 0; i < keys.size(); ++i) {
    const auto& [name, text] = keys[i];
    const auto& type = keys_->field(static_cast<int>(i))->type();
    if (!text || IsTextOf(type, *text)) continue;
    return MakeError(ErrorKind::kSink, 651,
                     "a partition key has another type than in the dataset; cast it, or use --mode "
                     "overwrite: column '{}': '{}' in {} is no {}",
                     name, *text, path, type->ToString());
  }
  return Status::OK();
}

Status SchemaCheck::CheckColumns(const std::string& path, const arrow::Schema& columns) {
  for (const auto& field : columns.fields()) {
    // A key that a file holds as well: readers go by the directory.
    if (keys_->GetFieldIndex(field->name()) >= 0) continue;
    const int index = columns_->GetFieldIndex(field->name());
    if (index < 0) {
      return MissingColumn(path, field->name(), " is " + field->type()->ToString());
    }
    const auto& ours = columns_->field(index);
    if (!ours->type()->Equals(*field->type())) {
      return MakeError(ErrorKind::kSink, 653,
                       "a column has another type than in the dataset; cast it, or use --mode "
                       "overwrite: '{}' is {} in {}, {} now",
                       field->name(), field->type()->ToString(), path, ours->type()->ToString());
    }
    is_known_[index] = true;
    if (!field->nullable() && ours->nullable() && !is_noted_[index]) {
      is_noted_[index] = true;
      notes_.push_back(
          fmt::format("column '{}' may hold NULL from now on; older files promise that it does not",
                      field->name()));
    }
  }
  return Status::OK();
}

Status SchemaCheck::MissingColumn(const std::string& path, const std::string& name,
                                  const std::string& type) const {
  return MakeError(ErrorKind::kSink, 652,
                   "a column of the dataset is missing in what this run writes; add it, or use "
                   "--mode overwrite: '{}'{} in {}{}",
                   name, type, path, DidYouMean(name, columns_->field_names()));
}

Status SchemaCheck::CheckNames(const std::string& path, const std::vector<std::string>& names) {
  int last = -1;
  for (const std::string& name : names) {
    if (keys_->GetFieldIndex(name) >= 0) continue;
    const int index = columns_->GetFieldIndex(name);
    if (index < 0) return MissingColumn(path, name, "");
    if (index < last) {
      return MakeError(ErrorKind::kSink, 658,
                       "the columns of the dataset stand in another order than this run writes "
                       "them, and readers of CSV may go by their place; --select them in the "
                       "dataset's order: '{}' comes later in {}",
                       name, path);
    }
    last = index;
    is_known_[index] = true;
  }
  return Status::OK();
}

Status SchemaCheck::OtherFormat(const std::string& path, const SinkOptions& options) {
  const char* name = "Parquet";
  if (options.format == OutputFormat::kCsv) name = options.delimiter == '\t' ? "TSV" : "CSV";
  if (options.format == OutputFormat::kJsonLines) name = "JSON lines";
  if (options.format == OutputFormat::kArrow) name = "Arrow";
  return MakeError(ErrorKind::kSink, 657,
                   "the dataset holds files of another format than this run writes; ask for that "
                   "with --to, or use --mode overwrite, or another target: {} now, and there is {}",
                   name, path);
}

Status SchemaCheck::CheckNewColumns() {
  for (int i = 0; i < columns_->num_fields(); ++i) {
    if (is_known_[i]) continue;
    const auto& field = columns_->field(i);
    if (new_columns_ == NewColumns::kRefused) {
      return MakeError(ErrorKind::kSink, 654,
                       "a column is new to the dataset; leave it out, or allow it with "
                       "--allow-new-columns (sink.allow_new_columns): '{}' is {} now, and in no "
                       "file of the dataset",
                       field->name(), field->type()->ToString());
    }
    if (!field->nullable()) {
      return MakeError(ErrorKind::kSink, 655,
                       "a new column must be able to hold NULL, which it is for the rows that "
                       "stand there already: '{}' is {} not null",
                       field->name(), field->type()->ToString());
    }
    notes_.push_back(
        fmt::format("column '{}' is new to the dataset: NULL in its older files", field->name()));
  }
  return Status::OK();
}

}  // namespace headrace
