// Every grow of a reservation refused in turn, over whole pipelines: the run ends with the right
// rows or with a typed refusal, and leaves nothing behind. That the budget got everything back is
// checked by the budget itself when it dies.
#include <arrow/api.h>
#include <arrow/io/file.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>

#include <filesystem>
#include <random>

#include "base/units.h"
#include "pipeline/pipeline_file.h"
#include "runtime/job_run.h"
#include "support/golden.h"
#include "support/random_batch.h"
#include "support/temporary_directory.h"

namespace headrace {
namespace {

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
// A run takes ten times as long there.
int64_t NextGrow(int64_t grow) { return grow + 1 + grow / 3; }
#else
int64_t NextGrow(int64_t grow) { return grow + 1; }
#endif

// What stands at a target, whatever the order of its rows and the names of its files.
struct Answer {
  int64_t rows = -1;  // nothing is there
  uint64_t hash = 0;
  bool operator==(const Answer&) const = default;
  friend std::ostream& operator<<(std::ostream& out, const Answer& answer) {
    return out << answer.rows << " rows with hash " << answer.hash;
  }
};

uint64_t HashOf(const arrow::Array& values, int64_t row) {
  const auto hash = [](std::string_view bytes) { return std::hash<std::string_view>{}(bytes); };
  if (values.IsNull(row)) return 1;
  if (values.type_id() == arrow::Type::STRING) {
    return hash(static_cast<const arrow::StringArray&>(values).GetView(row));
  }
  if (values.type_id() == arrow::Type::BOOL) {
    return static_cast<const arrow::BooleanArray&>(values).Value(row) ? 3 : 2;
  }
  const int64_t width = values.type()->byte_width();
  const auto* bytes = values.data()->GetValues<char>(1, 0) + (values.offset() + row) * width;
  return hash({bytes, static_cast<size_t>(width)});
}

void AddFile(const std::filesystem::path& path, const std::string& directory, Answer* answer) {
  auto file = arrow::io::ReadableFile::Open(path).ValueOrDie();
  auto reader = parquet::arrow::OpenFile(file, arrow::system_memory_pool()).ValueOrDie();
  std::shared_ptr<arrow::Table> table;
  ASSERT_TRUE(reader->ReadTable().Value(&table).ok());
  answer->rows += table->num_rows();
  arrow::TableBatchReader batches(*table);
  for (;;) {
    const auto batch = batches.Next().ValueOrDie();
    if (batch == nullptr) return;
    for (int64_t row = 0; row < batch->num_rows(); ++row) {
      uint64_t hash = std::hash<std::string>{}(directory);
      for (const auto& column : batch->columns()) hash = hash * 31 + HashOf(*column, row);
      answer->hash += hash * hash;
    }
  }
}

Answer ReadAnswer(const std::string& target) {
  namespace fs = std::filesystem;
  Answer answer;
  if (!fs::exists(target)) return answer;
  answer.rows = 0;
  if (!fs::is_directory(target)) {
    AddFile(target, "", &answer);
    return answer;
  }
  for (const auto& entry : fs::recursive_directory_iterator(target)) {
    if (entry.path().extension() != ".parquet") continue;
    AddFile(entry.path(), fs::relative(entry.path().parent_path(), target), &answer);
  }
  return answer;
}

// Of a run that ended: staged files, spilled rows, anything but locks and the ledger.
std::vector<std::string> Leftovers(const std::string& directory) {
  std::vector<std::string> left;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    const std::string name = entry.path().filename();
    if (name.starts_with("txn-") || name.ends_with(".tmp") || name.ends_with("spill")) {
      left.push_back(name);
    }
  }
  return left;
}

struct Ended {
  Status status;
  RunReport report;
  int64_t grows = 0;
};

// No grow has this number, but they are counted.
constexpr int64_t kNone = std::numeric_limits<int64_t>::max();

class RefusedGrants : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(PrepareProcess(ProcessOwner::kHost).ok()); }

  // A pipeline whose paths are relative to `inputs`.
  JobSpec Load(const std::string& text, const std::string& inputs, int threads) {
    JobSpec job = ParsePipeline(text, "pipeline.yaml", [](const std::string&) {
                    return std::optional<std::string>();
                  }).ValueOrDie();
    for (std::string& path : job.inputs.at(0).paths) path = inputs + "/" + path;
    job.output.path = directory_ / "target/" + job.output.path;
    job.output.durable = false;
    job.resources.threads = threads;
    return job;
  }

  // From an empty place for the target.
  Ended Run(const JobSpec& job, int64_t refused_grow) {
    std::filesystem::remove_all(directory_ / "target");
    std::filesystem::create_directory(directory_ / "target");
    JobControl control;
    control.refused_grow = refused_grow;
    JobRun run(job, control);
    const Status status = run.Execute();
    return {status, run.report(), run.grows()};
  }

  // Steps up from the present budget, or the base, until a run is as wished; false: none is.
  bool RaiseBudget(JobSpec* job, int64_t step, const std::function<bool(const Ended&)>& as_wished) {
    int64_t bytes = job->resources.memory.empty() ? ProcessBaseBytes() + 8 * kMiB
                                                  : std::stoll(job->resources.memory);
    const int64_t most = ProcessBaseBytes() + 160 * kMiB;
    for (; bytes < most; bytes += step) {
      job->resources.memory = std::to_string(bytes);
      if (as_wished(Run(*job, kNone))) return true;
    }
    return false;
  }

  // Gives how many runs ended with a refusal.
  int RefuseEach(const JobSpec& job) {
    const Ended whole = Run(job, kNone);
    EXPECT_TRUE(whole.status.ok()) << whole.status;
    const Answer right = ReadAnswer(job.output.path);
    EXPECT_GT(right.rows, 0);
    int refusals = 0;
    int runs = 0;
    for (int64_t grow = 1; !HasFailure(); grow = NextGrow(grow), ++runs) {
      const Ended ended = Run(job, grow);
      if (ended.grows < grow) break;  // no grow has this number
      const Answer answer = ReadAnswer(job.output.path);
      if (ended.status.ok()) {
        EXPECT_EQ(answer, right) << "grow " << grow;
      } else {
        ++refusals;
        EXPECT_EQ(GetErrorKind(ended.status), ErrorKind::kOutOfMemory)
            << "grow " << grow << ": " << ended.status;
        EXPECT_EQ(answer, Answer()) << "grow " << grow << ": published although refused";
      }
      EXPECT_THAT(Leftovers(directory_ / "target"), ::testing::IsEmpty()) << "grow " << grow;
    }
    EXPECT_GT(runs, 0);
    std::printf("%s, %d threads: %d grows refused, %d runs ended with that\n", job.name.c_str(),
                job.resources.threads, runs, refusals);
    return refusals;
  }

  TemporaryDirectory directory_;
};

TEST_F(RefusedGrants, GoldenPipelinesOfOneFile) {
  for (const char* name : {"calendar", "every_type", "inferred_types", "quoting", "text_functions",
                           "three_valued_logic"}) {
    const std::string golden = std::string(HEADRACE_SOURCE_DIR) + "/tests/golden/" + name;
    JobSpec job = Load(ReadTextFile(golden + "/pipeline.yaml"), golden, 1);
    job.resources.memory = std::to_string(ProcessBaseBytes() + 64 * kMiB);
    EXPECT_GT(RefuseEach(job), 0) << name;
  }
}

TEST_F(RefusedGrants, GoldenPipelineWithPartitions) {
  const std::string golden = std::string(HEADRACE_SOURCE_DIR) + "/tests/golden/partitions";
  const std::vector<std::string> cities = {"a=b/c", "", "ü x", "100%", "__HIVE_DEFAULT_PARTITION",
                                           "plain"};
  std::string text = "id,year,city,value\n";
  for (size_t i = 0; i < 3000; ++i) {
    text += fmt::format("{},{},{},{}\n", i, 2020 + i % 4, cities[i % cities.size()], i * 3);
  }
  directory_.Put("in.csv", text);
  for (const int threads : {1, 2}) {
    JobSpec job = Load(ReadTextFile(golden + "/pipeline.yaml"), directory_.path(), threads);
    job.resources.memory = std::to_string(ProcessBaseBytes() + 96 * kMiB);
    EXPECT_GT(RefuseEach(job), 0);
  }
}

TEST_F(RefusedGrants, SpillingPipeline) {
  std::string text = "id,key,words\n";
  std::mt19937_64 random(testing::TestSeed());
  std::string words(2000, ' ');
  for (int64_t i = 0; i < 8'000; ++i) {
    for (size_t at = 0; at < words.size(); at += 8) {
      uint64_t letters = (random() & 0x0F0F0F0F0F0F0F0F) + 0x6161616161616161;
      std::memcpy(words.data() + at, &letters, 8);
    }
    text += fmt::format("{},{},{}\n", i, i * 7919 % 60, words);
  }
  directory_.Put("in.csv", text);
  const std::string pipeline =
      "version: 1\nname: spilling\n"
      "sources: [{ id: t, path: in.csv, types: { id: int64, key: int32, words: string } }]\n"
      "steps: [{ filter: \"id % 5 <> 3\" }, { derive: { shout: \"upper(left(words, 4))\" } }]\n"
      "sink: { path: out, partition_by: [key], parquet: { compression: none } }\n";
  for (const int threads : {1, 2}) {
    JobSpec job = Load(pipeline, directory_.path(), threads);
    // The smallest budget that is accepted: the floors hold everything that the spill does not.
    ASSERT_TRUE(RaiseBudget(&job, kMiB, [](const Ended& ended) { return ended.status.ok(); }));
    EXPECT_GT(RefuseEach(job), 0);
    if (threads > 1) continue;
    // One with room above the floors for some of the rows that are held.
    ASSERT_TRUE(RaiseBudget(&job, 2 * kMiB, [](const Ended& ended) {
      return ended.grows >= 20 && ended.report.stages.back().spilled_bytes > 0;
    }));
    EXPECT_GT(RefuseEach(job), 0);
  }
}

}  // namespace
}  // namespace headrace
