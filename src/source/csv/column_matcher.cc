#include "source/csv/column_matcher.h"

#include <algorithm>

namespace headrace {

Status ColumnMatcher::Add(const CsvHeader& header, const std::string& path) {
  if (by_file_.empty()) first_path_ = path;
  if (by_file_.empty() || header.names != last_names_) {
    if (by_file_.empty() || mode_ == SchemaMode::kUnion) {
      for (const std::string& name : header.names) {
        if (column_of_name_.emplace(name, static_cast<int>(column_names_.size())).second)
          column_names_.push_back(name);
      }
    }
    auto columns = std::make_shared<CsvFileColumns>();
    columns->field_count = static_cast<int>(header.names.size());
    columns->field_of_column.assign(column_names_.size(), kMissingField);
    size_t found = 0;
    for (size_t field = 0; field < header.names.size(); ++field) {
      const auto column = column_of_name_.find(header.names[field]);
      if (column == column_of_name_.end()) return Differs(header.names, path);
      columns->field_of_column[static_cast<size_t>(column->second)] = static_cast<int>(field);
      ++found;
    }
    if (mode_ == SchemaMode::kStrict && found < column_names_.size())
      return Differs(header.names, path);
    distinct_.push_back(std::move(columns));
    last_names_ = header.names;
  }
  by_file_.push_back(distinct_.size() - 1);
  return Status::OK();
}

Status ColumnMatcher::Differs(const std::vector<std::string>& names,
                              const std::string& path) const {
  const auto first_not_in = [](const auto& some, const auto& others) -> std::string {
    for (const std::string& name : some) {
      if (std::find(others.begin(), others.end(), name) == others.end()) return name;
    }
    return "";
  };
  const std::string missing = first_not_in(column_names_, names);
  const std::string extra = first_not_in(names, column_names_);
  return MakeError(ErrorKind::kBadInput, 410,
                   "files of one input must have the same columns; name files of one kind, or take "
                   "them together with --schema-mode union: {}:1 (header) differs from {}:{}{}",
                   path, first_path_, missing.empty() ? "" : fmt::format(" it lacks '{}'", missing),
                   extra.empty() ? "" : fmt::format(" it adds '{}'", extra));
}

Status ColumnMatcher::Finish(const RecordPlaceColumns& places, CsvLayout* layout) && {
  for (const auto& columns : distinct_)
    columns->field_of_column.resize(column_names_.size(), kMissingField);
  const auto add_place = [&](const std::string& name, int field) {
    if (name.empty()) return Status::OK();
    if (!column_of_name_.emplace(name, static_cast<int>(column_names_.size())).second) {
      return PlaceNameIsTaken(name, first_path_);
    }
    column_names_.push_back(name);
    for (const auto& columns : distinct_) columns->field_of_column.push_back(field);
    return Status::OK();
  };
  ARROW_RETURN_NOT_OK(add_place(places.line, kLineOfRecord));
  ARROW_RETURN_NOT_OK(add_place(places.offset, kOffsetOfRecord));
  for (const size_t columns : by_file_) layout->columns.Add(distinct_[columns]);
  layout->column_names = std::move(column_names_);
  return Status::OK();
}

}  // namespace headrace
