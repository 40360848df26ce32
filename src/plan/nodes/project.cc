#include "plan/nodes/project.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "plan/bound_plan.h"
#include "plan/column_names.h"

namespace headrace {
namespace {

std::vector<std::string> NamesOf(const std::vector<ProjectItem>& items) {
  std::vector<std::string> names;
  for (const ProjectItem& item : items) names.push_back(item.name);
  return names;
}

std::string ItemText(const ProjectItem& item) {
  if (item.is_reference()) {
    return item.name == item.column ? item.name : fmt::format("{} = {}", item.name, item.column);
  }
  if (item.fill) {
    return fmt::format("{} = fill_null({}, {})", item.name, item.column, expr::ToText(*item.fill));
  }
  return fmt::format("{} = {}", item.name, expr::ToText(*item.expression));
}

// Whether CAST takes every value of a literal's type into `to` unchanged, or fails. A literal with
// more fractional digits than the column keeps is refused rather than rounded.
bool FillKeepsItsValue(const arrow::DataType& from, const arrow::DataType& to) {
  if (from.id() == arrow::Type::NA || from.Equals(to)) return true;
  const bool from_decimal = arrow::is_decimal(from.id());
  if (arrow::is_integer(to.id())) return arrow::is_integer(from.id());
  if (arrow::is_floating(to.id())) return arrow::is_numeric(from.id()) || from_decimal;
  if (!arrow::is_decimal(to.id())) return false;
  if (arrow::is_integer(from.id())) return true;
  if (!from_decimal) return false;
  return static_cast<const arrow::DecimalType&>(from).scale() <=
         static_cast<const arrow::DecimalType&>(to).scale();
}

Result<expr::BoundExprPtr> BindFill(const ProjectItem& item, const arrow::Schema& input) {
  const arrow::DataType& type = *input.GetFieldByName(item.column)->type();
  ARROW_ASSIGN_OR_RAISE(auto value, expr::Bind(item.fill, input));
  if (!FillKeepsItsValue(*expr::TypeOf(*value), type)) {
    return MakeError(ErrorKind::kInvalidPlan, 262,
                     "value {} is {} and would change column '{}', which is {}; write a value of "
                     "the column's type or cast the column first",
                     expr::ToText(*item.fill), expr::TypeText(*expr::TypeOf(*value)), item.column,
                     expr::TypeText(type));
  }
  ARROW_ASSIGN_OR_RAISE(
      auto filled, expr::Parse(fmt::format("coalesce({}, CAST({} AS {}))", QuoteColumn(item.column),
                                           expr::ToText(*item.fill), expr::TypeText(type))));
  return expr::Bind(filled, input);
}

}  // namespace

ProjectNode::ProjectNode(PlanNodePtr input, std::vector<ProjectItem> items, std::string where)
    : PlanNode({std::move(input)}, NamesOf(items), std::move(where)), items_(std::move(items)) {}

std::string ProjectNode::Describe() const {
  std::vector<std::string> texts;
  for (const ProjectItem& item : items_) texts.push_back(ItemText(item));
  return fmt::format("[{}]", fmt::join(texts, ", "));
}

PlanNodePtr ProjectNode::WithInputs(std::vector<PlanNodePtr> inputs) const {
  HEADRACE_CHECK(inputs.size() == 1);
  return std::make_shared<ProjectNode>(std::move(inputs.front()), items_, where());
}

PlanNodePtr ProjectNode::PruneColumns(const ColumnSet& wanted) const {
  std::vector<ProjectItem> kept;
  ColumnSet needed;
  for (const ProjectItem& item : items_) {
    if (!wanted.contains(item.name)) continue;
    kept.push_back(item);
    needed.merge(ColumnsReadBy(item, input().columns()));
  }
  if (kept.empty()) {  // rows must still be counted by whatever asked for no column
    kept.push_back(items_.front());
    needed = ColumnsReadBy(items_.front(), input().columns());
  }
  return std::make_shared<ProjectNode>(input().PruneColumns(needed), std::move(kept), where());
}

Result<BoundStep> ProjectNode::Bind(const std::shared_ptr<arrow::Schema>& input) const {
  BoundProject project;
  arrow::FieldVector fields;
  for (const ProjectItem& item : items_) {
    if (item.is_reference()) {
      const int index = input->GetFieldIndex(item.column);
      HEADRACE_CHECK(index >= 0);
      project.columns.push_back({item.name, index, nullptr});
      fields.push_back(input->field(index)->WithName(item.name));
      continue;
    }
    auto bound = item.fill ? BindFill(item, *input) : expr::Bind(item.expression, *input);
    if (!bound.ok()) return AtStep(bound.status(), *this);
    project.columns.push_back({item.name, -1, *bound});
    fields.push_back(arrow::field(item.name, expr::TypeOf(**bound)));
  }
  return BoundStep{kind_name(), Describe(), where(), std::move(project),
                   arrow::schema(std::move(fields))};
}

const ProjectItem& ProjectNode::Item(const std::string& name) const {
  auto item =
      std::find_if(items_.begin(), items_.end(), [&](const auto& i) { return i.name == name; });
  HEADRACE_CHECK(item != items_.end());
  return *item;
}

bool ProjectNode::IsIdentity() const {
  if (columns() != input().columns()) return false;
  return std::all_of(items_.begin(), items_.end(), [](const ProjectItem& item) {
    return item.is_reference() && item.name == item.column;
  });
}

ColumnSet ColumnsReadBy(const ProjectItem& item, const std::vector<std::string>& input_columns) {
  if (!item.expression) return {item.column};
  return ColumnsReadBy(*item.expression, input_columns);
}

}  // namespace headrace
