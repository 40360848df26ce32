// Retained generations, rollback, vacuum, the history and run ids that publish once, on the model
// file system, whose clock stands still.
#include "commit/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "commit/errors.h"
#include "commit/generations.h"
#include "commit/ledger.h"
#include "commit/rollback.h"
#include "commit/vacuum.h"
#include "support/fault_env.h"
#include "tree_reading.h"

namespace headrace {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int64_t kHour = 3600;
constexpr int64_t kDay = 24 * kHour;
const Tree kOne = {{"y=1/a.parquet", "one"}, {"y=2/a.parquet", "one two"}};
const Tree kTwo = {{"y=2/b.parquet", "two"}};
const Tree kThree = {{"y=3/c.parquet", "three"}};

class HistoryTest : public ::testing::Test {
 protected:
  HistoryTest() { model_.CreateDirectory("/data"); }

  static TransactionOptions Options(const std::string& run_id, int64_t retain_seconds = 0,
                                    PublishMode mode = PublishMode::kOverwrite) {
    TransactionOptions options;
    options.target = kTarget;
    options.mode = mode;
    options.run_id = run_id;
    options.retain_seconds = retain_seconds;
    return options;
  }
  void MustPublish(const TransactionOptions& options, const Tree& tree) {
    const Status status = PublishTree(&env_, options, tree).status();
    ASSERT_TRUE(status.ok()) << status.ToString();
  }
  // run-1 and run-2, which keeps what run-1 wrote.
  void PublishTwo(int64_t retain_seconds = kHour) {
    MustPublish(Options("run-1"), kOne);
    MustPublish(Options("run-2", retain_seconds), kTwo);
  }
  Result<RollbackOutcome> RollBackTo(const std::string& run,
                                     std::optional<int64_t> retain_seconds = std::nullopt) {
    RollbackOptions options;
    options.target = kTarget;
    options.run = run;
    options.retain_seconds = retain_seconds;
    return Rollback(&env_, options);
  }
  void ExpectRefused(const std::string& run, ErrorCode code, ErrorKind kind) {
    const Tree before = TargetTree();
    const Status status = RollBackTo(run).status();
    EXPECT_EQ(GetErrorCode(status), code) << status.ToString();
    EXPECT_EQ(GetErrorKind(status), kind) << status.ToString();
    EXPECT_EQ(TargetTree(), before);
  }
  Result<VacuumOutcome> RunVacuum(std::optional<int64_t> older_than_seconds = std::nullopt,
                                  VacuumEffect effect = VacuumEffect::kRemove) {
    VacuumOptions options;
    options.target = kTarget;
    options.older_than_seconds = older_than_seconds;
    options.effect = effect;
    return Vacuum(&env_, options);
  }
  std::vector<RetainedGeneration> Generations() {
    return ListGenerations(&env_, layout_).ValueOrDie();
  }
  Tree TreeOf(const RetainedGeneration& generation) {
    return ReadTree(&env_, JoinPath(layout_.generations(), generation.name)).ValueOrDie();
  }
  std::vector<std::string> States() {
    std::vector<std::string> states;
    for (const LedgerRun& run : ReadHistory(&env_, kTarget, 100).ValueOrDie().runs) {
      const char* names[] = {"current", "retained", "gone"};
      states.push_back(run.record.run_id + " " + names[static_cast<int>(run.standing)] +
                       (run.was_rolled_back ? " undone" : ""));
    }
    return states;
  }
  JournalRecord Last() { return *LastLedgerRecord(&env_, layout_.ledger()).ValueOrDie(); }
  Tree TargetTree() { return ReadTree(&env_, kTarget).ValueOrDie(); }

  const DatasetLayout layout_{kTarget};
  ModelFileSystem model_;
  FaultEnv env_{&model_};
};

TEST_F(HistoryTest, NamesOfGenerations) {
  const std::time_t now = 1'700'000'000;
  const std::string own = GenerationName("run-1", "run-2", now, kHour);
  EXPECT_EQ(own, "run-1.20231114T221320Z.20231114T231320Z");
  const std::optional<RetainedGeneration> parsed = ParseGenerationName(own);
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->run_id, "run-1");
  EXPECT_EQ(parsed->since, now);
  EXPECT_EQ(parsed->until, now + kHour);
  const auto foreign = ParseGenerationName(GenerationName("", "run-2", now, INT64_MAX));
  ASSERT_TRUE(foreign.has_value());
  EXPECT_EQ(foreign->run_id, "");
  EXPECT_EQ(foreign->replaced_by, "run-2");
  EXPECT_GT(foreign->until, now);
  // Runs may be called like our own words.
  EXPECT_EQ(ParseGenerationName(GenerationName("removing", "x", now, 1))->run_id, "removing");
  EXPECT_EQ(ParseGenerationName(GenerationName("before", "x", now, 1))->run_id, "before");
  for (const char* name :
       {"", "run-1", "a.b.c", "run-1.20231114T221320Z.x", "...",
        "removing.run-1.20231114T221320Z.20231114T231320Z", ".20231114T221320Z.20231114T231320Z"}) {
    EXPECT_FALSE(ParseGenerationName(name).has_value()) << name;
  }
}

TEST_F(HistoryTest, TheReplacedGenerationIsFoundByTheRunThatWroteIt) {
  PublishTwo();
  const auto generations = Generations();
  ASSERT_EQ(generations.size(), 1u);
  EXPECT_EQ(generations[0].run_id, "run-1");
  EXPECT_EQ(generations[0].until, env_.Now() + kHour);
  EXPECT_EQ(TreeOf(generations[0]), kOne);
  EXPECT_EQ(TargetTree(), kTwo);
  EXPECT_EQ(Last().replaced_run, "run-1");
  EXPECT_EQ(Last().retained_as, generations[0].name);
  EXPECT_THAT(States(), ElementsAre("run-2 current", "run-1 retained"));
}

TEST_F(HistoryTest, ContentOfNoRunIsRetainedToo) {
  ASSERT_TRUE(env_.CreateDirectory(kTarget).ok());
  {
    auto file = env_.OpenForWrite("/data/out/x.parquet", OpenMode::kTruncate).ValueOrDie();
  }
  MustPublish(Options("run-1", kHour), kOne);
  const auto generations = Generations();
  ASSERT_EQ(generations.size(), 1u);
  EXPECT_EQ(generations[0].run_id, "");
  EXPECT_EQ(generations[0].replaced_by, "run-1");
  EXPECT_EQ(TreeOf(generations[0]), (Tree{{"x.parquet", ""}}));
}

TEST_F(HistoryTest, TheNextRunRemovesWhatExpired) {
  PublishTwo();
  env_.set_now(env_.Now() + kHour - 1);
  MustPublish(Options("run-3"), kThree);
  EXPECT_EQ(Generations().size(), 1u);
  env_.set_now(env_.Now() + 1);
  MustPublish(Options("run-4"), kOne);
  EXPECT_THAT(Generations(), IsEmpty());
  EXPECT_FALSE(model_.Lookup(layout_.generations()).has_value());
  EXPECT_THAT(States(), ElementsAre("run-4 current", "run-3 gone", "run-2 gone", "run-1 gone"));
}

TEST_F(HistoryTest, ARefusedPublishLeavesNoGenerations) {
  MustPublish(Options("run-1"), kOne);
  const TransactionOptions options = Options("run-2", kHour, PublishMode::kAppend);
  EXPECT_FALSE(PublishTree(&env_, options, kOne).ok());  // takes names that must stay
  EXPECT_FALSE(model_.Lookup(layout_.generations()).has_value());
}

TEST_F(HistoryTest, RollbackMakesAnOldGenerationTheDataset) {
  PublishTwo();
  const Result<RollbackOutcome> outcome = RollBackTo("run-1");
  ASSERT_TRUE(outcome.ok()) << outcome.status().ToString();
  EXPECT_EQ(TargetTree(), kOne);
  EXPECT_EQ(outcome->restored_run, "run-1");
  EXPECT_EQ(outcome->replaced_run, "run-2");
  EXPECT_EQ(outcome->files, 2);
  const JournalRecord last = Last();
  EXPECT_EQ(last.run_id, outcome->run_id);
  EXPECT_EQ(last.mode, PublishMode::kRollback);
  EXPECT_EQ(last.rolled_back_to, "run-1");
  EXPECT_EQ(last.info.files, 2);
  // By links: no byte was copied, and run-1 can be gone back to again.
  EXPECT_EQ(model_.Stat("/data/out/y=1/a.parquet")->link_count, 2u);
  EXPECT_THAT(States(),
              ElementsAre(outcome->run_id + " current", "run-2 retained undone", "run-1 retained"));
  // And forward once more, by the beginning of the id.
  ASSERT_TRUE(RollBackTo("run-2").ok());
  EXPECT_EQ(TargetTree(), kTwo);
}

TEST_F(HistoryTest, RollbackRetainsAsLongAsTheLastRunAndAtLeastADay) {
  PublishTwo(kHour);
  EXPECT_EQ(ParseGenerationName(RollBackTo("run-1")->retained_as)->until, env_.Now() + kDay);
  MustPublish(Options("run-3", 7 * kDay), kThree);
  EXPECT_EQ(ParseGenerationName(RollBackTo("run-1")->retained_as)->until, env_.Now() + 7 * kDay);
  EXPECT_EQ(RollBackTo("run-2", 0)->retained_as, "");
}

TEST_F(HistoryTest, RollbackRestoresADatasetThatIsGone) {
  PublishTwo();
  ASSERT_TRUE(env_.RemoveTree(kTarget).ok());
  EXPECT_THAT(States(), ElementsAre("run-2 gone", "run-1 retained"));
  ASSERT_TRUE(RollBackTo("run-1").ok());
  EXPECT_EQ(TargetTree(), kOne);
}

TEST_F(HistoryTest, RollbackRefusals) {
  ExpectRefused("run-1", kNoHistory, ErrorKind::kSink);
  EXPECT_THAT(env_.List("/data").ValueOrDie(), IsEmpty());
  PublishTwo();
  ExpectRefused("nobody", kRunUnknown, ErrorKind::kUsage);
  ExpectRefused("", kRunUnknown, ErrorKind::kUsage);
  ExpectRefused("run-", kRunAmbiguous, ErrorKind::kUsage);
  ExpectRefused("run-2", kRunIsCurrent, ErrorKind::kSink);
  MustPublish(Options("run-3"), kThree);
  ExpectRefused("run-2", kGenerationGone, ErrorKind::kSink);
  ASSERT_TRUE(RollBackTo("run-1").ok());
  ExpectRefused("run-1", kRunIsCurrent, ErrorKind::kSink);
  const auto other = Transaction::Begin(&env_, Options("run-4")).ValueOrDie();
  ExpectRefused("run-3", kTargetLocked, ErrorKind::kLocked);
}

TEST_F(HistoryTest, NeitherABeginningNorAnExactIdIsMixedUp) {
  MustPublish(Options("run"), kOne);
  MustPublish(Options("run-2", kHour), kTwo);
  ASSERT_TRUE(RollBackTo("run").ok());
  EXPECT_EQ(Last().rolled_back_to, "run");
}

TEST_F(HistoryTest, VacuumRemovesWhatExpiredAndCountsWhatBecomesFree) {
  MustPublish(Options("run-1"), kOne);
  MustPublish(Options("run-2", kDay, PublishMode::kAppend), kTwo);  // links what run-1 wrote
  MustPublish(Options("run-3", kHour), kThree);
  EXPECT_THAT(RunVacuum()->removed, IsEmpty());
  env_.set_now(env_.Now() + kHour);
  const Result<VacuumOutcome> told = RunVacuum(0, VacuumEffect::kTell);
  ASSERT_TRUE(told.ok());
  ASSERT_EQ(told->removed.size(), 2u);
  EXPECT_EQ(told->removed[0].freed_bytes, 0);  // run-2's generation has the same files
  EXPECT_EQ(told->removed[1].freed_bytes, 3 + 7 + 3);
  EXPECT_EQ(Generations().size(), 2u);
  const Result<VacuumOutcome> expired = RunVacuum();
  ASSERT_EQ(expired->removed.size(), 1u);
  EXPECT_EQ(expired->removed[0].generation.run_id, "run-2");
  EXPECT_EQ(expired->removed[0].files, 3);
  EXPECT_EQ(expired->removed[0].freed_bytes, 3);
  EXPECT_EQ(expired->kept.size(), 1u);
  const Result<VacuumOutcome> rest = RunVacuum(kHour);
  ASSERT_EQ(rest->removed.size(), 1u);
  EXPECT_EQ(rest->removed[0].freed_bytes, 3 + 7);
  EXPECT_FALSE(model_.Lookup(layout_.generations()).has_value());
  EXPECT_EQ(TargetTree(), kThree);
}

TEST_F(HistoryTest, VacuumListsWhatWasRescuedAndLeavesIt) {
  PublishTwo();
  ASSERT_TRUE(env_.CreateDirectory(layout_.rescued("run-9")).ok());
  EXPECT_THAT(RunVacuum(0)->rescued, ElementsAre(layout_.rescued("run-9")));
  EXPECT_TRUE(model_.Lookup(layout_.rescued("run-9")).has_value());
}

TEST_F(HistoryTest, VacuumWaitsForNobody) {
  PublishTwo();
  const auto other = Transaction::Begin(&env_, Options("run-3")).ValueOrDie();
  EXPECT_EQ(GetErrorKind(RunVacuum(0).status()), ErrorKind::kLocked);
  EXPECT_EQ(RunVacuum(0, VacuumEffect::kTell)->removed.size(), 1u);
}

TEST_F(HistoryTest, ARunIdOfTheUsersIsPublishedOnce) {
  TransactionOptions options = Options("nightly-1", kHour);
  options.run_id_origin = RunIdOrigin::kGiven;
  MustPublish(options, kOne);
  options.mode = PublishMode::kCreate;  // would be refused, were it looked at
  {
    const auto again = Transaction::Begin(&env_, options).ValueOrDie();
    ASSERT_TRUE(again->published_before().has_value());
    EXPECT_EQ(again->published_before()->files, 2);
  }
  EXPECT_EQ(TargetTree(), kOne);
  EXPECT_EQ(ReadHistory(&env_, kTarget, 10)->runs_total, 1);
  ASSERT_TRUE(env_.RemoveTree(kTarget).ok());
  EXPECT_EQ(GetErrorCode(Transaction::Begin(&env_, options).status()), kPublishedButGone);
}

// Killed at any call: run again, the job is done exactly once.
TEST_F(HistoryTest, ARunIdOfAKilledRunCountsWhenItWasFinished) {
  MustPublish(Options("run-1"), kOne);
  TransactionOptions options = Options("nightly-1", 0, PublishMode::kAppend);
  options.run_id_origin = RunIdOrigin::kGiven;
  Tree both = kOne;
  both.insert(kTwo.begin(), kTwo.end());
  int64_t done_before = 0;
  for (int64_t call = 0;; ++call) {
    ModelFileSystem model = model_;
    FaultEnv killed(&model);
    killed.SetPlan({call, Fault::kKill});
    [[maybe_unused]] const auto outcome = PublishTree(&killed, options, kTwo);
    FaultEnv env(&model);
    {
      const auto again = Transaction::Begin(&env, options).ValueOrDie();
      if (again->published_before()) {
        ++done_before;
      } else {
        ASSERT_TRUE(StageTree(again.get(), kTwo).ok());
        ASSERT_TRUE(again->Publish({}).ok()) << "call " << call;
      }
    }
    ASSERT_EQ(ReadTree(&env, kTarget).ValueOrDie(), both) << "call " << call;
    if (killed.call_count() <= call) break;
  }
  EXPECT_GT(done_before, 1);  // not only when nothing was killed
}

TEST_F(HistoryTest, RunIdsThatCannotBeNamesAreRefused) {
  for (const std::string id : {"a.b", "a/b", "a b", "a\nb", "\"", "\xc3\xa4"}) {
    EXPECT_EQ(GetErrorCode(Transaction::Begin(&env_, Options(id)).status()), kRunIdNotUsable) << id;
  }
  EXPECT_EQ(GetErrorCode(CheckRunId(std::string(129, 'a'))), kRunIdNotUsable);
  EXPECT_TRUE(CheckRunId("scheduled__2026-11-22T00:00:00+00:00").ok());
}

TEST_F(HistoryTest, ASingleFileHasNoLedger) {
  TransactionOptions options = Options("nightly-1");
  options.target = "/data/out.parquet";
  options.kind = TargetKind::kSingleFile;
  options.run_id_origin = RunIdOrigin::kGiven;
  EXPECT_EQ(GetErrorCode(Transaction::Begin(&env_, options).status()), kNeedsDataset);
  options.run_id_origin = RunIdOrigin::kGenerated;
  options.retain_seconds = 1;
  EXPECT_EQ(GetErrorCode(Transaction::Begin(&env_, options).status()), kNeedsDataset);
}

TEST_F(HistoryTest, WithoutFileLocksNothingIsDone) {
  FaultEnv env(&model_, {.locks = false});
  for (const TargetKind kind : {TargetKind::kDataset, TargetKind::kSingleFile}) {
    TransactionOptions options = Options("run-1");
    options.kind = kind;
    const Status status = Transaction::Begin(&env, options).status();
    EXPECT_EQ(GetErrorCode(status), kNoFileLocks) << status.ToString();
    EXPECT_EQ(GetErrorKind(status), ErrorKind::kSink);
    EXPECT_THAT(status.message(), HasSubstr("no file locks"));
    EXPECT_THAT(env.List("/data").ValueOrDie(), IsEmpty());
  }
}

TEST_F(HistoryTest, RecoverySaysWhatItDid) {
  PublishTwo();
  EXPECT_THAT(Recover(&env_, kTarget)->actions, IsEmpty());
  ASSERT_TRUE(env_.CreateDirectories(layout_.transaction("dead") + "/gen").ok());
  EXPECT_THAT(Recover(&env_, kTarget)->actions, Contains(HasSubstr("undid run dead")));
  EXPECT_THAT(Recover(&env_, kTarget)->actions, IsEmpty());
}

TEST_F(HistoryTest, OneRunWithAllThatIsKnownOfIt) {
  MustPublish(Options("run-1"), kOne);
  {
    const auto transaction = Transaction::Begin(&env_, Options("run-2")).ValueOrDie();
    ASSERT_TRUE(StageTree(transaction.get(), kTwo).ok());
    PublishInfo info;
    info.rows = 7;
    info.partitions = {"y=2"};
    info.inputs = {{"in.csv", 100, 7}};
    ASSERT_TRUE(transaction->Publish(info).ok());
  }
  const LedgerRun run = ReadLedgerRun(&env_, kTarget, "run-2").ValueOrDie();
  EXPECT_EQ(run.standing, RunStanding::kCurrent);
  EXPECT_EQ(run.record.info.rows, 7);
  EXPECT_THAT(run.record.info.partitions, ElementsAre("y=2"));
  ASSERT_EQ(run.record.info.inputs.size(), 1u);
  EXPECT_EQ(run.record.info.inputs[0].size_bytes, 100);
  EXPECT_EQ(run.record.replaced_run, "run-1");
  EXPECT_EQ(GetErrorCode(ReadLedgerRun(&env_, kTarget, "x").status()), kRunUnknown);
}

}  // namespace
}  // namespace headrace
