// A fingerprint of what a plan computes, for the journal, the ledger and the files' metadata.
#pragma once

#include <string>

#include "plan/logical_plan.h"

namespace headrace {

// 16 hexadecimal digits: XXH3 of the plan's text. Equal plans over equal column names have equal
// hashes.
std::string PlanHash(const LogicalPlan& plan);

}  // namespace headrace
