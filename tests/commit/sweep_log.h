// What a sweep counted, as lines of JSON for tests/crash/sweep.py.
#pragma once

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "crash_judge.h"

namespace headrace {

// Appends `object` to the file $HEADRACE_SWEEP_LOG names; without it nothing is written.
inline void LogSweep(const std::string& object) {
  const char* path = std::getenv("HEADRACE_SWEEP_LOG");
  if (path != nullptr) std::ofstream(path, std::ios::app) << object << "\n";
}

inline void LogCounts(const std::string& fault_class, const std::string& scenario,
                      const SweepCounts& counts) {
  LogSweep(
      fmt::format("{{\"class\": \"{}\", \"scenario\": \"{}\", \"points\": {}, \"faults\": {}, "
                  "\"torn\": {}, \"lost\": {}, \"other\": {}}}",
                  fault_class, scenario, counts.points, counts.faults, counts.torn,
                  counts.lost_after_acknowledgement, counts.other_failures));
}

}  // namespace headrace
