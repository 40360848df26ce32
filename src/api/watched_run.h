// A run with everything that watches it: the caller's callbacks, alerts, metrics, the registry.
#pragma once

#include <memory>

#include "headrace/job.h"
#include "headrace/run.h"
#include "observe/registry.h"
#include "observe/run_observer.h"
#include "runtime/job_run.h"

namespace headrace {

// Role: makes the watchers that `control` and the job ask for, has the run tell them, and gives
// them a last snapshot that says how it ended. Owner: one call of RunJob. Threads: one caller.
// Errors: of the run; and of watchers that make no sense, before the run begins. A registry that
// cannot be written is a note in the report.
class WatchedRun {
 public:
  WatchedRun(const JobSpec& job, const RunControl& control);

  Status Execute(RunReport* report);

 private:
  JobControl MakeControl();
  bool is_watched() const;
  Status MakeWatchers();
  void On(const RunSnapshot& snapshot);
  RunSnapshot LastSnapshot(const RunReport& report) const;

  const JobSpec& job_;
  const RunControl& control_;
  std::unique_ptr<RunRegistration> registration_;
  std::unique_ptr<RunObserver> observer_;
  std::string note_;  // of the registry
  RunSnapshot last_;  // written by the run's observing thread, read when that has ended
  JobRun run_;
};

}  // namespace headrace
