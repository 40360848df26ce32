#include "runtime/job_run.h"

#include <algorithm>
#include <cstdlib>

#include "base/ids.h"
#include "base/units.h"
#include "commit/layout.h"
#include "data/byte_size.h"
#include "runtime/lowering.h"
#include "runtime/plan_hash.h"
#include "runtime/report_builder.h"

namespace headrace {
namespace {

// Arrow bytes of a usual batch: typed columns take about twice the text they came from.
constexpr int64_t kArrowBytesPerTextByte = 2;

}  // namespace

JobRun::JobRun(const JobSpec& job, JobControl control)
    : job_(job), control_(std::move(control)), env_(Env::Default()) {
  report_.run_id = job_.run_id.empty() ? NewRunId() : job_.run_id;
  StartReport(&report_);
}

JobRun::~JobRun() {
  // The observer looks at everything else, so it goes first. The spill stands in a side directory
  // that the transactions leave, so they go last.
  observer_.reset();
  outputs_.CloseSinks();
  spill_.reset();
}

Status JobRun::Execute() {
  const Status status = ExecutePhases();
  outputs_.DropBallast();
  FillReport(status);
  return status;
}

Status JobRun::ExecutePhases() {
  ARROW_RETURN_NOT_OK(outputs_.Resolve(job_, report_.run_id));
  ARROW_RETURN_NOT_OK(OpenAndAdmit(Target::kLocked));
  if (outputs_.published_before()) return Status::OK();
  ARROW_RETURN_NOT_OK(CheckTarget());
  ARROW_RETURN_NOT_OK(Convert());
  ARROW_RETURN_NOT_OK(CheckRowAccount());
  ARROW_RETURN_NOT_OK(CheckBadRows());
  return Publish();
}

Status JobRun::OpenAndAdmit(Target target) {
  ARROW_RETURN_NOT_OK(Prepare());
  // The targets are locked and checked before the input is read: a name already taken should not
  // cost an hour.
  if (target == Target::kLocked) {
    ARROW_RETURN_NOT_OK(outputs_.Begin(env_));
    if (outputs_.published_before()) return Status::OK();
  }
  ARROW_RETURN_NOT_OK(OpenInput());
  ARROW_RETURN_NOT_OK(PlanAndType());
  ARROW_RETURN_NOT_OK(AdmitRun());
  return StartSource();
}

// Budget, threads and morsels as far as they can be chosen before the input is known: enough to
// open and type it.
Status JobRun::Prepare() {
  ARROW_RETURN_NOT_OK(PrepareProcess(ProcessOwner::kHost));
  ARROW_RETURN_NOT_OK(CheckPressureMarks(job_.resources.pressure));
  ARROW_RETURN_NOT_OK(CheckStreamingThresholds(job_.resources.streaming));
  ARROW_RETURN_NOT_OK(CheckBadRowsSpec(job_.bad_rows));
  threads_ = ResolveThreads(job_.resources);
  ARROW_ASSIGN_OR_RAISE(BudgetSettings settings, ResolveBudget(job_.resources, threads_));
  // A first guess at the threads, before anything is known of the input; AdmitRun decides.
  while (threads_ > 1 && settings.total_bytes - settings.base_bytes - SlackBytes(threads_) <
                             threads_ * kWorkerBytesAtLeast) {
    --threads_;
  }
  settings.slack_bytes = SlackBytes(threads_);
  settings.refused_grow = control_.refused_grow;
  memory_ = std::make_unique<RunMemory>(std::move(settings));
  const MemoryBudget& budget = *memory_->budget();
  batch_bytes_ = job_.resources.batch_bytes > 0
                     ? job_.resources.batch_bytes
                     : ChooseBatchBytes(budget.lendable_bytes(), threads_);
  const auto needs_now = [&]() -> Result<std::vector<StageNeeds>> {
    return std::vector<StageNeeds>{SourceNeedsBeforeOpen(batch_bytes_)};
  };
  ARROW_RETURN_NOT_OK(AdmitWhatFits(needs_now).status());
  threads_ = admission_.threads;
  ARROW_ASSIGN_OR_RAISE(source_pool_,
                        memory_->MakePool("source", admission_.grants.front().floor_bytes));
  governor_ = std::make_unique<RunGovernor>(
      RunGovernorOptions{memory_.get(), &cancellation_, job_.resources.pressure,
                         job_.resources.streaming, control_.budget_bytes});
  observer_ = std::make_unique<Observer>(
      ObserverOptions{&cancellation_, control_.stop_signal, start_,
                      [this](double seconds, bool last) { Look(seconds, last); }});
  if (observer_->watching()) return Status::OK();
  return MakeError(ErrorKind::kInternal, 905,
                   "the system gives this process no second thread; raise its limit of processes "
                   "(ulimit -u, or pids.max of its container)");
}

Result<std::vector<StageNeeds>> JobRun::AdmitWhatFits(
    const std::function<Result<std::vector<StageNeeds>>()>& needs_now) {
  for (;;) {
    ARROW_ASSIGN_OR_RAISE(std::vector<StageNeeds> needs, needs_now());
    auto admitted = Admit(MakeRequest(*memory_->budget(), threads_, needs));
    if (admitted.ok()) {
      admission_ = admitted.MoveValueUnsafe();
      return needs;
    }
    if (!ChooseLess()) return admitted.status();
  }
}

// Smaller morsels first, then one thread with the morsels that suit it, then smaller ones again: a
// run that one budget admits, every larger one does too.
bool JobRun::ChooseLess() {
  const bool batch_is_chosen = job_.resources.batch_bytes == 0;
  if (batch_is_chosen && batch_bytes_ > kBatchBytesMin) {
    batch_bytes_ = batch_bytes_ / 2;
    return true;
  }
  MemoryBudget* budget = memory_->budget();
  if (budget->slack_bytes() <= SlackBytes(1)) return false;
  threads_ = 1;
  budget->LowerSlack(SlackBytes(1));
  memory_->extents()->SetCap(budget->lendable_bytes());
  if (batch_is_chosen) batch_bytes_ = ChooseBatchBytes(budget->lendable_bytes(), threads_);
  return true;
}

// Where standard input is kept when it has to be read twice. The file has no name, so it needs no
// directory of its own.
std::string JobRun::ScratchDirectory() const {
  if (!job_.resources.spill_dir.empty()) return job_.resources.spill_dir;
  if (outputs_.begun()) return ParentPath(outputs_.first().target);
  const char* temporary = std::getenv("TMPDIR");
  return temporary != nullptr && *temporary != '\0' ? temporary : "/tmp";
}

// On the disk that the result goes to, unless another is named: there has to be room there anyway.
std::string JobRun::SpillDirectory() const {
  if (!job_.resources.spill_dir.empty()) return job_.resources.spill_dir;
  const TransactionOptions& target = outputs_.first();
  if (target.kind == TargetKind::kDataset) {
    return JoinPath(DatasetLayout(target.target).side(), "spill");
  }
  return JoinPath(ParentPath(target.target), ".headrace-spill");
}

Status JobRun::OpenInput() {
  if (job_.inputs.size() != 1) {
    return MakeError(ErrorKind::kInvalidConfig, 155,
                     "this version reads one source per run, not {}; give all paths to one source",
                     job_.inputs.size());
  }
  ScanContext context;
  context.env = env_;
  context.pool = source_pool_.get();
  context.cancellation = &cancellation_;
  context.threads = threads_;
  context.batch_bytes = batch_bytes_;
  context.chunk_rows = std::max<int64_t>(1, job_.resources.chunk_rows);
  context.bad_rows = job_.bad_rows.what;
  context.spill_directory = ScratchDirectory();
  context.on_inference_progress = [this](int64_t done, int64_t) { inference_bytes_.store(done); };
  auto opened = OpenScan(job_.inputs.front(), context);
  // A stop that came while the input was waited for is told, not what the input looked like then.
  ARROW_RETURN_NOT_OK(cancellation_.Check());
  ARROW_ASSIGN_OR_RAISE(scan_, std::move(opened));
  return Status::OK();
}

Status JobRun::PlanAndType() {
  ARROW_ASSIGN_OR_RAISE(logical_, BuildPlan(job_, scan_->column_names()));
  phase_.store("inferring types");
  ScanRequest request;
  request.columns = logical_.scan.columns;
  request.all_columns = logical_.scan.all_columns;
  request.predicate = logical_.scan.predicate;
  request.row_limit = logical_.scan.row_limit;
  ARROW_ASSIGN_OR_RAISE(source_schema_, scan_->Type(request));
  ARROW_RETURN_NOT_OK(cancellation_.Check());
  ARROW_ASSIGN_OR_RAISE(bound_, BindPlan(logical_, source_schema_));
  transforms_ = LowerSteps(bound_, &cancellation_);
  return Status::OK();
}

CommonSinkOptions JobRun::SinkSettings() const {
  return {threads_, batch_bytes_ * kArrowBytesPerTextByte};
}

StageNeeds JobRun::StepNeeds() const {
  // A step holds its output beside its input, and an expression its operands beside its result.
  StageNeeds needs;
  needs.name = "steps";
  if (!transforms_.empty()) {
    needs.worker_floor_bytes = batch_bytes_ * kArrowBytesPerTextByte;
    needs.worker_wanted_bytes = 2 * needs.worker_floor_bytes;
  }
  return needs;
}

// The observer needs some looks to call memory tight; whoever is about to begin goes by what one
// reading says, if there is enough work to be worth that reading.
PressureLevel JobRun::LevelNow() {
  constexpr int64_t kSmallRunRows = 100'000;
  const int64_t rows = scan_->estimated_rows();
  const bool is_small = rows >= 0 && rows <= kSmallRunRows;
  return is_small ? governor_->level() : governor_->LevelByReading(observer_->seconds());
}

RunModeInputs JobRun::ModeInputs(PressureLevel level) const {
  RunModeInputs inputs;
  inputs.rows = scan_->estimated_rows();
  inputs.input_bytes = scan_->total_bytes();
  if (inputs.rows >= 0) {
    inputs.arrow_bytes =
        std::max(inputs.rows * GuessRowBytes(*source_schema_),
                 kArrowBytesPerTextByte * std::max<int64_t>(0, inputs.input_bytes));
  }
  inputs.batch_bytes = batch_bytes_;
  inputs.lendable_bytes = memory_->budget()->lendable_bytes();
  for (const StageGrant& grant : admission_.grants) inputs.floor_bytes += grant.floor_bytes;
  inputs.level = level;
  inputs.thresholds = job_.resources.streaming;
  inputs.threads = admission_.threads;
  inputs.outputs = 1 + static_cast<int>(job_.more_outputs.size());
  return inputs;
}

Status JobRun::AdmitRun() {
  const PressureLevel level = LevelNow();
  // A plan touches nothing, and is what shows what is wrong.
  if (outputs_.begun() && level == PressureLevel::kCritical) {
    return MakeError(ErrorKind::kOutOfMemory, 709,
                     "memory pressure is critical, so no new run begins; free memory on this "
                     "machine or in its container, or try again later");
  }
  const MemoryBudget& budget = *memory_->budget();
  const auto needs_now = [&]() -> Result<std::vector<StageNeeds>> {
    ARROW_ASSIGN_OR_RAISE(StageNeeds sink, outputs_.Needs(bound_, SinkSettings()));
    std::vector<StageNeeds> needs = {scan_->needs(batch_bytes_), StepNeeds(), std::move(sink)};
    if (puts_aside()) {
      ARROW_ASSIGN_OR_RAISE(StageNeeds rejects, SinkNeeds(QuarantineSinkOptions(threads_)));
      rejects.name = "quarantine";
      needs.push_back(std::move(rejects));
    }
    return needs;
  };
  ARROW_ASSIGN_OR_RAISE(std::vector<StageNeeds> needs, AdmitWhatFits(needs_now));
  RunModeDecision decision = DecideRunMode(ModeInputs(level));
  if (decision.threads < admission_.threads) {
    ARROW_ASSIGN_OR_RAISE(admission_, Admit(MakeRequest(budget, decision.threads, needs)));
  }
  mode_.store(decision.mode);
  mode_reason_ = std::move(decision.reason);
  mode_decided_.store(true);
  threads_ = admission_.threads;
  // Typing may have run with more threads than the whole run can have.
  source_pool_->ReleaseFloor();
  ARROW_RETURN_NOT_OK(source_pool_->RaiseFloor(admission_.grants[0].floor_bytes));
  ARROW_ASSIGN_OR_RAISE(steps_pool_, memory_->MakePool("steps", admission_.grants[1].floor_bytes));
  ARROW_ASSIGN_OR_RAISE(sink_pool_, memory_->MakePool("sink", admission_.grants[2].floor_bytes));
  std::vector<StagePool*> pools = {source_pool_.get(), steps_pool_.get(), sink_pool_.get()};
  if (puts_aside()) {
    ARROW_ASSIGN_OR_RAISE(quarantine_pool_,
                          memory_->MakePool("quarantine", admission_.grants[3].floor_bytes));
    pools.push_back(quarantine_pool_.get());
  }
  governor_->Begin(std::move(needs), std::move(pools), threads_);
  return Status::OK();
}

Status JobRun::StartSource() {
  ARROW_ASSIGN_OR_RAISE(source_, scan_->Start(batch_bytes_));
  progress_source_.store(source_.get());
  return Status::OK();
}

Status JobRun::Convert() {
  phase_.store("converting");
  SpillOptions spill;
  spill.env = env_;
  spill.directory = SpillDirectory();
  if (job_.resources.spill_dir.empty()) spill.place = SpillPlace::kOurs;
  spill.bytes_max = job_.resources.spill_bytes_max;
  // A direct run makes the area as well, but nothing of it exists before the first frame.
  ARROW_ASSIGN_OR_RAISE(spill_, SpillArea::Open(std::move(spill)));
  watched_spill_.store(spill_.get());
  SinkContext context;
  context.cancellation = &cancellation_;
  context.spill = spill_.get();
  context.env = env_;
  context.pool = sink_pool_.get();
  context.sink_bytes = admission_.grants[2].granted_bytes;
  context.allowance = governor_->allowance();
  ARROW_ASSIGN_OR_RAISE(Sink* const sink, outputs_.Open(bound_, SinkSettings(), context));
  if (puts_aside()) {
    context.pool = quarantine_pool_.get();
    context.sink_bytes = admission_.grants[3].granted_bytes;
    ARROW_ASSIGN_OR_RAISE(quarantine_, outputs_.OpenQuarantine(job_.bad_rows, threads_, context));
  }

  PipelineOptions options;
  options.threads = threads_;
  options.shuffle_seed = job_.resources.shuffle_seed;
  options.pool = steps_pool_.get();
  options.allowance = governor_->allowance();
  options.quarantine = quarantine_;
  ARROW_RETURN_NOT_OK(RunPipeline(source_.get(), transforms_, sink, options, &cancellation_,
                                  &counters_, &report_.stages));
  phase_.store("finishing files");
  ARROW_RETURN_NOT_OK(outputs_.Finish());
  governor_->End();
  return cancellation_.Check();
}

// P4, checked in every run before anything becomes visible.
Status JobRun::CheckRowAccount() {
  ARROW_ASSIGN_OR_RAISE(rows_out_, outputs_.RowsWritten());
  const int64_t in = counters_.rows_in.load();
  const int64_t filtered = counters_.rows_filtered.load();
  const int64_t limited = counters_.rows_limited.load();
  const int64_t rejected = counters_.rows_rejected.load();
  const int64_t stored = outputs_.quarantine().rows;
  if (in == rows_out_ + filtered + limited + rejected && rejected == stored) return Status::OK();
  return MakeError(
      ErrorKind::kInternal, 902,
      "rows do not add up, nothing was published: {} read, {} written, {} filtered, {} "
      "beyond the limit, {} rejected, {} in quarantine; please report this with the run's report",
      in, rows_out_, filtered, limited, rejected, stored);
}

Status JobRun::Publish() {
  phase_.store("publishing");
  outputs_.DropBallast();
  PublishInfo info;
  info.plan_hash = PlanHash(logical_);
  for (const auto& input : source_->inputs()) {
    info.inputs.push_back({input.path, input.size_bytes, input.rows});
  }
  return outputs_.Publish(env_, info, &report_.notes);
}

Result<std::string> JobRun::Explain() {
  ARROW_RETURN_NOT_OK(outputs_.Resolve(job_, report_.run_id));
  ARROW_RETURN_NOT_OK(OpenAndAdmit(Target::kUntouched));
  ARROW_RETURN_NOT_OK(CheckTarget());
  ExplainContext context;
  context.estimated_rows = scan_->estimated_rows();
  context.total_bytes = scan_->total_bytes();
  context.scan_evidence = scan_->evidence();
  std::string text = ExplainPlan(logical_, bound_, context);
  text += DescribeMemory(*memory_->budget(), admission_, batch_bytes_);
  text += fmt::format("mode: {} ({})\n", RunModeName(mode_.load()), mode_reason_);
  return text;
}

// Role: keeps the batches of a run in order. Meant for the few rows of a preview: one worker, a
// limit before it.
class JobRun::CollectSink : public Sink {
 public:
  Status Consume(int64_t, Batch batch) override {
    if (batch.rows() > 0) batches.push_back(std::move(batch));
    return Status::OK();
  }
  Status EndMorsel(int64_t) override { return Status::OK(); }
  Result<SinkSummary> Finish() override { return SinkSummary{}; }

  std::vector<Batch> batches;
};

Result<std::vector<Batch>> JobRun::Collect(int64_t* rows_rejected) {
  ARROW_RETURN_NOT_OK(Prepare());
  ARROW_RETURN_NOT_OK(OpenInput());
  ARROW_RETURN_NOT_OK(PlanAndType());
  ARROW_RETURN_NOT_OK(StartSource());
  CollectSink sink;
  QuarantineSink rejects(BadRowsSpec{}, &cancellation_, nullptr);
  PipelineOptions options;
  options.pool = source_pool_.get();
  options.quarantine = &rejects;
  ARROW_RETURN_NOT_OK(RunPipeline(source_.get(), transforms_, &sink, options, &cancellation_,
                                  &counters_, &report_.stages));
  *rows_rejected = counters_.rows_rejected.load();
  return std::move(sink.batches);
}

}  // namespace headrace
