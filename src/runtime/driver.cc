#include "runtime/driver.h"

#include <time.h>

#include <chrono>
#include <limits>
#include <random>
#include <set>
#include <thread>

#include "data/byte_size.h"

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

// Which morsels are under way, and the failure of the lowest of them.
// A failing worker waits until every lower morsel ended (they never wait for it), so that the
// failure told is the same for any number of threads; only then is the run cancelled.
class MorselLedger {
 public:
  explicit MorselLedger(Cancellation* cancellation) : cancellation_(cancellation) {}

  void Begin(int64_t sequence) {
    std::lock_guard lock(mutex_);
    active_.insert(sequence);
  }

  void End(int64_t sequence) {
    std::lock_guard lock(mutex_);
    active_.erase(sequence);
    changed_.notify_all();
  }

  void Fail(int64_t sequence, const Status& status) {
    std::unique_lock lock(mutex_);
    active_.erase(sequence);
    if (failed_sequence_ < 0 || sequence < failed_sequence_) {
      failed_sequence_ = sequence;
      failure_ = status;
    }
    changed_.notify_all();
    changed_.wait(lock, [&] {
      return failed_sequence_ < sequence || active_.empty() || *active_.begin() > sequence;
    });
    if (failed_sequence_ == sequence) cancellation_->Cancel(failure_);
  }

 private:
  Cancellation* cancellation_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<int64_t> active_;
  int64_t failed_sequence_ = -1;
  Status failure_;
};

// One worker's way through the pipeline, with its own clocks.
class Worker {
 public:
  Worker(Source* source, const std::vector<std::unique_ptr<Transform>>& transforms, Sink* sink,
         const PipelineOptions& options, PipelineCounters* counters, int index)
      : source_(source),
        transforms_(transforms),
        sink_(sink),
        pool_(options.pool),
        counters_(counters),
        shuffled_(options.shuffle_seed != 0),
        random_(options.shuffle_seed * 1000003 + static_cast<uint64_t>(index)),
        clocks_(transforms.size() + 2) {}

  Status Carry(std::unique_ptr<Morsel> morsel) {
    const int64_t sequence = morsel->sequence;
    PauseIfShuffled();
    {
      StageTimer timer(&clocks_.front());
      ARROW_RETURN_NOT_OK(source_->Read(
          std::move(morsel), [&](Batch batch) { return Pass(std::move(batch), sequence); }));
    }
    PauseIfShuffled();
    for (size_t at = 0; at < transforms_.size(); ++at) {
      StageTimer timer(&clocks_[at + 1]);
      ARROW_RETURN_NOT_OK(transforms_[at]->EndMorsel(sequence));
      if (transforms_[at]->saturated()) source_->Stop();
    }
    StageTimer timer(&clocks_.back());
    return sink_->EndMorsel(sequence);
  }

  const std::vector<StageClock>& clocks() const { return clocks_; }

 private:
  Status Pass(Batch batch, int64_t sequence) {
    counters_->rows_in.fetch_add(batch.rows(), std::memory_order_relaxed);
    Count(&clocks_.front(), batch.rows(), batch);
    StageTimer inner(&emitted_);
    for (size_t at = 0; at < transforms_.size(); ++at) {
      StageTimer timer(&clocks_[at + 1]);
      const int64_t rows = batch.rows();
      ARROW_ASSIGN_OR_RAISE(batch, transforms_[at]->Apply(std::move(batch), {sequence}, pool_));
      CountDropped(*transforms_[at], rows - batch.rows());
      Count(&clocks_[at + 1], rows, batch);
      if (batch.rows() == 0) return Status::OK();
    }
    counters_->rows_to_sink.fetch_add(batch.rows(), std::memory_order_relaxed);
    PauseIfShuffled();
    StageTimer timer(&clocks_.back());
    clocks_.back().rows_in += batch.rows();
    clocks_.back().rows_out += batch.rows();
    return sink_->Consume(sequence, std::move(batch));
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
  arrow::MemoryPool* pool_;
  PipelineCounters* counters_;
  const bool shuffled_;
  std::mt19937_64 random_;
  std::vector<StageClock> clocks_;
};

void Run(Worker* worker, Source* source, Cancellation* cancellation, MorselLedger* ledger,
         std::mutex* next_mutex) {
  while (!cancellation->cancelled()) {
    // Handing out and noting a morsel are one step, so that a failing worker sees every lower one
    // as under way.
    std::unique_lock lock(*next_mutex);
    auto next = source->Next();
    if (!next.ok()) {
      // Input before this point is already handed out, so an earlier failure still wins.
      lock.unlock();
      source->Stop();
      ledger->Fail(std::numeric_limits<int64_t>::max(), next.status());
      return;
    }
    std::unique_ptr<Morsel> morsel = std::move(next).ValueUnsafe();
    if (morsel == nullptr) return;
    const int64_t sequence = morsel->sequence;
    ledger->Begin(sequence);
    lock.unlock();
    const Status status = worker->Carry(std::move(morsel));
    if (!status.ok()) {
      source->Stop();
      ledger->Fail(sequence, status);
      return;
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

  MorselLedger ledger(cancellation);
  std::mutex next_mutex;
  std::vector<std::unique_ptr<Worker>> workers;
  for (int index = 0; index < options.threads; ++index) {
    workers.push_back(std::make_unique<Worker>(source, transforms, sink, options, counters, index));
  }
  std::vector<std::thread> threads;
  for (size_t index = 1; index < workers.size(); ++index) {
    threads.emplace_back(Run, workers[index].get(), source, cancellation, &ledger, &next_mutex);
  }
  Run(workers.front().get(), source, cancellation, &ledger, &next_mutex);
  for (auto& thread : threads) thread.join();
  for (const auto& worker : workers) AddTo(*worker, stages);
  return cancellation->Check();
}

}  // namespace headrace
