// Makes one project of two neighbours when the upper one only passes on, renames or drops what the
// lower one computes, or computes from columns that the lower one merely passes on. An expression
// is never put inside another one: it would be computed more than once, or no longer where a
// condition guards it.
#include "plan/column_names.h"
#include "plan/expression_rewrite.h"
#include "plan/nodes/project.h"
#include "plan/optimizer.h"

namespace headrace {
namespace {

// `upper` over the lower project's input; nullopt when it reads something that the lower one
// computes.
std::optional<ProjectItem> ThroughLower(const ProjectItem& upper, const ProjectNode& lower) {
  if (upper.is_reference()) {
    ProjectItem item = lower.Item(upper.column);
    item.name = upper.name;
    return item;
  }
  if (upper.fill) {
    const ProjectItem& below = lower.Item(upper.column);
    if (!below.is_reference()) return std::nullopt;
    return ProjectItem{.name = upper.name, .column = below.column, .fill = upper.fill};
  }
  std::map<std::string, std::string> names;
  for (const std::string& written : expr::ReferencedColumns(*upper.expression)) {
    const ProjectItem& below = lower.Item(ResolveColumn(written, lower.columns()).ValueOrDie());
    if (!below.is_reference()) return std::nullopt;
    names[written] = below.column;
  }
  return ProjectItem{.name = upper.name, .expression = RenameColumns(upper.expression, names)};
}

PlanNodePtr MergeOne(const PlanNodePtr& node) {
  const auto* upper = dynamic_cast<const ProjectNode*>(node.get());
  if (!upper) return node;
  const auto* lower = dynamic_cast<const ProjectNode*>(&upper->input());
  if (!lower) return node;

  std::vector<ProjectItem> items;
  std::set<std::string>
      computed;  // lower expressions already taken over: two references must not compute twice
  for (const ProjectItem& item : upper->items()) {
    std::optional<ProjectItem> merged = ThroughLower(item, *lower);
    if (!merged) return node;
    const bool computes = item.is_reference() && !merged->is_reference();
    if (computes && !computed.insert(item.column).second) return node;
    items.push_back(std::move(*merged));
  }
  const std::string& where = upper->where().empty() ? lower->where() : upper->where();
  return std::make_shared<ProjectNode>(lower->inputs().front(), std::move(items), where);
}

}  // namespace

PlanNodePtr MergeProjects(const PlanNodePtr& root) { return RewriteBottomUp(root, MergeOne); }

}  // namespace headrace
