// Moves filters before projects whose computed columns they do not read, so that later steps work
// on fewer rows.
//
// A conjunction moves only as far as its leading parts allow: a part may guard those after it ("d
// <> 0 AND n / d > 1"), so no part may overtake an earlier one.
#include "plan/column_names.h"
#include "plan/expression_rewrite.h"
#include "plan/nodes/filter.h"
#include "plan/nodes/project.h"
#include "plan/optimizer.h"

namespace headrace {
namespace {

// The condition over the project's input, or null when it reads a column that the project computes.
expr::ExprPtr BelowProject(const expr::ExprPtr& condition, const ProjectNode& project) {
  std::map<std::string, std::string> names;
  for (const std::string& written : expr::ReferencedColumns(*condition)) {
    const std::string column = ResolveColumn(written, project.columns()).ValueOrDie();
    const ProjectItem& item = project.Item(column);
    if (!item.is_reference()) return nullptr;
    names[written] = item.column;
  }
  return RenameColumns(condition, names);
}

PlanNodePtr PushOneFilter(const PlanNodePtr& node) {
  const auto* filter = dynamic_cast<const FilterNode*>(node.get());
  if (!filter) return node;
  const auto* project = dynamic_cast<const ProjectNode*>(&filter->input());
  if (!project) return node;

  std::vector<expr::ExprPtr> moving, staying;
  for (const expr::ExprPtr& part : SplitConjunction(filter->predicate())) {
    expr::ExprPtr below = staying.empty() ? BelowProject(part, *project) : nullptr;
    below ? moving.push_back(below) : staying.push_back(part);
  }
  if (moving.empty()) return node;
  // A filter that moves whole keeps its own text for messages.
  const expr::ExprPtr moved =
      staying.empty() ? BelowProject(filter->predicate(), *project) : Conjoin(moving);
  PlanNodePtr below =
      std::make_shared<FilterNode>(project->inputs().front(), moved, filter->where());
  below = PushOneFilter(below);
  PlanNodePtr above = project->WithInputs({std::move(below)});
  if (staying.empty()) return above;
  return std::make_shared<FilterNode>(std::move(above), Conjoin(staying), filter->where());
}

}  // namespace

PlanNodePtr PushFilterDown(const PlanNodePtr& root) { return RewriteBottomUp(root, PushOneFilter); }

}  // namespace headrace
