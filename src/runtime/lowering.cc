#include "runtime/lowering.h"

#include "operators/filter.h"
#include "operators/limit.h"
#include "operators/project.h"

namespace headrace {
namespace {

struct StepLowering {
  const BoundStep& step;
  Cancellation* cancellation;

  std::unique_ptr<Transform> operator()(const BoundFilter& filter) const {
    return std::make_unique<FilterTransform>(step.name, filter.predicate, step.output_schema);
  }
  std::unique_ptr<Transform> operator()(const BoundProject& project) const {
    std::vector<ProjectColumn> columns;
    columns.reserve(project.columns.size());
    for (const auto& column : project.columns) {
      columns.push_back({column.input_index, column.expression});
    }
    return std::make_unique<ProjectTransform>(step.name, std::move(columns), step.output_schema);
  }
  std::unique_ptr<Transform> operator()(const BoundLimit& limit) const {
    return std::make_unique<LimitTransform>(step.name, limit.rows, step.output_schema,
                                            cancellation);
  }
};

}  // namespace

std::vector<std::unique_ptr<Transform>> LowerSteps(const BoundPlan& plan,
                                                   Cancellation* cancellation) {
  std::vector<std::unique_ptr<Transform>> transforms;
  transforms.reserve(plan.steps.size());
  for (const auto& step : plan.steps) {
    transforms.push_back(std::visit(StepLowering{step, cancellation}, step.what));
    transforms.back()->set_place(step.where);
  }
  return transforms;
}

}  // namespace headrace
