#include "api/watched_run.h"

#include <unistd.h>

#include "commit/transaction.h"
#include "runtime/resources.h"

namespace headrace {

WatchedRun::WatchedRun(const JobSpec& job, const RunControl& control)
    : job_(job), control_(control), run_(job, MakeControl()) {}

bool WatchedRun::is_watched() const {
  return control_.on_snapshot || control_.registered || !job_.alerts.empty() ||
         !control_.metrics_address.empty() || !control_.metrics_file.empty();
}

JobControl WatchedRun::MakeControl() {
  JobControl inner;
  inner.on_progress = control_.on_progress;
  inner.stop_signal = control_.stop_signal;
  inner.budget_bytes = control_.budget_bytes;
  // Nobody listens: then a small run is not held up for a reading of the machine.
  if (is_watched()) inner.on_snapshot = [this](const RunSnapshot& snapshot) { On(snapshot); };
  return inner;
}

Status WatchedRun::MakeWatchers() {
  RunObserverOptions options;
  options.alerts = job_.alerts;
  options.metrics_address = control_.metrics_address;
  options.metrics_file = control_.metrics_file;
  options.log = control_.on_log;
  if (control_.on_snapshot) options.listeners.push_back(control_.on_snapshot);
  if (control_.registered) {
    auto registration = RunRegistration::Make(run_.report().run_id);
    if (registration.ok()) {
      registration_ = std::move(*registration);
      options.listeners.push_back(
          [this](const RunSnapshot& snapshot) { registration_->On(snapshot); });
    } else {
      note_ = "not shown by headrace monitor: " + registration.status().message();
    }
  }
  const bool uses_http = UsesHttp(options);
  ARROW_ASSIGN_OR_RAISE(observer_, RunObserver::Make(std::move(options)));
  // The HTTP module and what it brings along, some 8 MiB, are no part of what was measured.
  if (uses_http) RaiseProcessBase();
  return Status::OK();
}

void WatchedRun::On(const RunSnapshot& snapshot) {
  last_ = snapshot;
  observer_->On(snapshot);
}

RunSnapshot WatchedRun::LastSnapshot(const RunReport& report) const {
  RunSnapshot snapshot = last_;
  snapshot.run_id = report.run_id;
  snapshot.name = job_.name;
  snapshot.process_id = ::getpid();
  snapshot.output = job_.output.path;
  snapshot.started_at = report.started_at;
  snapshot.mode = report.mode;
  snapshot.ended = true;
  snapshot.status = report.status;
  snapshot.error_code = report.error_code;
  snapshot.seconds = report.wall_seconds;
  snapshot.rows = report.rows_in;
  return snapshot;
}

Status WatchedRun::Execute(RunReport* report) {
  Status status = PrepareProcess(ProcessOwner::kHost);
  // Watchers name files by it.
  if (status.ok() && !job_.run_id.empty()) status = CheckRunId(job_.run_id);
  if (status.ok() && is_watched()) status = MakeWatchers();
  if (status.ok()) {
    status = run_.Execute();
  } else {
    run_.Refuse(status);
  }
  *report = run_.report();
  if (!note_.empty()) report->notes.push_back(note_);
  if (observer_ != nullptr) {
    observer_->On(LastSnapshot(*report));
    report->alerts = observer_->Finish();
  }
  return status;
}

}  // namespace headrace
