#include "plan/step_builder.h"

#include <algorithm>
#include <set>

#include "plan/column_names.h"
#include "plan/expression_rewrite.h"
#include "plan/nodes/filter.h"
#include "plan/nodes/limit.h"
#include "plan/nodes/project.h"

namespace headrace {
namespace {

std::vector<ProjectItem> ReferencesTo(const std::vector<std::string>& columns) {
  std::vector<ProjectItem> items;
  for (const std::string& column : columns) items.push_back({.name = column, .column = column});
  return items;
}

Result<PlanNodePtr> MakeProject(PlanNodePtr input, std::vector<ProjectItem> items,
                                const std::string& where) {
  if (items.empty()) {
    return MakeError(ErrorKind::kInvalidPlan, 253, "no column is left; keep at least one");
  }
  std::set<std::string> names;
  for (const ProjectItem& item : items) {
    if (item.name.empty()) {
      return MakeError(ErrorKind::kInvalidPlan, 254, "a column name is empty; give it a name");
    }
    if (!names.insert(item.name).second) {
      return MakeError(ErrorKind::kInvalidPlan, 255,
                       "two columns would be called '{}'; rename or leave out one of them",
                       item.name);
    }
  }
  return std::make_shared<ProjectNode>(std::move(input), std::move(items), where);
}

using NamePairs = std::vector<std::pair<std::string, std::string>>;

std::vector<std::string> FirstNames(const NamePairs& pairs) {
  std::vector<std::string> names;
  for (const auto& [first, second] : pairs) names.push_back(first);
  return names;
}

// Role: adds one step to a plan; one overload per kind of step. Errors come without the step's
// place.
class StepBuilder {
 public:
  StepBuilder(PlanNodePtr input, std::string where)
      : input_(std::move(input)), where_(std::move(where)) {}

  Result<PlanNodePtr> operator()(const FilterStep& step) {
    ARROW_ASSIGN_OR_RAISE(auto predicate, expr::Parse(step.predicate));
    ARROW_RETURN_NOT_OK(CheckColumns(*predicate, input_->columns()));
    return std::make_shared<FilterNode>(input_, std::move(predicate), where_);
  }

  // Later columns see earlier ones: a new project starts where an expression reads what this one
  // defines.
  Result<PlanNodePtr> operator()(const DeriveStep& step) {
    PlanNodePtr node = input_;
    std::vector<ProjectItem> items = ReferencesTo(node->columns());
    std::set<std::string> defined;
    size_t chained = 0;
    for (const auto& [name, text] : step.columns) {
      auto parsed = expr::Parse(text);
      if (!parsed.ok()) return WithContext(parsed.status(), name);
      std::vector<std::string> columns;
      for (const ProjectItem& item : items) columns.push_back(item.name);
      ARROW_RETURN_NOT_OK(WithContext(CheckColumns(**parsed, columns), name));
      const ColumnSet read = ColumnsReadBy(**parsed, columns);
      const bool reads_defined = std::any_of(
          read.begin(), read.end(), [&](const auto& column) { return defined.contains(column); });
      if (reads_defined || defined.contains(name)) {
        if (++chained > kPlanStepsMax) {
          return MakeError(ErrorKind::kInvalidPlan, 268,
                           "more than {} derived columns build on each other; derive fewer",
                           kPlanStepsMax);
        }
        ARROW_ASSIGN_OR_RAISE(node, MakeProject(node, std::move(items), where_));
        items = ReferencesTo(node->columns());
        defined.clear();
      }
      defined.insert(name);
      SetItem(&items, DerivedItem(name, *parsed, node->columns()));
    }
    return MakeProject(node, std::move(items), where_);
  }

  Result<PlanNodePtr> operator()(const SelectStep& step) {
    ARROW_ASSIGN_OR_RAISE(auto indices, FindColumns(step.columns, input_->columns()));
    std::vector<std::string> selected;
    for (size_t index : indices) selected.push_back(input_->columns()[index]);
    return MakeProject(input_, ReferencesTo(selected), where_);
  }

  Result<PlanNodePtr> operator()(const DropStep& step) {
    ARROW_ASSIGN_OR_RAISE(auto indices, FindColumns(step.columns, input_->columns()));
    std::vector<std::string> kept = input_->columns();
    std::sort(indices.rbegin(), indices.rend());
    for (size_t index : indices) kept.erase(kept.begin() + static_cast<ptrdiff_t>(index));
    return MakeProject(input_, ReferencesTo(kept), where_);
  }

  // All at once, so that two columns can swap names.
  Result<PlanNodePtr> operator()(const RenameStep& step) {
    ARROW_ASSIGN_OR_RAISE(auto indices, FindColumns(FirstNames(step.columns), input_->columns()));
    std::vector<ProjectItem> items = ReferencesTo(input_->columns());
    for (size_t i = 0; i < indices.size(); ++i) items[indices[i]].name = step.columns[i].second;
    return MakeProject(input_, std::move(items), where_);
  }

  Result<PlanNodePtr> operator()(const CastStep& step) {
    ARROW_ASSIGN_OR_RAISE(auto indices, FindColumns(FirstNames(step.columns), input_->columns()));
    std::vector<ProjectItem> items = ReferencesTo(input_->columns());
    for (size_t i = 0; i < indices.size(); ++i) {
      ProjectItem& item = items[indices[i]];
      auto type = expr::ParseType(step.columns[i].second);
      if (!type.ok()) return WithContext(type.status(), item.name);
      ARROW_ASSIGN_OR_RAISE(item.expression,
                            expr::Parse(fmt::format("CAST({} AS {})", QuoteColumn(item.column),
                                                    expr::TypeText(**type))));
      item.column.clear();
    }
    return MakeProject(input_, std::move(items), where_);
  }

  Result<PlanNodePtr> operator()(const FillNullStep& step) {
    ARROW_ASSIGN_OR_RAISE(auto indices, FindColumns(FirstNames(step.columns), input_->columns()));
    std::vector<ProjectItem> items = ReferencesTo(input_->columns());
    for (size_t i = 0; i < indices.size(); ++i) {
      ProjectItem& item = items[indices[i]];
      auto value = expr::Parse(step.columns[i].second);
      if (!value.ok()) return WithContext(value.status(), item.name);
      if (!expr::ReferencedColumns(**value).empty()) {
        return MakeError(
            ErrorKind::kInvalidPlan, 257,
            "the value for column '{}' reads a column but must be a literal; text stands "
            "in single quotes: '{}'",
            item.name, step.columns[i].second);
      }
      item.fill = *value;
    }
    return MakeProject(input_, std::move(items), where_);
  }

  Result<PlanNodePtr> operator()(const LimitStep& step) {
    if (step.rows < 0) {
      return MakeError(ErrorKind::kInvalidPlan, 258,
                       "the number of rows is negative: {}; give 0 or more", step.rows);
    }
    return std::make_shared<LimitNode>(input_, step.rows, where_);
  }

 private:
  static ProjectItem DerivedItem(const std::string& name, const expr::ExprPtr& expression,
                                 const std::vector<std::string>& columns) {
    if (auto column = AsColumn(*expression)) {
      return {.name = name, .column = ResolveColumn(*column, columns).ValueOrDie()};
    }
    return {.name = name, .expression = expression};
  }

  // Replaces the item of that name where it stands, or appends it.
  static void SetItem(std::vector<ProjectItem>* items, ProjectItem item) {
    for (ProjectItem& existing : *items) {
      if (existing.name == item.name) {
        existing = std::move(item);
        return;
      }
    }
    items->push_back(std::move(item));
  }

  const PlanNodePtr input_;
  const std::string where_;
};

const char* StepName(const Step& step) {
  static constexpr const char* kNames[] = {"filter", "derive", "select",    "drop",
                                           "rename", "cast",   "fill_null", "limit"};
  static_assert(std::size(kNames) == std::variant_size_v<decltype(Step::what)>);
  return kNames[step.what.index()];
}

}  // namespace

Result<std::vector<size_t>> FindColumns(const std::vector<std::string>& wanted,
                                        const std::vector<std::string>& columns) {
  std::vector<size_t> indices;
  for (const std::string& name : wanted) {
    ARROW_ASSIGN_OR_RAISE(std::string column, ResolveColumn(name, columns));
    const size_t index = std::find(columns.begin(), columns.end(), column) - columns.begin();
    if (std::find(indices.begin(), indices.end(), index) != indices.end()) {
      return MakeError(ErrorKind::kInvalidPlan, 256, "column '{}' is named twice; name it once",
                       column);
    }
    indices.push_back(index);
  }
  return indices;
}

Result<PlanNodePtr> AddStep(PlanNodePtr input, const Step& step) {
  auto node = std::visit(StepBuilder(std::move(input), step.where), step.what);
  return node.ok() ? node : AtStep(node.status(), step.where, StepName(step));
}

}  // namespace headrace
