// JobRun as it is seen from outside: what its observer looks at and tells, and the report at the
// end.
#include <unistd.h>

#include "base/units.h"
#include "runtime/job_run.h"
#include "runtime/report_builder.h"

namespace headrace {

std::vector<std::string> JobRun::evidence() const {
  return scan_ ? scan_->evidence() : std::vector<std::string>{};
}

void JobRun::Look(double seconds, bool last) {
  // A run that ends before the first look needs no reading of the whole machine at its end: that
  // would cost a small run a fifth of its time.
  if (last && !has_looked_ && !control_.on_snapshot) return;
  has_looked_ = true;
  const SpillArea* spill = watched_spill_.load();
  governor_->Look(seconds, spill != nullptr ? spill->used_bytes() : 0);
  NoteSwitch(seconds);
  if (!control_.on_progress && !control_.on_snapshot) return;
  const RunSnapshot snapshot = Snapshot(seconds);
  if (control_.on_snapshot) control_.on_snapshot(snapshot);
  if (!control_.on_progress) return;
  Progress progress;
  progress.phase = snapshot.phase;
  progress.rows = snapshot.rows;
  progress.bytes = snapshot.bytes;
  progress.bytes_total = snapshot.bytes_total;
  progress.accounted_bytes = snapshot.accounted_bytes;
  progress.budget_bytes = snapshot.budget_bytes;
  progress.seconds = seconds;
  control_.on_progress(progress);
}

// A direct run that meets what only streaming can bear goes on as one; the account of why is kept.
void JobRun::NoteSwitch(double seconds) {
  if (!mode_decided_.load() || mode_.load() != RunMode::kDirect) return;
  const SpillArea* spill = watched_spill_.load();
  const bool has_spilled = spill != nullptr && spill->written_bytes() > 0;
  const PressureLevel level = governor_->level();
  if (!has_spilled && level < PressureLevel::kHigh) return;
  std::lock_guard lock(switch_mutex_);
  switch_reason_ =
      has_spilled ? fmt::format("after {:.1f} s it went over to streaming: {} had to be spilled",
                                seconds, FormatBytes(spill->written_bytes()))
                  : fmt::format("after {:.1f} s it went over to streaming: memory pressure is {}",
                                seconds, PressureLevelName(level));
  mode_.store(RunMode::kStreaming);
}

RunSnapshot JobRun::Snapshot(double seconds) const {
  RunSnapshot snapshot;
  snapshot.run_id = report_.run_id;
  snapshot.name = job_.name;
  snapshot.process_id = ::getpid();
  snapshot.output = job_.output.path;
  snapshot.started_at = report_.started_at;
  snapshot.phase = phase_.load();
  snapshot.mode = mode_decided_.load() ? RunModeName(mode_.load()) : "";
  snapshot.seconds = seconds;
  snapshot.threads = threads_;
  snapshot.rows = counters_.rows_in.load(std::memory_order_relaxed);
  snapshot.rows_rejected = counters_.rows_rejected.load(std::memory_order_relaxed);
  const Source* source = progress_source_.load();
  snapshot.bytes = source ? source->consumed_bytes() : inference_bytes_.load();
  snapshot.bytes_total = source ? source->total_bytes() : -1;
  governor_->FillSnapshot(&snapshot);
  if (const SpillArea* spill = watched_spill_.load(); spill != nullptr) {
    snapshot.spilled_bytes = spill->used_bytes();
    snapshot.spilled_total_bytes = spill->written_bytes();
    snapshot.spill_room_bytes = spill->room_bytes();
  }
  return snapshot;
}

void JobRun::FillReport(const Status& status) {
  if (observer_) {
    observer_->Stop();
    NoteSwitch(observer_->seconds());
    governor_->FillReport(observer_->seconds(), &report_.memory);
  }
  if (spill_ && !report_.stages.empty())
    report_.stages.back().spilled_bytes = spill_->written_bytes();
  ReportFacts facts;
  facts.status = status;
  facts.threads = threads_;
  facts.counters = &counters_;
  facts.rows_out = rows_out_;
  facts.outputs = outputs_.Report();
  facts.quarantine = outputs_.quarantine();
  facts.published_before = outputs_.published_before();
  facts.budget = memory_ ? memory_->budget() : nullptr;
  if (mode_decided_.load()) {
    facts.mode = RunModeName(mode_.load());
    facts.mode_reason = mode_reason_;
    if (!switch_reason_.empty()) facts.mode_reason += "; " + switch_reason_;
  }
  if (source_) facts.inputs = source_->inputs();
  FinishReport(facts, &report_);
  if (scan_) {
    for (const auto& line : scan_->evidence()) report_.evidence.push_back(line);
    for (const RejectCount& count : report_.repairs.reasons) {
      report_.evidence.push_back(
          fmt::format("repaired: {} rows: {}", FormatCount(count.rows), count.reason));
    }
  }
}

}  // namespace headrace
