// One reading job: an input read and converted by the normal driver into a sink that drops every
// batch, inside a budget. Beside it the two bounds that reading is held against: a plain copy of
// the file's bytes into blocks, and the structural index alone.
//
//   headrace_reading FILE JOB THREADS MEMORY [TYPES [COLUMNS [PREDICATE]]]
//
// JOB: scan | aside (the same, bad rows put aside and dropped too) | copy | index. TYPES as for
// --types, "" = inferred; COLUMNS by comma, "" = all. Prints one line of JSON.
#include <fmt/format.h>

#include <cstdio>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/threads.h"
#include "env/process.h"
#include "expr/expr.h"
#include "memory/admission.h"
#include "operators/filter.h"
#include "runtime/driver.h"
#include "runtime/resources.h"
#include "source/csv/block_reader.h"
#include "source/csv/csv_source.h"
#include "source/csv/record_index.h"
#include "source/scan.h"

namespace headrace {
namespace {

// Role: the end of a pipeline that keeps nothing.
class DiscardingSink : public Sink {
 public:
  Status Consume(int64_t, Batch batch) override {
    rows_.fetch_add(batch.rows(), std::memory_order_relaxed);
    return Status::OK();
  }
  Status EndMorsel(int64_t) override { return Status::OK(); }
  Result<SinkSummary> Finish() override {
    SinkSummary summary;
    summary.rows = rows_.load();
    return summary;
  }

 private:
  std::atomic<int64_t> rows_{0};
};

struct Job {
  std::string path;
  std::string kind;
  int threads = 1;
  std::string memory;
  std::string types;
  std::string columns;
  std::string predicate;
};

// At commas that stand outside parentheses.
std::vector<std::string> SplitList(const std::string& text) {
  std::vector<std::string> parts;
  int depth = 0;
  for (char c : text) {
    if (parts.empty()) parts.emplace_back();
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (c == ',' && depth == 0) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

Result<std::vector<std::unique_ptr<Transform>>> FilterSteps(
    const expr::ExprPtr& predicate, const std::shared_ptr<arrow::Schema>& schema) {
  std::vector<std::unique_ptr<Transform>> steps;
  if (predicate == nullptr) return steps;
  ARROW_ASSIGN_OR_RAISE(auto bound, expr::Bind(predicate, *schema));
  steps.push_back(std::make_unique<FilterTransform>("filter", std::move(bound), schema));
  return steps;
}

Result<int64_t> Scan(const Job& job, RunMemory* memory, int64_t batch_bytes) {
  Cancellation cancellation;
  ARROW_ASSIGN_OR_RAISE(auto pool, memory->MakePool("source", 0));
  ARROW_ASSIGN_OR_RAISE(auto steps_pool, memory->MakePool("steps", 0));
  ScanContext context;
  context.env = Env::Default();
  context.pool = pool.get();
  context.cancellation = &cancellation;
  context.threads = job.threads;
  context.batch_bytes = batch_bytes;
  if (job.kind == "aside") context.bad_rows = BadRows::kQuarantine;
  InputSpec input;
  input.paths = {job.path};
  for (const std::string& part : SplitList(job.types)) {
    const size_t colon = part.find(':');
    input.csv.types.emplace_back(part.substr(0, colon), part.substr(colon + 1));
  }
  ARROW_ASSIGN_OR_RAISE(auto scan, OpenScan(input, context));
  ScanRequest request;
  request.columns = SplitList(job.columns);
  request.all_columns = request.columns.empty();
  if (!job.predicate.empty()) {
    ARROW_ASSIGN_OR_RAISE(request.predicate, expr::Parse(job.predicate));
  }
  ARROW_ASSIGN_OR_RAISE(auto schema, scan->Type(request));
  ARROW_ASSIGN_OR_RAISE(auto steps, FilterSteps(request.predicate, schema));
  ARROW_RETURN_NOT_OK(pool->RaiseFloor(scan->needs(batch_bytes).FloorBytes(job.threads)));
  ARROW_ASSIGN_OR_RAISE(auto source, scan->Start(batch_bytes));
  DiscardingSink sink;
  DiscardingSink quarantine;
  PipelineOptions options;
  options.quarantine = &quarantine;
  options.threads = job.threads;
  options.pool = steps_pool.get();
  PipelineCounters counters;
  std::vector<StageReport> stages;
  ARROW_RETURN_NOT_OK(
      RunPipeline(source.get(), steps, &sink, options, &cancellation, &counters, &stages));
  return counters.rows_to_sink.load();
}

// Workers that call `work` until it says that there is no more.
Status WithWorkers(int threads, const std::function<Status()>& work) {
  std::vector<Status> ends(static_cast<size_t>(threads));
  std::vector<std::thread> workers;
  for (Status& end : ends) {
    if (!StartThread(&workers, [&work, &end] { end = work(); })) end = work();
  }
  for (auto& worker : workers) worker.join();
  for (const Status& end : ends) ARROW_RETURN_NOT_OK(end);
  return Status::OK();
}

// The file's bytes copied into blocks, and nothing done with them.
Result<int64_t> Copy(const Job& job, int64_t batch_bytes, arrow::MemoryPool* pool) {
  ARROW_ASSIGN_OR_RAISE(auto file, Env::Default()->OpenForRead(job.path));
  std::atomic<int64_t> offset{0};
  ARROW_RETURN_NOT_OK(WithWorkers(job.threads, [&]() -> Status {
    ARROW_ASSIGN_OR_RAISE(auto block, TextBlock::Make(batch_bytes, pool));
    while (true) {
      const int64_t at = offset.fetch_add(batch_bytes);
      ARROW_ASSIGN_OR_RAISE(const int64_t length, file->ReadAt(at, batch_bytes, block->text()));
      if (length == 0) return Status::OK();
    }
  }));
  return 0;
}

// Blocks as the source cuts them, and the place of every field in them. Returns the records.
Result<int64_t> Index(const Job& job, int64_t batch_bytes, arrow::MemoryPool* pool) {
  ARROW_ASSIGN_OR_RAISE(
      auto text, TextInput::Make(job.path, -1, std::nullopt, {Env::Default(), pool, "", nullptr}));
  BlockLimits limits;
  limits.block_bytes = batch_bytes;
  BlockReader reader({{std::move(text), 0, 1}}, Dialect(), limits, TextInput::Pass::kLast, pool);
  const IndexLimits index_limits = LimitsForBatches(batch_bytes, 50'000, 1);
  std::atomic<int64_t> records{0};
  ARROW_RETURN_NOT_OK(WithWorkers(job.threads, [&]() -> Status {
    while (true) {
      int64_t sequence = 0;
      ARROW_ASSIGN_OR_RAISE(auto block, reader.Next(&sequence));
      if (block == nullptr) return Status::OK();
      const auto fields = static_cast<int>(block->scan.fields / block->scan.records);
      RecordIndexer indexer(block.get(), Dialect(), fields, index_limits);
      RecordRange range;
      while (true) {
        ARROW_ASSIGN_OR_RAISE(const bool more, indexer.Next(&range));
        if (!more) break;
        records.fetch_add(range.rows, std::memory_order_relaxed);
      }
      reader.Recycle(std::move(block));
    }
  }));
  return records.load();
}

Status RunJob(const Job& job) {
  ARROW_RETURN_NOT_OK(PrepareProcess(ProcessOwner::kCommand));
  ResourceSpec resources;
  resources.memory = job.memory;
  resources.threads = job.threads;
  ARROW_ASSIGN_OR_RAISE(BudgetSettings settings, ResolveBudget(resources, job.threads));
  settings.slack_bytes = SlackBytes(job.threads);
  RunMemory memory(std::move(settings));
  const int64_t batch_bytes = ChooseBatchBytes(memory.budget()->lendable_bytes(), job.threads);
  const CpuTimes before = ReadCpuTimes();
  int64_t count = 0;
  if (job.kind == "scan" || job.kind == "aside") {
    ARROW_ASSIGN_OR_RAISE(count, Scan(job, &memory, batch_bytes));
  } else {
    ARROW_ASSIGN_OR_RAISE(auto pool, memory.MakePool("blocks", 0));
    ARROW_ASSIGN_OR_RAISE(count, job.kind == "copy" ? Copy(job, batch_bytes, pool.get())
                                                    : Index(job, batch_bytes, pool.get()));
  }
  const CpuTimes after = ReadCpuTimes();
  ARROW_ASSIGN_OR_RAISE(const ProcessMemory memory_now, ReadProcessMemory());
  fmt::print(R"({{"count": {}, "user": {:.3f}, "system": {:.3f}, "peak": {}, "batch_bytes": {}}})"
             "\n",
             count, after.user_seconds - before.user_seconds,
             after.system_seconds - before.system_seconds, memory_now.rss_peak_bytes, batch_bytes);
  return Status::OK();
}

}  // namespace
}  // namespace headrace

int main(int argc, char** argv) {
  if (argc < 5) {
    fmt::print(stderr,
               "usage: {} FILE scan|aside|copy|index THREADS MEMORY [TYPES [COLUMNS [WHERE]]]\n",
               argv[0]);
    return 2;
  }
  headrace::Job job;
  job.path = argv[1];
  job.kind = argv[2];
  job.threads = std::stoi(argv[3]);
  job.memory = argv[4];
  if (argc > 5) job.types = argv[5];
  if (argc > 6) job.columns = argv[6];
  if (argc > 7) job.predicate = argv[7];
  const arrow::Status status = headrace::RunJob(job);
  if (status.ok()) return 0;
  fmt::print(stderr, "{}\n", status.message());
  return 1;
}
