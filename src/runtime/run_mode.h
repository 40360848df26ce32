// Direct or streaming: how a run is carried out, decided before it starts and told with its
// reasons.
#pragma once

#include <cstdint>
#include <string>

#include "headrace/job.h"
#include "memory/pressure.h"

namespace headrace {

enum class RunMode : uint8_t { kDirect, kStreaming };
const char* RunModeName(RunMode mode);  // "direct", "streaming"

struct RunModeInputs {
  int64_t rows = -1;         // estimated or known; -1 = unknown
  int64_t arrow_bytes = -1;  // of these rows as columns; -1 = unknown
  int64_t batch_bytes = 0;   // of input per morsel
  int64_t input_bytes = -1;  // -1 = unknown
  int64_t lendable_bytes = 0;
  int64_t floor_bytes = 0;  // of all stages
  PressureLevel level = PressureLevel::kNormal;
  StreamingThresholds thresholds;
  int threads = 1;  // admitted
  int outputs = 1;
};

struct RunModeDecision {
  RunMode mode = RunMode::kStreaming;
  int threads = 1;     // no more than there are morsels, in a direct run
  std::string reason;  // one line with the inputs of the decision
};

// Pure. Direct: everything is held until it is written, without a spill area, by as many workers as
// there is work for. That takes rows at most the threshold of the pressure level, and room for
// the columns, and twice more for every output (held rows and what is encoded), beside the floors.
RunModeDecision DecideRunMode(const RunModeInputs& inputs);

}  // namespace headrace
