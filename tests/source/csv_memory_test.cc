// The reader inside its floor: what needs() says is enough, and everything comes from the pool.
#include <gtest/gtest.h>

#include <random>

#include "base/units.h"
#include "memory/stage_pool.h"
#include "source/csv_reading.h"

namespace headrace {
namespace {

struct PoolRun {
  Status status;
  int64_t rows = 0;
  int64_t floor_bytes = 0;
  int64_t peak_bytes = 0;
};

// Reads with a budget of exactly the scan's floor; batches are dropped as they come.
PoolRun ReadWithinFloor(const std::string& path, ReadSettings settings, int64_t extra_bytes = 0) {
  PoolRun run;
  run.floor_bytes = CsvNeeds(settings.batch_bytes).FloorBytes(settings.threads);
  BudgetSettings budget_settings;
  budget_settings.total_bytes = run.floor_bytes + extra_bytes;
  budget_settings.origin = "test";
  MemoryBudget budget(budget_settings);
  ExtentAllocator extents(budget.lendable_bytes(), budget.lendable_bytes());
  auto pool = StagePool::Make(&budget, &extents, "source csv", run.floor_bytes).ValueOrDie();
  settings.pool = pool.get();
  const auto read = [&]() -> Status {
    ARROW_ASSIGN_OR_RAISE(auto stat, Env::Default()->Stat(path));
    ARROW_ASSIGN_OR_RAISE(
        auto scan, OpenCsvScan({{path, stat->size_bytes}}, settings.csv, TestContext(settings)));
    ARROW_ASSIGN_OR_RAISE(auto source, TypeAndStart(scan.get(), {}, settings.batch_bytes));
    std::atomic<int64_t> rows{0};
    std::vector<std::thread> workers;
    std::mutex mutex;
    Status failure;
    for (int i = 0; i < settings.threads; ++i) {
      workers.emplace_back([&] {
        while (true) {
          auto next = source->Next();
          Status status = next.status();
          if (status.ok() && *next == nullptr) return;
          if (status.ok()) {
            status = source->Read(next.MoveValueUnsafe(), [&](Batch batch) {
              rows += batch.rows();
              return Status::OK();
            });
          }
          if (status.ok()) continue;
          std::lock_guard lock(mutex);
          if (failure.ok()) failure = status;
          return;
        }
      });
    }
    for (auto& worker : workers) worker.join();
    run.rows = rows;
    return failure;
  };
  run.status = read();
  run.peak_bytes = pool->max_memory();
  EXPECT_EQ(pool->bytes_allocated(), 0);
  return run;
}

std::string RepeatRows(const std::string& header, const std::function<std::string(int)>& row,
                       int rows) {
  std::string text = header;
  for (int i = 0; i < rows; ++i) text += row(i);
  return text;
}

TEST(CsvMemory, StaysInsideItsFloorForAnyShape) {
  std::string many_columns = "c0";
  for (int i = 1; i < 40; ++i) many_columns += ",c" + std::to_string(i);
  const std::string empty_fields(39, ',');
  const std::vector<std::pair<std::string, std::string>> shapes = {
      {"digits", RepeatRows(
                     "a,b,c\n", [](int i) { return std::to_string(i % 10) + ",1,2\n"; }, 400'000)},
      {"empty", RepeatRows(
                    many_columns + "\n", [&](int i) { return empty_fields + "\n"; }, 40'000)},
      {"strings",
       RepeatRows(
           "a,b\n", [](int i) { return "x" + std::string(i % 90, 'y') + ",\"q\"\"" + "\"\n"; },
           60'000)},
      {"one column", RepeatRows(
                         "a\n", [](int i) { return i % 7 == 0 ? "\n" : "5\n"; }, 900'000)},
      {"long", RepeatRows(
                   "a,b\n", [](int i) { return std::string(20'000, 'z') + ",1\n"; }, 150)},
  };
  for (const auto& [name, text] : shapes) {
    const std::string path = WriteTestFile("memory.csv", text);
    for (const int64_t batch_bytes : {64 * kKiB, 256 * kKiB, 1 * kMiB}) {
      for (const int threads : {1, 4}) {
        ReadSettings settings;
        settings.batch_bytes = batch_bytes;
        settings.threads = threads;
        const PoolRun run = ReadWithinFloor(path, settings);
        EXPECT_TRUE(run.status.ok())
            << name << " " << batch_bytes << " " << threads << " " << run.status;
        EXPECT_LE(run.peak_bytes, run.floor_bytes) << name;
        EXPECT_GT(run.rows, 100) << name;
      }
    }
    std::remove(path.c_str());
  }
}

TEST(CsvMemory, ARecordAboveTheBudgetIsRefusedWithItsPlace) {
  const std::string path =
      WriteTestFile("memory.csv", "a,b\n1,2\n" + std::string(40'000'000, 'x') + ",3\n4,5\n");
  ReadSettings settings;
  settings.csv.header = true;
  settings.batch_bytes = 256 * kKiB;
  const PoolRun small = ReadWithinFloor(path, settings, 16 * kMiB);
  EXPECT_EQ(GetErrorKind(small.status), ErrorKind::kOutOfMemory) << small.status;
  EXPECT_NE(small.status.message().find(":3 (byte 8): one record is longer than"),
            std::string::npos)
      << small.status;
  const PoolRun large = ReadWithinFloor(path, settings, 200 * kMiB);
  EXPECT_TRUE(large.status.ok()) << large.status;
  EXPECT_EQ(large.rows, 3);
  std::remove(path.c_str());
}

// Room for one such record as text and as a value, not for two.
TEST(CsvMemory, HugeRecordsAreReadOneAtATime) {
  std::string text = "a,b\n";
  for (int i = 0; i < 8; ++i) {
    text += "\"" + std::string(6'000'000, static_cast<char>('a' + i)) + "\n\"," + std::to_string(i);
    text += "\n1,2\n";
  }
  const std::string path = WriteTestFile("memory.csv", text);
  for (const int threads : {1, 4}) {
    ReadSettings settings;
    settings.batch_bytes = 64 * kKiB;
    settings.threads = threads;
    const PoolRun run = ReadWithinFloor(path, settings, 20 * kMiB);
    EXPECT_TRUE(run.status.ok()) << threads << " threads: " << run.status;
    EXPECT_EQ(run.rows, 16);
  }
  std::remove(path.c_str());
}

}  // namespace
}  // namespace headrace
