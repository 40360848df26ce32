// Why a run died: what it said last, against what the kernel says now.
#pragma once

#include <string>
#include <vector>

#include "headrace/monitor.h"
#include "observe/kill_evidence.h"

namespace headrace {

// Lines for people: the last sample, the stage that held most, the likely cause, what stands at the
// target and what to do. Pure. `seen_at` is the time of the last sample, ISO 8601.
std::vector<std::string> DiagnoseDeath(const RegisteredRun& run, const DeathEvidence& evidence,
                                       const std::string& seen_at);

}  // namespace headrace
