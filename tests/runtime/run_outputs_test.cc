// Runs with several outputs: the same rows everywhere, published together.
#include "runtime/run_outputs.h"

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>

#include <filesystem>

#include "runtime/job_run.h"
#include "support/temporary_directory.h"

namespace headrace {
namespace {

using ::testing::HasSubstr;

// Another reader's batches, and a call when they are at their end.
class ThenCall : public arrow::RecordBatchReader {
 public:
  ThenCall(std::shared_ptr<arrow::RecordBatchReader> inner, std::function<void()> call)
      : inner_(std::move(inner)), call_(std::move(call)) {}
  std::shared_ptr<arrow::Schema> schema() const override { return inner_->schema(); }
  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    ARROW_RETURN_NOT_OK(inner_->ReadNext(batch));
    if (*batch == nullptr) std::exchange(call_, [] {})();
    return arrow::Status::OK();
  }

 private:
  std::shared_ptr<arrow::RecordBatchReader> inner_;
  std::function<void()> call_;
};

class RunOutputsTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(PrepareProcess(ProcessOwner::kHost).ok()); }

  // Rows (n, key) into a partitioned dataset, one without partitions, and a file.
  JobSpec Job(int64_t rows, WriteMode mode = WriteMode::kOverwrite) {
    arrow::Int64Builder numbers;
    arrow::Int64Builder keys;
    for (int64_t n = 0; n < rows; ++n) {
      EXPECT_TRUE(numbers.Append(n).ok() && keys.Append(n * 7919 % 13).ok());
    }
    const auto table = arrow::Table::Make(
        arrow::schema({arrow::field("n", arrow::int64()), arrow::field("key", arrow::int64())}),
        {numbers.Finish().ValueOrDie(), keys.Finish().ValueOrDie()});
    auto reader = std::make_shared<arrow::TableBatchReader>(table);
    reader->set_chunksize(20'000);
    JobSpec job;
    job.inputs.resize(1);
    job.inputs[0].stream = reader;
    job.output.path = PathOf("keys");
    job.output.partition_by = {"KEY"};
    job.output.mode = mode;
    job.output.durable = false;
    job.more_outputs = {job.output, job.output};
    job.more_outputs[0].path = PathOf("all");
    job.more_outputs[0].partition_by = {};
    job.more_outputs[1].path = PathOf("one.parquet");
    job.more_outputs[1].partition_by = {};
    job.resources.threads = 2;
    return job;
  }
  std::string PathOf(const std::string& name) const { return directory_.path() + "/" + name; }

  static Status Run(const JobSpec& job, RunReport* report = nullptr) {
    JobRun run(job);
    const Status status = run.Execute();
    if (report != nullptr) *report = run.report();
    return status;
  }

  static void AddFile(const std::filesystem::path& path, int64_t* rows, int64_t* sum) {
    if (path.extension() != ".parquet") return;
    auto file = arrow::io::ReadableFile::Open(path).ValueOrDie();
    auto reader = parquet::arrow::OpenFile(file, arrow::system_memory_pool()).ValueOrDie();
    std::shared_ptr<arrow::Table> table;
    ASSERT_TRUE(reader->ReadTable().Value(&table).ok());
    *rows += table->num_rows();
    for (const auto& chunk : table->GetColumnByName("n")->chunks()) {
      const auto& numbers = static_cast<const arrow::Int64Array&>(*chunk);
      for (int64_t i = 0; i < numbers.length(); ++i) *sum += numbers.Value(i);
    }
  }
  void ExpectEverywhere(int64_t count) {
    for (const char* name : {"keys", "all", "one.parquet"}) {
      int64_t rows = 0;
      int64_t sum = 0;
      if (std::filesystem::is_directory(PathOf(name))) {
        for (const auto& entry : std::filesystem::recursive_directory_iterator(PathOf(name))) {
          AddFile(entry.path(), &rows, &sum);
        }
      } else {
        AddFile(PathOf(name), &rows, &sum);
      }
      EXPECT_EQ(rows, count) << name;
      EXPECT_EQ(sum, count * (count - 1) / 2) << name;
    }
  }
  // What stands in the directory, without side directories that hold nothing but their history.
  std::vector<std::string> Names() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
      const std::string name = entry.path().filename();
      if (!name.starts_with(".")) {
        names.push_back(name);
        continue;
      }
      if (!entry.is_directory()) names.push_back(name);
      if (!entry.is_directory()) continue;
      for (const auto& inner : std::filesystem::directory_iterator(entry.path())) {
        const std::string part = inner.path().filename();
        if (part != "ledger" && part != "lock") names.push_back(name + "/" + part);
      }
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  TemporaryDirectory directory_;
};

TEST_F(RunOutputsTest, EveryOutputGetsTheSameRows) {
  // Plenty first, then little above what this process holds anyway (more under a sanitizer).
  std::string memory = "1GiB";
  for (int round = 0; round < 2; ++round) {
    RunReport report;
    for (const int threads : {1, 2}) {
      JobSpec job = Job(200'000);
      job.resources.memory = memory;
      job.resources.threads = threads;
      const Status status = Run(job, &report);
      ASSERT_TRUE(status.ok()) << status;
      ExpectEverywhere(200'000);
      ASSERT_EQ(report.outputs.size(), 3U);
      EXPECT_EQ(report.rows_out, 200'000);
      EXPECT_EQ(report.outputs[0].partitions, 13);
      for (const OutputReport& output : report.outputs) {
        EXPECT_EQ(output.rows, 200'000);
        EXPECT_GT(output.bytes, 0);
      }
      EXPECT_EQ(Names(), (std::vector<std::string>{"all", "keys", "one.parquet"}));
    }
    memory = fmt::format("{}MiB", (report.memory.base_bytes >> 20) + 100);
  }
}

TEST_F(RunOutputsTest, OneThatCannotBePublishedKeepsTheOthersAsTheyAre) {
  ASSERT_TRUE(Run(Job(1000)).ok());
  JobSpec job = Job(5000);
  job.more_outputs[1].mode = WriteMode::kCreate;
  const Status refused = Run(job);
  EXPECT_EQ(GetErrorKind(refused), ErrorKind::kSink) << refused;
  ExpectEverywhere(1000);
  // Found only when all is written: another program takes the name while the run lasts.
  std::filesystem::remove(PathOf("one.parquet"));
  JobSpec late = Job(5000);
  late.more_outputs[1].mode = WriteMode::kCreate;
  late.inputs[0].stream = std::make_shared<ThenCall>(late.inputs[0].stream, [&] {
    const auto old_file = std::filesystem::directory_iterator(PathOf("all"))->path();
    std::filesystem::copy_file(old_file, PathOf("one.parquet"));
  });
  const Status raced = Run(late);
  EXPECT_EQ(GetErrorCode(raced), 610) << raced;
  ExpectEverywhere(1000);
  EXPECT_EQ(Names(), (std::vector<std::string>{"all", "keys", "one.parquet"}));
}

TEST_F(RunOutputsTest, OutputsThatLieInEachOtherAreRefused) {
  JobSpec same = Job(100);
  same.more_outputs[0].path = PathOf("keys");
  Status status = Run(same);
  EXPECT_EQ(GetErrorCode(status), 159) << status;
  EXPECT_THAT(status.message(), HasSubstr("name other paths"));
  std::filesystem::create_directory(PathOf("keys"));
  JobSpec inside = Job(100);
  inside.more_outputs[1].path = PathOf("keys/one.parquet");
  status = Run(inside);
  EXPECT_EQ(GetErrorCode(status), 159) << status;
}

TEST_F(RunOutputsTest, ARunIdIsPublishedOnceForAllOutputs) {
  JobSpec job = Job(1000);
  job.more_outputs.pop_back();  // a file has no ledger
  job.run_id = "nightly-1";
  RunReport report;
  ASSERT_TRUE(Run(job, &report).ok());
  JobSpec again = Job(2000);
  again.more_outputs.pop_back();
  again.run_id = "nightly-1";
  ASSERT_TRUE(Run(again, &report).ok());
  EXPECT_EQ(report.status, "already published");
  ASSERT_EQ(report.outputs.size(), 2U);
  EXPECT_EQ(report.outputs[1].rows, 1000);
  JobSpec other = Job(2000);
  other.more_outputs.pop_back();
  other.more_outputs[0].path = PathOf("elsewhere");
  other.run_id = "nightly-1";
  const Status status = Run(other);
  EXPECT_EQ(GetErrorCode(status), 158) << status;
}

}  // namespace
}  // namespace headrace
