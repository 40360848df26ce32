// Steps of a job as plan nodes: one case per kind of step.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "plan/logical_plan.h"

namespace headrace {

// Rules and binding recurse over the chain of steps; this keeps the stack small.
inline constexpr size_t kPlanStepsMax = 1000;

// `input` with one step on top. InvalidPlan with the step's place and kind before the message.
Result<PlanNodePtr> AddStep(PlanNodePtr input, const Step& step);

// Index of each wanted column among `columns`. InvalidPlan when one is unknown or named twice.
Result<std::vector<size_t>> FindColumns(const std::vector<std::string>& wanted,
                                        const std::vector<std::string>& columns);

}  // namespace headrace
