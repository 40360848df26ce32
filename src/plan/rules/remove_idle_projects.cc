// Takes out projects that give exactly the columns they get.
#include "plan/nodes/project.h"
#include "plan/optimizer.h"

namespace headrace {
namespace {

PlanNodePtr RemoveOne(const PlanNodePtr& node) {
  const auto* project = dynamic_cast<const ProjectNode*>(node.get());
  return project && project->IsIdentity() ? project->inputs().front() : node;
}

}  // namespace

PlanNodePtr RemoveIdleProjects(const PlanNodePtr& root) { return RewriteBottomUp(root, RemoveOne); }

}  // namespace headrace
