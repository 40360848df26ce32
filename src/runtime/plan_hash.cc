#include "runtime/plan_hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace headrace {

std::string PlanHash(const LogicalPlan& plan) {
  const std::string text = ExplainTree(*plan.root);
  return fmt::format("{:016x}", XXH3_64bits(text.data(), text.size()));
}

}  // namespace headrace
