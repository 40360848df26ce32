// The CSV reader's kernels: structure scan, index, and conversion of one column, in bytes of text
// per second.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "source/csv/column_converter.h"
#include "source/csv/record_index.h"
#include "source/csv/type_guess.h"

namespace headrace {
namespace {

// About a megabyte of records like those of an order system.
std::string OrderText() {
  std::string text;
  for (int i = 0; text.size() < (1 << 20) - 200; ++i) {
    text += fmt::format(
        "{},{},{},{}.{:02},0.0{},N,1996-{:02}-{:02},TRUCK,\"quick requests, number {}\"\n", i / 4,
        i * 7919 % 200'000, i % 7 + 1, i * 31 % 90'000, i % 100, i % 9, i % 12 + 1, i % 28 + 1,
        i % 977);
  }
  return text;
}
constexpr int kColumns = 9;

std::unique_ptr<TextBlock> OrderBlock() {
  const std::string text = OrderText();
  auto block =
      TextBlock::Make(static_cast<int64_t>(text.size()), arrow::default_memory_pool()).ValueOrDie();
  std::copy(text.begin(), text.end(), block->text());
  block->scan =
      ScanStructure(block->text(), static_cast<int64_t>(text.size()), Dialect(), block->bits());
  return block;
}

void ScanWith(benchmark::State& state, StructureScanner scanner) {
  auto block = OrderBlock();
  const int64_t length = block->scan.record_end;
  for (auto _ : state)
    benchmark::DoNotOptimize(scanner(block->text(), length, Dialect(), block->bits()));
  state.SetBytesProcessed(state.iterations() * length);
}
BENCHMARK_CAPTURE(ScanWith, portable, ScanStructurePortable);
BENCHMARK_CAPTURE(ScanWith, best, BestParityScanner());
BENCHMARK_CAPTURE(ScanWith, state_machine, ScanStructureByState);

RecordRange IndexWhole(TextBlock* block) {
  IndexLimits limits;
  limits.rows_max = 1 << 20;
  limits.positions_max = 1 << 24;
  RecordIndexer indexer(block, Dialect(), kColumns, limits);
  RecordRange range;
  if (!indexer.Next(&range).ValueOr(false)) std::abort();
  return range;
}

void BuildIndex(benchmark::State& state) {
  auto block = OrderBlock();
  for (auto _ : state) benchmark::DoNotOptimize(IndexWhole(block.get()));
  state.SetBytesProcessed(state.iterations() * block->scan.record_end);
}
BENCHMARK(BuildIndex);

void ConvertColumn(benchmark::State& state, int column,
                   const std::shared_ptr<arrow::DataType>& type) {
  auto block = OrderBlock();
  const RecordRange range = IndexWhole(block.get());
  const auto converter = MakeColumnConverter(type, Dialect(), NullRule()).ValueOrDie();
  for (auto _ : state) {
    BadField bad;
    benchmark::DoNotOptimize(
        converter->Convert(range, column, arrow::default_memory_pool(), &bad).ValueOrDie());
  }
  state.SetItemsProcessed(state.iterations() * range.rows);
}
BENCHMARK_CAPTURE(ConvertColumn, int64, 1, arrow::int64());
BENCHMARK_CAPTURE(ConvertColumn, decimal, 3, arrow::decimal128(12, 2));
BENCHMARK_CAPTURE(ConvertColumn, double, 3, arrow::float64());
BENCHMARK_CAPTURE(ConvertColumn, date, 6, arrow::date32());
BENCHMARK_CAPTURE(ConvertColumn, short_string, 7, arrow::utf8());
BENCHMARK_CAPTURE(ConvertColumn, quoted_string, 8, arrow::utf8());

}  // namespace
}  // namespace headrace
