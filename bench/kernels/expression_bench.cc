// Rows per second of common expressions over one batch of 50,000 rows, the default chunk.
#include <arrow/api.h>
#include <arrow/compute/initialize.h>
#include <benchmark/benchmark.h>

#include <string>

#include "expr/expr.h"

namespace headrace {
namespace {

constexpr int64_t kRows = 50'000;

std::shared_ptr<arrow::RecordBatch> MakeBatch(arrow::MemoryPool* pool) {
  arrow::Int64Builder ids(pool);
  arrow::DoubleBuilder fares(pool);
  arrow::Date32Builder days(pool);
  arrow::StringBuilder cities(pool);
  for (int64_t row = 0; row < kRows; ++row) {
    ARROW_UNUSED(ids.Append(row));
    ARROW_UNUSED(row % 11 == 0 ? fares.AppendNull()
                               : fares.Append(static_cast<double>(row % 9973) / 100));
    ARROW_UNUSED(days.Append(static_cast<int32_t>(18'000 + row % 2'000)));
    ARROW_UNUSED(cities.Append("city " + std::to_string(row % 97)));
  }
  const auto schema =
      arrow::schema({arrow::field("id", arrow::int64()), arrow::field("fare", arrow::float64()),
                     arrow::field("day", arrow::date32()), arrow::field("city", arrow::utf8())});
  return arrow::RecordBatch::Make(schema, kRows,
                                  {ids.Finish().ValueOrDie(), fares.Finish().ValueOrDie(),
                                   days.Finish().ValueOrDie(), cities.Finish().ValueOrDie()});
}

void EvaluateText(benchmark::State& state, const std::string& text) {
  arrow::MemoryPool* pool = arrow::default_memory_pool();
  if (!arrow::compute::Initialize().ok()) return state.SkipWithError("no kernels");
  const auto batch = MakeBatch(pool);
  const auto bound = expr::Bind(expr::Parse(text).ValueOrDie(), *batch->schema()).ValueOrDie();
  for (auto _ : state) {
    auto result = expr::Evaluate(*bound, *batch, pool);
    if (!result.ok()) return state.SkipWithError(result.status().ToString().c_str());
    benchmark::DoNotOptimize(result);
  }
  state.SetItemsProcessed(state.iterations() * kRows);
}

BENCHMARK_CAPTURE(EvaluateText, comparison, "id >= 25000");
BENCHMARK_CAPTURE(EvaluateText, conjunction, "id >= 1000 AND fare < 50e0 AND city <> 'city 3'");
BENCHMARK_CAPTURE(EvaluateText, arithmetic, "fare * 1.1e0 + 3e0");
BENCHMARK_CAPTURE(EvaluateText, guarded_division, "CASE WHEN id <> 0 THEN fare / id END");
BENCHMARK_CAPTURE(EvaluateText, month_of_date, "date_trunc('month', day)");
BENCHMARK_CAPTURE(EvaluateText, like, "city LIKE '%7%'");

}  // namespace
}  // namespace headrace
