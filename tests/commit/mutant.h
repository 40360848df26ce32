// One deliberate mistake of the protocol, for the control of the crash sweep.
#pragma once

#include <set>
#include <string>

#include "support/fault_env.h"

namespace headrace {

// A call that a publish or a recovery leaves out, or makes too late: once a call of one of the
// kinds in `late_after` has happened on a path that ends with `late_after_path`.
struct Mutant {
  EnvCall call = EnvCall::kSync;
  int64_t ordinal = 0;    // of a publish: among the calls of this kind
  std::string path = {};  // of a recovery, whose calls depend on where the run was killed
  std::set<EnvCall> late_after = {};
  std::string late_after_path = {};

  void Apply(FaultPlan* plan) const {
    plan->dropped_call = call;
    plan->dropped_ordinal = ordinal;
    plan->dropped_path = path;
    plan->late_after = late_after;
    plan->late_after_path = late_after_path;
  }
};

}  // namespace headrace
