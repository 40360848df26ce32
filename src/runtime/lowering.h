// Lowering: typed plan steps to the transforms that carry them out.
#pragma once

#include <memory>
#include <vector>

#include "base/cancellation.h"
#include "operators/transform.h"
#include "plan/bound_plan.h"

namespace headrace {

// One transform per step, in order. A new step kind is one alternative in BoundStep and one case
// here.
std::vector<std::unique_ptr<Transform>> LowerSteps(const BoundPlan& plan,
                                                   Cancellation* cancellation);

}  // namespace headrace
