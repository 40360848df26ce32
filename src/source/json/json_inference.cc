#include "source/json/json_inference.h"

#include <limits>
#include <mutex>
#include <thread>

#include "base/threads.h"
#include "base/units.h"
#include "source/json/json_rows.h"

namespace headrace {
namespace {

constexpr ErrorCode kTooManyKeysCode = 444;

Status TooManyKeys(const JsonShape& shape, const std::string& place) {
  return MakeError(ErrorKind::kBadInput, kTooManyKeysCode,
                   "too many different keys; is an object used as a map? read its column as text "
                   "with --types NAME:string{}: more than {} in all, {}",
                   place.empty() ? "" : ": " + place, FormatCount(kJsonKeysMax),
                   shape.LargestObject());
}

// Role: the shared state of the pass. Threads: Work from every worker.
class JsonInferencePass {
 public:
  JsonInferencePass(const std::vector<JsonInput>& inputs, const JsonInferenceSettings& settings)
      : settings_(settings),
        reader_(inputs, settings.limits, TextInput::Pass::kReplayable, settings.cancellation,
                settings.pool) {}

  void Work() {
    Worker worker;
    if (settings_.names_only) worker.shape.SetGiven();
    for (const std::string& name : settings_.given) worker.shape.AddGivenField(name);
    const Status status = Loop(&worker);
    std::lock_guard lock(mutex_);
    if (status.ok()) {
      merged_.shape.Merge(&worker.shape, &keys_);
      merged_.rows += worker.rows;
      merged_.bad_rows += worker.bad_rows;
      charges_.push_back(std::move(worker.charge));
      return;
    }
    reader_.Stop();
    // The failure nearest the start of the input is the one to report; blocks before it are all
    // being looked at.
    if (status_.ok() || worker.sequence < failed_sequence_) {
      status_ = status;
      failed_sequence_ = worker.sequence;
    }
  }

  Result<JsonInference> Finish() {
    ARROW_RETURN_NOT_OK(status_);
    if (keys_ > kJsonKeysMax) return TooManyKeys(merged_.shape, "");
    return std::move(merged_);
  }

 private:
  struct Worker {
    JsonShape shape;
    JsonShape::Observer observer;
    std::shared_ptr<arrow::ResizableBuffer> charge;  // stands for the memory of the shape
    int64_t rows = 0;
    int64_t bad_rows = 0;
    int64_t sequence = 0;
  };

  Status Loop(Worker* worker) {
    while (true) {
      worker->sequence = std::numeric_limits<int64_t>::max();
      if (settings_.cancellation != nullptr) ARROW_RETURN_NOT_OK(settings_.cancellation->Check());
      ARROW_ASSIGN_OR_RAISE(auto block, reader_.Next(&worker->sequence));
      if (block == nullptr) return Status::OK();
      ARROW_RETURN_NOT_OK(LookAt(*block, worker));
      reader_.Recycle(std::move(block));
      ARROW_RETURN_NOT_OK(Charge(worker));
      if (settings_.on_progress)
        settings_.on_progress(reader_.stored_bytes_read(), StoredBytesOf(reader_.inputs()));
    }
  }

  Status LookAt(const JsonBlock& block, Worker* worker) const {
    worker->observer.block = &block;
    JsonRows rows(block, settings_.limits.row_bytes_max);
    while (rows.Next()) {
      // Of a row that cannot be one nothing is to be remembered.
      if (PutsAside(settings_.limits.bad_rows) && !rows.Check()) {
        rows.Skip();
        ++worker->bad_rows;
        continue;
      }
      const bool good = rows.Read(
          [&](JsonCursor* cursor) { return worker->shape.Observe(cursor, &worker->observer); });
      if (!good) return RowError(block, rows, *worker);
      ++worker->rows;
    }
    return Status::OK();
  }

  Status RowError(const JsonBlock& block, const JsonRows& rows, const Worker& worker) const {
    if (rows.cursor().problem != JsonProblem::kTooManyKeys)
      return JsonRowError(reader_.inputs(), block, rows);
    return TooManyKeys(worker.shape, JsonPlace(reader_.inputs(), block, rows.cursor().problem_at));
  }

  // The trees live outside the pool; what they may take is taken from it all the same.
  Status Charge(Worker* worker) const {
    const int64_t bytes = worker->observer.keys * kJsonKeyBytes;
    if (worker->charge == nullptr) {
      ARROW_ASSIGN_OR_RAISE(worker->charge, arrow::AllocateResizableBuffer(bytes, settings_.pool));
      return Status::OK();
    }
    if (worker->charge->size() >= bytes) return Status::OK();
    return worker->charge->Resize(bytes, /*shrink_to_fit=*/false);
  }

  const JsonInferenceSettings& settings_;
  JsonBlockReader reader_;
  std::mutex mutex_;
  JsonInference merged_;
  std::vector<std::shared_ptr<arrow::ResizableBuffer>> charges_;
  int keys_ = 0;
  Status status_;
  int64_t failed_sequence_ = 0;
};

}  // namespace

Result<JsonInference> InferJson(const std::vector<JsonInput>& inputs,
                                const JsonInferenceSettings& settings) {
  JsonInferencePass pass(inputs, settings);
  std::vector<std::thread> workers;
  for (int i = 1; i < settings.threads; ++i) {
    if (!StartThread(&workers, [&pass] { pass.Work(); })) break;
  }
  pass.Work();
  for (std::thread& worker : workers) worker.join();
  return pass.Finish();
}

}  // namespace headrace
