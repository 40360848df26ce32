#include "source/hive.h"

#include <arrow/array/util.h>
#include <arrow/util/value_parsing.h>

#include <algorithm>
#include <charconv>

#include "base/percent_text.h"

namespace headrace {
namespace {

constexpr std::string_view kNullName = "__HIVE_DEFAULT_PARTITION__";

std::optional<int64_t> ParsePlainInteger(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || std::to_string(value) != text)
    return std::nullopt;
  return value;
}

std::optional<int32_t> ParseDay(std::string_view text) {
  int32_t days = 0;
  if (text.size() != 10 ||
      !arrow::internal::ParseValue(arrow::Date32Type(), text.data(), text.size(), &days)) {
    return std::nullopt;
  }
  return days;
}

using Values = std::vector<const std::optional<std::string>*>;

std::shared_ptr<arrow::DataType> LosslessType(const Values& values) {
  bool any = false;
  bool integers = true;
  bool days = true;
  for (const auto* value : values) {
    if (!*value) continue;
    any = true;
    integers = integers && ParsePlainInteger(**value).has_value();
    days = days && ParseDay(**value).has_value();
  }
  if (any && integers) return arrow::int64();
  return any && days ? arrow::date32() : arrow::utf8();
}

std::shared_ptr<arrow::Scalar> MakeValue(const std::optional<std::string>& text,
                                         const std::shared_ptr<arrow::DataType>& type) {
  if (!text) return arrow::MakeNullScalar(type);
  switch (type->id()) {
    case arrow::Type::INT64:
      return std::make_shared<arrow::Int64Scalar>(*ParsePlainInteger(*text));
    case arrow::Type::DATE32:
      return std::make_shared<arrow::Date32Scalar>(*ParseDay(*text));
    default:
      return std::make_shared<arrow::StringScalar>(*text);
  }
}

std::string KeyList(const std::vector<HiveValue>& values) {
  std::string list;
  for (const HiveValue& value : values) list += (list.empty() ? "" : ", ") + value.key;
  return list.empty() ? "none" : list;
}

Status FileColumnTaken(const std::string& name, const std::string& path) {
  return MakeError(ErrorKind::kInvalidConfig, 171,
                   "a column of this name is there already; give --file-column another name: '{}' "
                   "in {}",
                   name, path);
}

Status CheckKeys(const std::vector<std::vector<HiveValue>>& files,
                 const std::vector<std::string>& paths) {
  const auto same_key = [](const HiveValue& a, const HiveValue& b) { return a.key == b.key; };
  const auto& first = files.front();
  for (size_t i = 0; i < first.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (first[i].key == first[j].key) {
        return MakeError(ErrorKind::kSource, 309,
                         "partition key occurs twice in one path: '{}' in {}", first[i].key,
                         paths.front());
      }
    }
  }
  for (size_t i = 1; i < files.size(); ++i) {
    if (!std::equal(first.begin(), first.end(), files[i].begin(), files[i].end(), same_key)) {
      return MakeError(ErrorKind::kSource, 314,
                       "files lie in directories with different partition keys: {} has {}, {} has "
                       "{}; name files of "
                       "one layout only",
                       paths.front(), KeyList(first), paths[i], KeyList(files[i]));
    }
  }
  return Status::OK();
}

}  // namespace

std::vector<HiveValue> ParseHivePath(std::string_view relative_path) {
  std::vector<HiveValue> values;
  for (size_t begin = 0;;) {
    const size_t slash = relative_path.find('/', begin);
    if (slash == std::string_view::npos) return values;
    const std::string_view name = relative_path.substr(begin, slash - begin);
    const size_t equals = name.find('=');
    if (equals != std::string_view::npos && equals > 0) {
      HiveValue value{PercentDecode(name.substr(0, equals)), std::nullopt};
      const std::string_view text = name.substr(equals + 1);
      if (text != kNullName) value.value = PercentDecode(text);
      values.push_back(std::move(value));
    }
    begin = slash + 1;
  }
}

Result<HiveColumns> TypeHiveColumns(const std::vector<std::vector<HiveValue>>& files,
                                    const std::vector<std::string>& paths) {
  HiveColumns columns;
  if (files.empty()) return columns;
  ARROW_RETURN_NOT_OK(CheckKeys(files, paths));
  columns.values.resize(files.size());
  for (size_t column = 0; column < files.front().size(); ++column) {
    Values texts;
    for (const auto& file : files) texts.push_back(&file[column].value);
    const auto type = LosslessType(texts);
    columns.fields.push_back(arrow::field(files.front()[column].key, type));
    for (size_t file = 0; file < files.size(); ++file) {
      columns.values[file].push_back(MakeValue(*texts[file], type));
    }
  }
  return columns;
}

Status AddFileColumn(const std::string& name, const std::vector<std::string>& paths,
                     HiveColumns* columns) {
  if (columns->IndexOf(name) >= 0) return FileColumnTaken(name, paths.front());
  columns->file_column = name;
  columns->fields.push_back(arrow::field(name, arrow::utf8(), /*nullable=*/false));
  columns->values.resize(paths.size());
  for (size_t file = 0; file < paths.size(); ++file)
    columns->values[file].push_back(std::make_shared<arrow::StringScalar>(paths[file]));
  return Status::OK();
}

Status CheckFileColumn(const HiveColumns& columns, const std::vector<std::string>& file_columns,
                       const std::string& path) {
  if (columns.file_column.empty() || std::find(file_columns.begin(), file_columns.end(),
                                               columns.file_column) == file_columns.end()) {
    return Status::OK();
  }
  return FileColumnTaken(columns.file_column, path);
}

int HiveColumns::IndexOf(std::string_view name) const {
  for (size_t i = 0; i < fields.size(); ++i) {
    if (fields[i]->name() == name) return static_cast<int>(i);
  }
  return -1;
}

Result<std::shared_ptr<arrow::RecordBatch>> AddHiveColumns(
    const arrow::RecordBatch& batch, const std::shared_ptr<arrow::Schema>& schema,
    const HiveColumns& hive, int file, arrow::MemoryPool* pool) {
  arrow::ArrayVector columns;
  int next = 0;
  for (const auto& field : schema->fields()) {
    const int index = hive.IndexOf(field->name());
    if (index < 0) {
      columns.push_back(batch.column(next++));
      continue;
    }
    ARROW_ASSIGN_OR_RAISE(
        auto values, arrow::MakeArrayFromScalar(*hive.values[file][index], batch.num_rows(), pool));
    columns.push_back(std::move(values));
  }
  return arrow::RecordBatch::Make(schema, batch.num_rows(), std::move(columns));
}

}  // namespace headrace
