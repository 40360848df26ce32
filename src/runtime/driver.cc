#include "runtime/driver.h"

#include <arrow/array/array_primitive.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <limits>
#include <random>
#include <set>
#include <thread>

#include "base/threads.h"
#include "data/byte_size.h"
#include "plan/column_names.h"
#include "source/rejects.h"

namespace headrace {
namespace {

double ThreadCpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double WallSeconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Time one worker spent in one stage. Stages nest (a source emits into transforms), so what an
// inner stage took is taken off the outer one.
struct StageClock {
  double wall = 0;
  double cpu = 0;
  int64_t rows_in = 0;
  int64_t rows_out = 0;
  int64_t bytes_out = 0;
};

class StageTimer {
 public:
  explicit StageTimer(StageClock* clock)
      : clock_(clock), wall_(WallSeconds()), cpu_(ThreadCpuSeconds()) {}
  ~StageTimer() {
    clock_->wall += WallSeconds() - wall_;
    clock_->cpu += ThreadCpuSeconds() - cpu_;
  }
  StageTimer(const StageTimer&) = delete;
  StageTimer& operator=(const StageTimer&) = delete;

 private:
  StageClock* clock_;
  const double wall_;
  const double cpu_;
};

// Which morsels are under way. A worker whose morsel failed waits until every lower one ended (they
// never wait for it), so that the failure told is the same for any number of threads.
class MorselLedger {
 public:
  void Begin(int64_t sequence) {
    std::lock_guard lock(mutex_);
    active_.insert(sequence);
  }

  void End(int64_t sequence) {
    std::lock_guard lock(mutex_);
    active_.erase(sequence);
    changed_.notify_all();
  }

  // From here on no worker begins another morsel.
  void StopHandingOut() { stopped_.store(true); }
  bool stopped() const { return stopped_.load(); }

  void WaitForLower(int64_t sequence) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return active_.empty() || *active_.begin() >= sequence; });
  }

 private:
  std::atomic<bool> stopped_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<int64_t> active_;
};

// One worker's way through the pipeline, with its own clocks.
class Worker {
 public:
  Worker(Source* source, const std::vector<std::unique_ptr<Transform>>& transforms, Sink* sink,
         const PipelineOptions& options, PipelineCounters* counters, MorselLedger* ledger,
         int index)
      : source_(source),
        transforms_(transforms),
        sink_(sink),
        quarantine_(options.quarantine),
        pool_(options.pool),
        counters_(counters),
        ledger_(ledger),
        shuffled_(options.shuffle_seed != 0),
        random_(options.shuffle_seed * 1000003 + static_cast<uint64_t>(index)),
        clocks_(transforms.size() + 2) {}

  Status Carry(std::unique_ptr<Morsel> morsel) {
    const int64_t sequence = morsel->sequence;
    BeginMorsel();
    PauseIfShuffled();
    {
      StageTimer timer(&clocks_.front());
      ARROW_RETURN_NOT_OK(source_->Read(
          std::move(morsel), [&](Batch batch) { return Pass(std::move(batch), sequence); }));
    }
    PauseIfShuffled();
    return EndMorsel(sequence);
  }

  void BeginMorsel() {
    unneeded_rows_ = 0;
    failed_at_ = kSourceFailed;
  }

  // Whether the morsel that just failed need not have been read: a limit behind the place of the
  // failure is reached by the rows before it. Only once every lower morsel ended.
  bool FailureIsMoot() const { return IsSaturatedFrom(failed_at_); }

  // Ends a failed morsel as if its rows had not been asked for.
  Status Abandon(int64_t sequence) {
    counters_->rows_limited.fetch_add(unneeded_rows_, std::memory_order_relaxed);
    return EndMorsel(sequence);
  }

  const std::vector<StageClock>& clocks() const { return clocks_; }

 private:
  Status EndMorsel(int64_t sequence) {
    failed_at_ = transforms_.size();
    for (size_t at = 0; at < transforms_.size(); ++at) {
      StageTimer timer(&clocks_[at + 1]);
      ARROW_RETURN_NOT_OK(transforms_[at]->EndMorsel(sequence));
      if (transforms_[at]->saturated()) source_->Stop();
    }
    StageTimer timer(&clocks_.back());
    ARROW_RETURN_NOT_OK(sink_->EndMorsel(sequence));
    return quarantine_ == nullptr ? Status::OK() : quarantine_->EndMorsel(sequence);
  }

  bool IsSaturatedFrom(size_t first) const {
    for (size_t at = first; at < transforms_.size(); ++at) {
      if (transforms_[at]->saturated()) return true;
    }
    return false;
  }

  Status Pass(Batch batch, int64_t sequence) {
    if (batch.rejects == nullptr) return PassRows(std::move(batch), sequence);
    const auto rejects = std::move(batch.rejects);
    if (IsLimitFrom(0)) return PassInOrder(batch, *rejects, sequence);
    ARROW_RETURN_NOT_OK(PassRows(std::move(batch), sequence));
    return PutAside(*rejects, sequence);
  }

  // With a limit a reject counts if the rows before it do not reach the limit. So rows and rejects
  // go one after the other, behind all earlier morsels.
  Status PassInOrder(const Batch& rows, const arrow::RecordBatch& rejects, int64_t sequence) {
    ledger_->WaitForLower(sequence);
    const auto& rows_before =
        static_cast<const arrow::Int64Array&>(*rejects.column(rejects.num_columns() - 1));
    int64_t passed = 0;
    for (int64_t begin = 0, end = 0; begin < rejects.num_rows(); begin = end) {
      const int64_t place = rows_before.Value(begin);
      while (end < rejects.num_rows() && rows_before.Value(end) == place) ++end;
      if (place > passed) {
        ARROW_RETURN_NOT_OK(PassRows(Batch{rows.columns->Slice(passed, place - passed)}, sequence));
        passed = place;
      }
      if (IsSaturatedFrom(0)) break;
      ARROW_RETURN_NOT_OK(PutAside(*rejects.Slice(begin, end - begin), sequence));
    }
    if (passed == rows.rows()) return Status::OK();
    return PassRows(Batch{rows.columns->Slice(passed)}, sequence);
  }

  Status PutAside(const arrow::RecordBatch& rejects, int64_t sequence) {
    HEADRACE_CHECK(quarantine_ != nullptr);
    counters_->rows_in.fetch_add(rejects.num_rows(), std::memory_order_relaxed);
    counters_->rows_rejected.fetch_add(rejects.num_rows(), std::memory_order_relaxed);
    ARROW_ASSIGN_OR_RAISE(auto stored, rejects.RemoveColumn(rejects.num_columns() - 1));
    StageTimer inner(&emitted_);
    StageTimer timer(&clocks_.back());
    const Status consumed = quarantine_->Consume(sequence, Batch{std::move(stored)});
    if (!consumed.ok()) failed_at_ = transforms_.size();
    return consumed;
  }

  Status PassRows(Batch batch, int64_t sequence) {
    if (batch.rows() == 0) return Status::OK();
    counters_->rows_in.fetch_add(batch.rows(), std::memory_order_relaxed);
    Count(&clocks_.front(), batch.rows(), batch);
    StageTimer inner(&emitted_);
    return PassFrom(0, std::move(batch), sequence);
  }

  Status PassFrom(size_t at, Batch batch, int64_t sequence) {
    for (; at < transforms_.size(); ++at) {
      StageTimer timer(&clocks_[at + 1]);
      const int64_t rows = batch.rows();
      const Batch whole = IsLimitFrom(at + 1) ? batch : Batch();
      auto passed = transforms_[at]->Apply(std::move(batch), {sequence}, pool_);
      if (!passed.ok()) return Failed(at, whole, passed.status(), sequence);
      batch = std::move(passed).ValueUnsafe();
      CountDropped(*transforms_[at], rows - batch.rows());
      Count(&clocks_[at + 1], rows, batch);
      if (batch.rows() == 0) return Status::OK();
    }
    counters_->rows_to_sink.fetch_add(batch.rows(), std::memory_order_relaxed);
    PauseIfShuffled();
    StageTimer timer(&clocks_.back());
    clocks_.back().rows_in += batch.rows();
    clocks_.back().rows_out += batch.rows();
    const Status consumed = sink_->Consume(sequence, std::move(batch));
    if (!consumed.ok()) failed_at_ = transforms_.size();
    return consumed;
  }

  // Whether a failure counts must not depend on how many rows share a batch: before a limit a batch
  // with a bad row is passed on in halves, until the limit is reached or the row stands alone.
  Status Failed(size_t at, const Batch& whole, const Status& failure, int64_t sequence) {
    failed_at_ = at;
    const bool is_value_error = GetErrorKind(failure) == ErrorKind::kBadInput;
    if (is_value_error && whole.rows() > 1) {
      const int64_t half = whole.rows() / 2;
      const Status first = PassFrom(at, Batch{whole.columns->Slice(0, half)}, sequence);
      if (first.ok()) return PassFrom(at, Batch{whole.columns->Slice(half)}, sequence);
      unneeded_rows_ += whole.rows() - half;
      return first;
    }
    unneeded_rows_ += whole.rows();
    return is_value_error ? AtStep(failure, transforms_[at]->place(), transforms_[at]->name())
                          : failure;
  }

  bool IsLimitFrom(size_t first) const {
    return std::any_of(
        transforms_.begin() + static_cast<ptrdiff_t>(first), transforms_.end(),
        [](const auto& transform) { return transform->rows_dropped() == RowsDropped::kLimited; });
  }

  void Count(StageClock* clock, int64_t rows_in, const Batch& batch) {
    clock->rows_in += rows_in;
    clock->rows_out += batch.rows();
    clock->bytes_out += ReferencedBytes(*batch.columns);
  }

  void CountDropped(const Transform& transform, int64_t rows) {
    if (rows == 0) return;
    HEADRACE_CHECK(transform.rows_dropped() != RowsDropped::kNever);
    auto& counter = transform.rows_dropped() == RowsDropped::kLimited ? counters_->rows_limited
                                                                      : counters_->rows_filtered;
    counter.fetch_add(rows, std::memory_order_relaxed);
  }

  void PauseIfShuffled() {
    if (!shuffled_) return;
    std::this_thread::sleep_for(std::chrono::microseconds(random_() % 800));
  }

 public:
  // What ran inside the source's Read: taken off its clock at the end.
  StageClock emitted_;

 private:
  Source* source_;
  const std::vector<std::unique_ptr<Transform>>& transforms_;
  Sink* sink_;
  Sink* quarantine_;
  arrow::MemoryPool* pool_;
  PipelineCounters* counters_;
  MorselLedger* ledger_;
  const bool shuffled_;
  std::mt19937_64 random_;
  std::vector<StageClock> clocks_;
  // Of the morsel under way.
  static constexpr size_t kSourceFailed = 0;  // a limit anywhere may make it moot
  size_t failed_at_ = kSourceFailed;          // the transform that failed; past the last: the sink
  int64_t unneeded_rows_ = 0;                 // rows read that came to nothing by the failure
};

void Run(Worker* worker, int index, const RunAllowance* allowance, Source* source,
         Cancellation* cancellation, MorselLedger* ledger, std::mutex* next_mutex) {
  while (!cancellation->cancelled()) {
    // Between two morsels a worker holds nothing.
    if (allowance != nullptr) {
      allowance->RestWhileUnwanted(index,
                                   [&] { return cancellation->cancelled() || ledger->stopped(); });
      if (cancellation->cancelled()) return;
    }
    // Handing out and noting a morsel are one step, so that a failing worker sees every lower one
    // as under way.
    std::unique_lock lock(*next_mutex);
    if (ledger->stopped()) return;
    auto next = source->Next();
    if (!next.ok()) {
      ledger->StopHandingOut();
      lock.unlock();
      // Input before this point is already handed out: an earlier failure wins, and a limit that it
      // fills makes this one moot.
      worker->BeginMorsel();
      ledger->WaitForLower(std::numeric_limits<int64_t>::max());
      if (!worker->FailureIsMoot()) cancellation->Cancel(next.status());
      source->Stop();
      return;
    }
    std::unique_ptr<Morsel> morsel = std::move(next).ValueUnsafe();
    if (morsel == nullptr) {
      ledger->StopHandingOut();  // also for those who rest
      return;
    }
    const int64_t sequence = morsel->sequence;
    ledger->Begin(sequence);
    lock.unlock();
    Status status = worker->Carry(std::move(morsel));
    if (!status.ok()) {
      ledger->StopHandingOut();
      // The source is not stopped before: a lower morsel has to come to its own failure.
      ledger->WaitForLower(sequence);
      if (!cancellation->cancelled() && worker->FailureIsMoot()) status = worker->Abandon(sequence);
      if (!status.ok()) cancellation->Cancel(status);
      source->Stop();
    }
    ledger->End(sequence);
  }
}

void AddTo(const Worker& worker, std::vector<StageReport>* stages) {
  const auto& clocks = worker.clocks();
  for (size_t at = 0; at < clocks.size(); ++at) {
    auto& stage = (*stages)[at];
    const double inner_wall = at == 0 ? worker.emitted_.wall : 0;
    const double inner_cpu = at == 0 ? worker.emitted_.cpu : 0;
    stage.rows_in += clocks[at].rows_in;
    stage.rows_out += clocks[at].rows_out;
    stage.bytes_out += clocks[at].bytes_out;
    stage.wall_seconds += clocks[at].wall - inner_wall;
    stage.cpu_seconds += clocks[at].cpu - inner_cpu;
    stage.blocked_seconds = std::max(0.0, stage.wall_seconds - stage.cpu_seconds);
  }
}

}  // namespace

Status RunPipeline(Source* source, const std::vector<std::unique_ptr<Transform>>& transforms,
                   Sink* sink, const PipelineOptions& options, Cancellation* cancellation,
                   PipelineCounters* counters, std::vector<StageReport>* stages) {
  stages->assign(transforms.size() + 2, StageReport{});
  stages->front().name = "source";
  for (size_t at = 0; at < transforms.size(); ++at) (*stages)[at + 1].name = transforms[at]->name();
  stages->back().name = "sink";

  MorselLedger ledger;
  std::mutex next_mutex;
  std::vector<std::unique_ptr<Worker>> workers;
  for (int index = 0; index < options.threads; ++index) {
    workers.push_back(
        std::make_unique<Worker>(source, transforms, sink, options, counters, &ledger, index));
  }
  std::vector<std::thread> threads;
  for (size_t index = 1; index < workers.size(); ++index) {
    const bool started = StartThread(&threads, [&, index, worker = workers[index].get()] {
      Run(worker, static_cast<int>(index), options.allowance, source, cancellation, &ledger,
          &next_mutex);
    });
    if (!started) break;  // the run goes on with those there are
  }
  Run(workers.front().get(), 0, options.allowance, source, cancellation, &ledger, &next_mutex);
  for (auto& thread : threads) thread.join();
  for (const auto& worker : workers) AddTo(*worker, stages);
  return cancellation->Check();
}

}  // namespace headrace
