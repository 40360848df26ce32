#include "fuzz/scan_reading.h"

#include <arrow/array.h>

#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "fuzz/fuzz_check.h"
#include "source/scan.h"

namespace headrace::fuzz {
namespace {

constexpr int64_t kPoolBytes = 256 << 20;

void CheckColumn(const arrow::Array& column) {
  const Status valid = column.ValidateFull();
  FUZZ_CHECK(valid.ok(), "{}", valid.ToString());
}

// Role: takes every batch of a source, in input order, with several workers. Threads: its own.
class Draining {
 public:
  explicit Draining(Source* source) : source_(source) {}

  Result<std::shared_ptr<arrow::Table>> Run(int threads) {
    std::vector<std::thread> workers;
    for (int i = 1; i < threads; ++i) workers.emplace_back([this] { Work(); });
    Work();
    for (std::thread& worker : workers) worker.join();
    ARROW_RETURN_NOT_OK(failure_);
    std::vector<std::shared_ptr<arrow::RecordBatch>> all;
    for (auto& [sequence, batches] : batches_)
      all.insert(all.end(), batches.begin(), batches.end());
    for (const auto& batch : all) {
      for (const auto& column : batch->columns()) CheckColumn(*column);
      FUZZ_CHECK(batch->schema()->Equals(*source_->schema()), "{}", batch->schema()->ToString());
    }
    return arrow::Table::FromRecordBatches(source_->schema(), all);
  }

 private:
  void Work() {
    while (true) {
      auto next = source_->Next();
      if (next.ok() && *next == nullptr) return;
      Status status = next.status();
      if (status.ok()) {
        const int64_t sequence = (*next)->sequence;
        status = source_->Read(next.MoveValueUnsafe(), [&](Batch batch) {
          std::lock_guard lock(mutex_);
          batches_[sequence].push_back(std::move(batch.columns));
          return Status::OK();
        });
      }
      if (status.ok()) continue;
      std::lock_guard lock(mutex_);
      if (failure_.ok()) failure_ = status;
      source_->Stop();
      return;
    }
  }

  Source* const source_;
  std::mutex mutex_;
  std::map<int64_t, std::vector<std::shared_ptr<arrow::RecordBatch>>> batches_;
  Status failure_;
};

}  // namespace

Result<std::shared_ptr<arrow::Table>> ReadInput(MemoryEnv* env, const ScanSettings& settings,
                                                arrow::MemoryPool* pool) {
  Cancellation cancellation;
  ScanContext context;
  context.env = env;
  context.pool = pool;
  context.cancellation = &cancellation;
  context.threads = settings.threads;
  context.batch_bytes = settings.batch_bytes;
  context.chunk_rows = settings.chunk_rows;
  context.bad_rows = settings.bad_rows;
  InputSpec input;
  input.paths = {kInputPath};
  input.format = settings.format;
  input.csv = settings.csv;
  input.line_column = settings.line_column;
  ARROW_ASSIGN_OR_RAISE(auto scan, OpenScan(input, context));
  ARROW_RETURN_NOT_OK(scan->Type({}).status());
  ARROW_ASSIGN_OR_RAISE(auto source, scan->Start(settings.batch_bytes));
  return Draining(source.get()).Run(settings.threads);
}

bool SameRows(const arrow::Table& left, const arrow::Table& right) {
  if (!left.schema()->Equals(*right.schema()) || left.num_rows() != right.num_rows()) return false;
  const auto options = arrow::EqualOptions::Defaults().nans_equal(true);
  for (int i = 0; i < left.num_columns(); ++i) {
    if (!left.column(i)->Equals(*right.column(i), options)) return false;
  }
  return true;
}

ScanSettings WayToReadFrom(FuzzInput* input, ScanSettings settings) {
  settings.batch_bytes = input->Count(4096);
  const uint8_t rest = input->Byte();
  settings.chunk_rows = (rest & 1) != 0 ? 50'000 : 1 + (rest >> 4);
  settings.threads = (rest & 14) == 0 ? 2 : 1;  // seldom: threads are what costs most
  return settings;
}

void CheckBothReadingsOf(const std::string& format, FuzzInput input) {
  ScanSettings one, other;
  one.format = other.format = format;
  one.batch_bytes = input.Count(65'536);
  other.batch_bytes = input.Count(4096);
  other.chunk_rows = input.Count(16);
  CheckBothReadings(input.Rest(), one, other);
}

void CheckBothReadings(std::string_view text, const ScanSettings& one, const ScanSettings& other) {
  MemoryEnv env;
  env.SetFile(kInputPath, std::string(text));
  CountedPool pool(kPoolBytes);
  const auto first = ReadInput(&env, one, &pool);
  const auto second = ReadInput(&env, other, &pool);
  if (!first.ok()) CheckError(first.status());
  if (!second.ok()) CheckError(second.status());
  // Blocks of another size need another amount: where one does not fit, the other may.
  if (first.status().IsOutOfMemory() || second.status().IsOutOfMemory()) return;
  FUZZ_CHECK(first.ok() == second.ok(), "first {}, second {}", first.status().ToString(),
             second.status().ToString());
  if (!first.ok()) return;
  FUZZ_CHECK(SameRows(**first, **second), "first\n{}\nsecond\n{}", (*first)->ToString(),
             (*second)->ToString());
}

}  // namespace headrace::fuzz
