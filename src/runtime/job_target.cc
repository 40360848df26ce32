// JobRun around the writing: what stands at the targets, whether there is room, and whether what
// was written may be published.
#include <algorithm>

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

// Where a limit ends the input, how many more rows were read or filtered depends on the threads; so
// the share is one of the rows that are sure.
Status JobRun::CheckBadRows() const {
  if (quarantine_ == nullptr) return Status::OK();
  const bool has_limit = std::any_of(
      transforms_.begin(), transforms_.end(),
      [](const auto& transform) { return transform->rows_dropped() == RowsDropped::kLimited; });
  return quarantine_->CheckShare(has_limit ? rows_out_ + quarantine_->rows()
                                           : counters_.rows_in.load());
}

}  // namespace headrace
