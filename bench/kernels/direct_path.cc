// Small data of the program to an atomically published partitioned dataset: the latency of a whole
// run through the library.
#include <arrow/api.h>
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "headrace/run.h"

namespace headrace {
namespace {

std::shared_ptr<arrow::Table> MakeTable(int64_t rows, int64_t keys) {
  arrow::Int64Builder numbers;
  arrow::Int64Builder key_numbers;
  arrow::DoubleBuilder values;
  for (int64_t n = 0; n < rows; ++n) {
    (void)numbers.Append(n);
    (void)key_numbers.Append(n % keys);
    (void)values.Append(static_cast<double>(n) * 0.5);
  }
  return arrow::Table::Make(
      arrow::schema({arrow::field("n", arrow::int64()), arrow::field("k", arrow::int64()),
                     arrow::field("v", arrow::float64())}),
      {numbers.Finish().ValueOrDie(), key_numbers.Finish().ValueOrDie(),
       values.Finish().ValueOrDie()});
}

// Arguments: rows, partitions, 1 = durable.
void BM_DirectPath(benchmark::State& state) {
  const arrow::Status prepared = InitializeProcess();
  if (!prepared.ok()) return state.SkipWithError(prepared.message().c_str());
  const auto table = MakeTable(state.range(0), state.range(1));
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("headrace-direct-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  int64_t count = 0;
  for (auto _ : state) {
    JobSpec job;
    job.inputs.resize(1);
    job.inputs[0].stream = std::make_shared<arrow::TableBatchReader>(table);
    job.output.path = folder / std::to_string(count++);
    job.output.partition_by = {"k"};
    job.output.durable = state.range(2) == 1;
    job.resources.memory = "512MiB";
    const RunOutcome outcome = RunJob(job);
    if (!outcome.status.ok()) return state.SkipWithError(outcome.status.message().c_str());
    if (outcome.report.mode != "direct") return state.SkipWithError("not a direct run");
    state.PauseTiming();
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    state.ResumeTiming();
  }
  std::filesystem::remove_all(folder);
}
BENCHMARK(BM_DirectPath)
    ->Args({1000, 1, 0})
    ->Args({1000, 10, 0})
    ->Args({50'000, 1, 0})
    ->Args({1000, 1, 1})
    ->Args({50'000, 1, 1})
    ->Repetitions(9)
    ->ReportAggregatesOnly()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace headrace
