// JobRun: one job from its settings to its published end.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/cancellation.h"
#include "commit/transaction.h"
#include "headrace/job.h"
#include "headrace/run_report.h"
#include "headrace/run_snapshot.h"
#include "plan/bound_plan.h"
#include "runtime/driver.h"
#include "runtime/observer.h"
#include "runtime/resources.h"
#include "runtime/run_governor.h"
#include "runtime/run_mode.h"
#include "runtime/run_outputs.h"
#include "sink/sink.h"
#include "source/scan.h"

namespace headrace {

struct JobControl {
  ProgressCallback on_progress;
  const volatile int* stop_signal = nullptr;
  SnapshotCallback on_snapshot;
  const std::atomic<int64_t>* budget_bytes = nullptr;  // headrace/run.h, RunControl
  // Tests of refusals: this grow of a reservation, counted from 1, is refused; 0 = none.
  int64_t refused_grow = 0;
};

// Role: the phases of a run, in order: resources, target, input, plan, admission, pipeline,
// publish. Each needs the one before. Whatever happens, Report() is complete afterwards. Owner: the
// caller, for one run. Threads: one caller; the phases start their own. Errors: what the rooms
// raise; the target stands as it was unless Publish returned OK.
class JobRun {
 public:
  explicit JobRun(const JobSpec& job, JobControl control = {});
  ~JobRun();

  // Everything, ending with the report filled in.
  Status Execute();
  // Instead of Execute, for what went wrong before it: fills in the report with this failure.
  void Refuse(const Status& status) { FillReport(status); }
  // Opens and types the input and gives the plan, floors and routing as text. Touches no target.
  Result<std::string> Explain();
  // The rows of the job without its output, up to a limit step; batches die with this object.
  Result<std::vector<Batch>> Collect(int64_t* rows_rejected);

  const RunReport& report() const { return report_; }
  const BoundPlan& plan() const { return bound_; }
  std::vector<std::string> evidence() const;
  // Grows of reservations so far, counted where one is to be refused.
  int64_t grows() const { return memory_ ? memory_->budget()->grows() : 0; }

 private:
  class CollectSink;
  Status ExecutePhases();
  enum class Target : uint8_t { kLocked, kUntouched };
  // Opens and types the input and admits the run, with smaller morsels and fewer threads where the
  // budget asks for it.
  Status OpenAndAdmit(Target target);
  Status Prepare();
  // Admits these needs, which depend on morsels and threads, and gives them as they were admitted.
  Result<std::vector<StageNeeds>> AdmitWhatFits(
      const std::function<Result<std::vector<StageNeeds>>()>& needs_now);
  // Whether the run can be made to need less; if so it is.
  bool ChooseLess();
  std::string ScratchDirectory() const;
  std::string SpillDirectory() const;
  Status OpenInput();
  Status PlanAndType();
  Status AdmitRun();
  Status StartSource();
  Status CheckTarget();
  Status Convert();
  Status Publish();
  StageNeeds StepNeeds() const;
  CommonSinkOptions SinkSettings() const;
  Status CheckRowAccount();
  Status CheckBadRows() const;
  bool puts_aside() const { return PutsAside(job_.bad_rows.what); }
  void FillReport(const Status& status);
  PressureLevel LevelNow();
  RunModeInputs ModeInputs(PressureLevel level) const;
  // On the observer's thread: a look at memory, and what follows from it for those who listen.
  void Look(double seconds, bool last);
  void NoteSwitch(double seconds);
  RunSnapshot Snapshot(double seconds) const;

  const JobSpec job_;
  const JobControl control_;
  Env* env_;
  Cancellation cancellation_;
  RunReport report_;
  PipelineCounters counters_;
  std::atomic<const char*> phase_{"starting"};
  std::atomic<int64_t> inference_bytes_{0};
  std::atomic<RunMode> mode_{RunMode::kStreaming};
  std::atomic<bool> mode_decided_{false};
  std::string mode_reason_;
  bool has_looked_ = false;      // the observer's own
  std::mutex switch_mutex_;      // guards the next
  std::string switch_reason_;    // why a direct run became a streaming one; "" = it did not
  std::atomic<int> threads_{1};  // the observer looks at it
  int64_t batch_bytes_ = 0;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  int64_t rows_out_ = 0;  // in every output
  BoundPlan bound_;
  LogicalPlan logical_;
  Admission admission_;

  // In the order in which they may die: later ones use earlier ones.
  std::unique_ptr<RunMemory> memory_;
  std::unique_ptr<StagePool> source_pool_;
  std::unique_ptr<StagePool> steps_pool_;
  std::unique_ptr<StagePool> sink_pool_;
  std::unique_ptr<StagePool> quarantine_pool_;  // null: bad rows end the run
  std::unique_ptr<SpillArea> spill_;            // inside the first output's side directory
  std::atomic<const SpillArea*> watched_spill_{nullptr};
  std::unique_ptr<Scan> scan_;
  std::shared_ptr<arrow::Schema> source_schema_;
  std::unique_ptr<Source> source_;
  std::atomic<Source*> progress_source_{nullptr};
  std::vector<std::unique_ptr<Transform>> transforms_;
  RunOutputs outputs_;                    // transactions and sinks
  QuarantineSink* quarantine_ = nullptr;  // of the outputs; null: bad rows end the run
  std::unique_ptr<RunGovernor> governor_;
  std::unique_ptr<Observer> observer_;
};

}  // namespace headrace
