// Whole runs inside this process: data of the program as input, budgets that are lowered while a
// run lasts, and refused grows at every point.
#include "runtime/job_run.h"

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <arrow/util/iterator.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>

#include <filesystem>
#include <random>

#include "base/units.h"
#include "support/random_batch.h"
#include "support/temporary_directory.h"

namespace headrace {
namespace {

using ::testing::HasSubstr;

// Rows (n, key, text); the keys are spread so that every partition gets rows all the time.
std::shared_ptr<arrow::Table> MakeTable(int64_t rows, int64_t keys) {
  arrow::Int64Builder numbers;
  arrow::Int64Builder key_numbers;
  arrow::StringBuilder texts;
  for (int64_t n = 0; n < rows; ++n) {
    EXPECT_TRUE(numbers.Append(n).ok());
    EXPECT_TRUE(key_numbers.Append(n * 7919 % keys).ok());
    EXPECT_TRUE(texts.Append(fmt::format("text {} of a row", n * 31 % 100'003)).ok());
  }
  return arrow::Table::Make(
      arrow::schema({arrow::field("n", arrow::int64()), arrow::field("key", arrow::int64()),
                     arrow::field("text", arrow::utf8())}),
      {numbers.Finish().ValueOrDie(), key_numbers.Finish().ValueOrDie(),
       texts.Finish().ValueOrDie()});
}

class JobRunTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(PrepareProcess(ProcessOwner::kHost).ok()); }

  JobSpec Job(const std::shared_ptr<arrow::Table>& table, bool partitioned) {
    JobSpec job;
    InputSpec input;
    auto reader = std::make_shared<arrow::TableBatchReader>(table);
    reader->set_chunksize(20'000);
    input.stream = reader;
    job.inputs = {input};
    job.output.path = directory_.path() + "/out" + std::to_string(runs_++);
    job.output.mode = WriteMode::kOverwrite;
    job.output.durable = false;
    if (partitioned) job.output.partition_by = {"key"};
    job.resources.threads = 2;
    return job;
  }

  // The run is gone when this returns, and with it what it leaves to its end.
  Status Run(const JobSpec& job, JobControl control = {}, RunReport* report = nullptr) {
    JobRun run(job, std::move(control));
    const Status status = run.Execute();
    if (report != nullptr) *report = run.report();
    return status;
  }

  // Sum and count of n over every file of the output; -1 rows when there is none.
  std::pair<int64_t, int64_t> Read(const std::string& path) {
    int64_t rows = 0;
    int64_t sum = 0;
    if (!std::filesystem::exists(path)) return {-1, 0};
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
      if (entry.path().extension() != ".parquet") continue;
      auto file = arrow::io::ReadableFile::Open(entry.path()).ValueOrDie();
      auto reader = parquet::arrow::OpenFile(file, arrow::system_memory_pool()).ValueOrDie();
      std::shared_ptr<arrow::Table> table;
      EXPECT_TRUE(reader->ReadTable().Value(&table).ok());
      rows += table->num_rows();
      for (const auto& chunk : table->GetColumnByName("n")->chunks()) {
        const auto& numbers = static_cast<const arrow::Int64Array&>(*chunk);
        for (int64_t i = 0; i < numbers.length(); ++i) sum += numbers.Value(i);
      }
    }
    return {rows, sum};
  }

  std::vector<std::string> Leftovers(const std::string& path) {
    std::vector<std::string> left;
    const std::string side =
        directory_.path() + "/." + path.substr(path.rfind('/') + 1) + ".headrace";
    if (!std::filesystem::exists(side)) return left;
    for (const auto& entry : std::filesystem::directory_iterator(side)) {
      const std::string name = entry.path().filename();
      if (name.starts_with("txn-") || name == "spill") left.push_back(name);
    }
    return left;
  }

  TemporaryDirectory directory_;
  int runs_ = 0;
};

TEST_F(JobRunTest, DataOfTheProgramIsPublishedDirectly) {
  for (const bool partitioned : {false, true}) {
    JobSpec job = Job(MakeTable(10'000, 5), partitioned);
    job.steps.push_back({FilterStep{"n >= 10"}, ""});
    job.resources.memory = "512MiB";
    JobRun run(job);
    const Status status = run.Execute();
    ASSERT_TRUE(status.ok()) << status;
    EXPECT_EQ(run.report().mode, "direct") << run.report().mode_reason;
    EXPECT_EQ(run.report().rows_in, 10'000);
    EXPECT_EQ(run.report().rows_filtered, 10);
    const auto [rows, sum] = Read(job.output.path);
    EXPECT_EQ(rows, 9'990);
    EXPECT_EQ(sum, 10'000LL * 9'999 / 2 - 45);
  }
}

TEST_F(JobRunTest, AStreamOfUnknownLengthStreams) {
  const JobSpec job = Job(MakeTable(100'000, 5), true);
  JobRun run(job);
  ASSERT_TRUE(run.Execute().ok());
  EXPECT_EQ(run.report().mode, "streaming");
  EXPECT_THAT(run.report().mode_reason, HasSubstr("not known"));
  EXPECT_EQ(Read(job.output.path).first, 100'000);
}

// Where the threads and morsels first chosen do not fit, less of both is taken without reading the
// input again: a stream is accepted like a file, loses no rows, and once accepted stays so.
TEST_F(JobRunTest, AStreamIsAdmittedWithLess) {
  const auto table = MakeTable(30'000, 3);
  int published = 0;
  for (int64_t mib = 14; mib <= 40; ++mib) {
    JobSpec job = Job(table, true);
    job.resources.memory = fmt::format("{}", ProcessBaseBytes() + mib * kMiB);
    const Status status = Run(job);
    const int64_t rows = Read(job.output.path).first;
    if (status.ok()) {
      ++published;
      EXPECT_EQ(rows, 30'000) << mib;
    } else {
      EXPECT_EQ(GetErrorKind(status), ErrorKind::kOutOfMemory) << status;
      EXPECT_EQ(rows, -1) << mib;
      EXPECT_EQ(published, 0) << "accepted with less than " << mib << " MiB above the base";
    }
    std::filesystem::remove_all(job.output.path);
  }
  EXPECT_GT(published, 0);
}

TEST_F(JobRunTest, ARunThatWouldBeginAtCriticalPressureIsRefused) {
  JobSpec job = Job(MakeTable(200'000, 3), true);
  job.resources.pressure = {1e-6, 2e-6, 3e-6};
  const Status status = Run(job);
  EXPECT_EQ(GetErrorCode(status), 709) << status;
  EXPECT_EQ(Read(job.output.path).first, -1);
}

TEST_F(JobRunTest, AFailingStreamAndDoubleNamesAreToldAndLeaveNothing) {
  const auto schema = arrow::schema({arrow::field("n", arrow::int64())});
  auto broken = arrow::RecordBatchReader::MakeFromIterator(
                    arrow::MakeErrorIterator<std::shared_ptr<arrow::RecordBatch>>(
                        Status::IOError("the wire was cut")),
                    schema)
                    .ValueOrDie();
  JobSpec job = Job(MakeTable(1, 1), false);
  job.inputs[0].stream = broken;
  const Status status = Run(job);
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kSource);
  EXPECT_THAT(status.message(), HasSubstr("the wire was cut"));
  EXPECT_EQ(Read(job.output.path).first, -1);

  const auto twice =
      arrow::schema({arrow::field("n", arrow::int64()), arrow::field("n", arrow::utf8())});
  job.inputs[0].stream = arrow::RecordBatchReader::Make({}, twice).ValueOrDie();
  EXPECT_EQ(GetErrorKind(Run(job)), ErrorKind::kBadInput);
}

// Right, or a typed refusal with nothing published: never anything else.
TEST_F(JobRunTest, ALoweredBudgetIsObeyedOrRefused) {
  constexpr int64_t kRows = 150'000;
  const auto table = MakeTable(kRows, 40);
  const int64_t sum = kRows * (kRows - 1) / 2;
  std::mt19937_64 random(testing::TestSeed());
  int published = 0;
  int lowered = 0;
  // Under a sanitizer a run takes ten times as long, and the process alone more than 100 MiB: 40 %
  // of everything would be below every floor, so there it is 40 % of what is above the base.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
  constexpr int kRuns = 12;
  const int64_t kept_bytes = ProcessBaseBytes();
#else
  constexpr int kRuns = 100;
  const int64_t kept_bytes = 0;
#endif
  for (int i = 0; i < kRuns; ++i) {
    JobSpec job = Job(table, i % 4 != 0);
    const int64_t budget = ProcessBaseBytes() + (40 + static_cast<int64_t>(random() % 60)) * kMiB;
    job.resources.memory = fmt::format("{}", budget);
    job.resources.shuffle_seed = 1 + random();
    job.resources.batch_bytes = 16 << 10;  // many morsels with a pause each: time to be looked at
    const int64_t lowered_budget = kept_bytes + (budget - kept_bytes) * 6 / 10;
    std::atomic<int64_t> wish{0};
    const int64_t at_rows = static_cast<int64_t>(random() % (kRows / 2));
    JobControl control;
    control.budget_bytes = &wish;
    control.on_snapshot = [&](const RunSnapshot& snapshot) {
      if (snapshot.phase == std::string("converting")) {
        EXPECT_GT(snapshot.accounted_bytes, 0);
        EXPECT_GE(snapshot.active_threads, 1);
      }
      if (snapshot.rows >= at_rows) wish = lowered_budget;
    };
    RunReport report;
    const Status status = Run(job, control, &report);
    const auto& actions = report.memory.actions;
    lowered += std::any_of(actions.begin(), actions.end(),
                           [](const auto& action) { return action.what == "lower the budget"; });
    const auto [rows, found] = Read(job.output.path);
    if (status.ok()) {
      ++published;
      EXPECT_EQ(rows, kRows) << "run " << i;
      EXPECT_EQ(found, sum) << "run " << i;
    } else {
      EXPECT_EQ(GetErrorKind(status), ErrorKind::kOutOfMemory) << "run " << i << ": " << status;
      EXPECT_EQ(rows, -1) << "run " << i << ": published although refused";
    }
    EXPECT_THAT(Leftovers(job.output.path), ::testing::IsEmpty()) << "run " << i;
    std::filesystem::remove_all(job.output.path);
  }
  EXPECT_GT(published, kRuns / 4);
  EXPECT_GT(lowered, 0) << "every run ends before the budget is lowered";
}

TEST_F(JobRunTest, EveryRefusedGrowIsAnErrorOrNoMatter) {
  constexpr int64_t kRows = 30'000;
  const auto table = MakeTable(kRows, 6);
  for (const bool partitioned : {false, true}) {
    int refused = 0;
    for (int64_t grow = 1;; grow += 1 + grow / 8) {
      JobSpec job = Job(table, partitioned);
      job.resources.memory = "256MiB";
      JobControl control;
      control.refused_grow = grow;
      RunReport report;
      const Status status = Run(job, control, &report);
      const auto [rows, sum] = Read(job.output.path);
      if (status.ok()) {
        EXPECT_EQ(rows, kRows) << "grow " << grow;
        EXPECT_EQ(sum, kRows * (kRows - 1) / 2) << "grow " << grow;
        if (report.memory.refused_grants == 0) break;  // no grow has this number
      } else {
        ++refused;
        EXPECT_EQ(GetErrorKind(status), ErrorKind::kOutOfMemory) << grow << ": " << status;
        EXPECT_EQ(rows, -1) << "grow " << grow;
      }
      EXPECT_THAT(Leftovers(job.output.path), ::testing::IsEmpty()) << "grow " << grow;
      std::filesystem::remove_all(job.output.path);
    }
    EXPECT_GT(refused, 0);
  }
}

}  // namespace
}  // namespace headrace
