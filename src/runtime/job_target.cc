// JobRun before the first byte is written: what stands at the targets, and whether there is room.
#include "runtime/job_run.h"

namespace headrace {

// What could not be published should not cost an hour.
Status JobRun::CheckTarget() {
  TargetCheck check;
  check.env = env_;
  check.cancellation = &cancellation_;
  check.pool = sink_pool_.get();
  SpaceForecast forecast;
  forecast.input_bytes = scan_->total_bytes();
  forecast.keeps_all = job_.steps.empty();
  return outputs_.Check(std::move(check), forecast, bound_, SinkSettings(), &report_.notes);
}

}  // namespace headrace
