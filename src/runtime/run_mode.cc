#include "runtime/run_mode.h"

#include <algorithm>

#include "base/units.h"
#include "memory/streaming_threshold.h"

namespace headrace {
namespace {

// The columns, and for every output their rows as its sink holds them, and the pages of those.
int64_t CopiesOf(const RunModeInputs& inputs) { return 1 + int64_t{2} * inputs.outputs; }

}  // namespace

const char* RunModeName(RunMode mode) { return mode == RunMode::kDirect ? "direct" : "streaming"; }

RunModeDecision DecideRunMode(const RunModeInputs& inputs) {
  RunModeDecision decision;
  decision.threads = inputs.threads;
  if (inputs.rows < 0 || inputs.arrow_bytes < 0) {
    decision.reason = "how many rows there are is not known before they are read";
    return decision;
  }
  const int64_t threshold = DynamicStreamingThreshold(inputs.level, inputs.thresholds);
  const std::string at = fmt::format("the threshold of {} at {} pressure", FormatCount(threshold),
                                     PressureLevelName(inputs.level));
  if (inputs.rows > threshold) {
    decision.reason = fmt::format("about {} rows are more than {}", FormatCount(inputs.rows), at);
    return decision;
  }
  const int64_t copies = CopiesOf(inputs);
  const int64_t room = inputs.lendable_bytes - inputs.floor_bytes;
  if (inputs.arrow_bytes > room / copies) {
    decision.reason = fmt::format(
        "about {} rows are at most {}, but {} times their {} do not fit the {} beside the floors",
        FormatCount(inputs.rows), at, copies, FormatBytes(inputs.arrow_bytes),
        FormatBytes(std::max<int64_t>(0, room)));
    return decision;
  }
  decision.mode = RunMode::kDirect;
  decision.reason = fmt::format(
      "about {} rows are at most {}, and {} times their {} fit the {} "
      "beside the floors",
      FormatCount(inputs.rows), at, copies, FormatBytes(inputs.arrow_bytes), FormatBytes(room));
  if (inputs.input_bytes >= 0 && inputs.batch_bytes > 0) {
    const int64_t morsels = inputs.input_bytes / inputs.batch_bytes + 1;
    decision.threads = static_cast<int>(std::min<int64_t>(inputs.threads, morsels));
  }
  return decision;
}

}  // namespace headrace
