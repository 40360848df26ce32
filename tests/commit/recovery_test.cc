// Recovery in situations that no crash of ours makes, and properties of whole histories, on the
// model file system.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "commit/journal.h"
#include "commit/ledger.h"
#include "support/fault_env.h"
#include "tree_reading.h"

namespace headrace {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kSide[] = "/data/.out.headrace";

class RecoveryTest : public ::testing::Test {
 protected:
  RecoveryTest() {
    model_.CreateDirectory("/data");
    model_.SyncEverything();
  }
  TransactionOptions Options(PublishMode mode, const std::string& run_id,
                             Durability durability = Durability::kFull) const {
    TransactionOptions options;
    options.target = kTarget;
    options.mode = mode;
    options.durability = durability;
    options.run_id = run_id;
    return options;
  }
  void MustPublish(const TransactionOptions& options, const Tree& tree) {
    const Status status = PublishTree(&env_, options, tree).status();
    ASSERT_TRUE(status.ok()) << status.ToString();
  }
  // Kills a publish just before its `ordinal`-th rename (the journal's is 0, the exchange is 1).
  void KillBeforeRename(const TransactionOptions& options, const Tree& tree, int64_t ordinal,
                        FileSystemFeatures features = {}) {
    ModelFileSystem rehearsal = model_;
    FaultEnv counter(&rehearsal, features);
    ASSERT_TRUE(PublishTree(&counter, options, tree).ok());
    int64_t at = 0;
    for (const std::string& call : counter.trace()) {
      if (call.starts_with("Rename ") && ordinal-- == 0) break;
      ++at;
    }
    FaultEnv killed(&model_, features);
    killed.SetPlan({at, Fault::kKill});
    EXPECT_FALSE(PublishTree(&killed, options, tree).ok());
  }
  void Write(const std::string& path, const std::string& text) {
    auto file = env_.OpenForWrite(path, OpenMode::kTruncate).ValueOrDie();
    ASSERT_TRUE(file->Append(text.data(), static_cast<int64_t>(text.size())).ok());
  }
  Tree TargetTree() { return ReadTree(&env_, kTarget).ValueOrDie(); }
  std::vector<std::string> SideNames() {
    std::vector<std::string> names;
    for (const DirectoryEntry& entry : env_.List(kSide).ValueOrDie()) names.push_back(entry.name);
    return names;
  }

  ModelFileSystem model_;
  FaultEnv env_{&model_};
};

TEST_F(RecoveryTest, TheNextRunSaysThatItCleanedUp) {
  MustPublish(Options(PublishMode::kCreate, "run-1"), kOld);
  KillBeforeRename(Options(PublishMode::kOverwrite, "run-2"), kNew, 1);
  auto outcome = PublishTree(&env_, Options(PublishMode::kOverwrite, "run-3"), kNew);
  ASSERT_TRUE(outcome.ok()) << outcome.status().ToString();
  EXPECT_THAT(outcome->notes, Contains(HasSubstr("1 undone, 0 finished")));
}

TEST_F(RecoveryTest, SeveralDeadRunsAreCleanedAtOnce) {
  MustPublish(Options(PublishMode::kCreate, "run-1"), kOld);
  for (const char* run_id : {"dead-1", "dead-2"}) {
    ASSERT_TRUE(env_.CreateDirectories(fmt::format("{}/txn-{}/gen/y=9", kSide, run_id)).ok());
    Write(fmt::format("{}/txn-{}/gen/y=9/x.parquet", kSide, run_id), "half");
  }
  const RecoveryOutcome outcome = Recover(&env_, kTarget).ValueOrDie();
  EXPECT_EQ(outcome.transactions_rolled_back, 2);
  EXPECT_EQ(TargetTree(), kOld);
  EXPECT_THAT(SideNames(), ::testing::ElementsAre("ledger", "lock"));
}

TEST_F(RecoveryTest, AnUnreadableJournalIsNoJournal) {
  MustPublish(Options(PublishMode::kCreate, "run-1"), kOld);
  for (const char* text :
       {"", "{", "[]", "{\"version\":1}", "{\"version\":2,\"run_id\":\"x\"}", "\xff\x00"}) {
    ASSERT_TRUE(env_.CreateDirectories(fmt::format("{}/txn-x/gen", kSide)).ok());
    Write(fmt::format("{}/txn-x/journal", kSide), text);
    const Result<RecoveryOutcome> outcome = Recover(&env_, kTarget);
    ASSERT_TRUE(outcome.ok()) << outcome.status().ToString();
    EXPECT_EQ(outcome->transactions_rolled_back, 1);
    EXPECT_EQ(TargetTree(), kOld);
  }
}

TEST_F(RecoveryTest, ATargetRemovedByHandAfterAPublishStaysRemoved) {
  MustPublish(Options(PublishMode::kCreate, "run-1"), kOld);
  ASSERT_TRUE(env_.RemoveTree(kTarget).ok());
  MustPublish(Options(PublishMode::kAppend, "run-2"), kNew);
  EXPECT_EQ(TargetTree(), kNew);
}

// Another program put its directory at the target between Publish's last look and the exchange: its
// content is nobody's losing tree.
TEST_F(RecoveryTest, ATreeOfAnotherProgramIsRescued) {
  MustPublish(Options(PublishMode::kCreate, "run-1"), kOld);
  KillBeforeRename(Options(PublishMode::kOverwrite, "run-2"), kNew, 1);
  ASSERT_TRUE(env_.RemoveTree(kTarget).ok());
  ASSERT_TRUE(env_.CreateDirectory(kTarget).ok());
  Write("/data/out/theirs", "precious");
  const std::string gen = std::string(kSide) + "/txn-run-2/gen";
  ASSERT_TRUE(env_.Rename(gen, kTarget, RenameMode::kExchange).ok());
  const RecoveryOutcome outcome = Recover(&env_, kTarget).ValueOrDie();
  EXPECT_EQ(outcome.transactions_rolled_forward, 1);
  EXPECT_THAT(outcome.notes, Contains(HasSubstr("rescued-run-2")));
  EXPECT_EQ(TargetTree(), kNew);
  EXPECT_EQ(ReadTree(&env_, std::string(kSide) + "/rescued-run-2").ValueOrDie(),
            (Tree{{"theirs", "precious"}}));
}

// The same in the gap between two renames: what stood at the target is then in old/, and is the
// only copy.
TEST_F(RecoveryTest, TheOldGenerationIsRescuedWhenAnotherProgramFillsTheGap) {
  const FileSystemFeatures poor = {.exchange = false, .no_replace = false, .hard_links = false};
  MustPublish(Options(PublishMode::kCreate, "run-1"), kOld);
  // Renames: journal, refused exchange, target to old/, new one in.
  KillBeforeRename(Options(PublishMode::kOverwrite, "run-2"), kNew, 3, poor);
  ASSERT_FALSE(model_.Stat(kTarget).has_value());
  ASSERT_TRUE(env_.CreateDirectory(kTarget).ok());
  Write("/data/out/theirs.parquet", "theirs");
  const RecoveryOutcome outcome = Recover(&env_, kTarget).ValueOrDie();
  EXPECT_THAT(outcome.notes, Contains(HasSubstr("rescued-run-2")));
  EXPECT_EQ(TargetTree(), (Tree{{"theirs.parquet", "theirs"}}));
  EXPECT_EQ(ReadTree(&env_, std::string(kSide) + "/rescued-run-2").ValueOrDie(), kOld);
}

TEST_F(RecoveryTest, FallbacksAreAnnounced) {
  const FileSystemFeatures poor = {.exchange = false, .no_replace = false, .hard_links = false};
  FaultEnv env(&model_, poor);
  auto created = PublishTree(&env, Options(PublishMode::kCreate, "run-1"), kOld);
  ASSERT_TRUE(created.ok());
  EXPECT_THAT(created->notes, Contains(HasSubstr("no guarded rename")));
  auto appended = PublishTree(&env, Options(PublishMode::kAppend, "run-2"), kNew);
  ASSERT_TRUE(appended.ok());
  EXPECT_THAT(appended->notes, Contains(HasSubstr("no hard links")));
  EXPECT_THAT(appended->notes, Contains(HasSubstr("no exchange")));
  EXPECT_EQ(appended->kept_files, 2);
}

TEST_F(RecoveryTest, ALedgerLineCutShortSwallowsNoOther) {
  MustPublish(Options(PublishMode::kCreate, "run-1"), kOld);
  const std::string ledger = std::string(kSide) + "/ledger";
  const std::string whole = env_.ReadWholeFile(ledger, 1 << 20).ValueOrDie();
  Write(ledger, whole + whole.substr(0, whole.size() / 2));
  MustPublish(Options(PublishMode::kOverwrite, "run-2"), kNew);
  EXPECT_TRUE(LedgerHas(&env_, ledger, "run-1").ValueOrDie());
  EXPECT_TRUE(LedgerHas(&env_, ledger, "run-2").ValueOrDie());
  EXPECT_FALSE(LedgerHas(&env_, ledger, "run").ValueOrDie());
  EXPECT_EQ(LastLedgerRecord(&env_, ledger).ValueOrDie()->run_id, "run-2");
}

// "Done" means that the whole dataset is durable, also rows that an earlier run left without.
TEST_F(RecoveryTest, AppendMakesKeptFilesOfOthersDurable) {
  MustPublish(Options(PublishMode::kCreate, "run-1", Durability::kNone), kOld);
  MustPublish(Options(PublishMode::kAppend, "run-2"), kNew);
  Tree both = kOld;
  both.insert(kNew.begin(), kNew.end());
  for (uint64_t seed = 0; seed < 200; ++seed) {
    ModelFileSystem after = model_;
    std::mt19937_64 random(seed);
    after.PowerCut(&random);
    FaultEnv env(&after);
    ASSERT_TRUE(Recover(&env, kTarget).ok());
    ASSERT_EQ(ReadTree(&env, kTarget).ValueOrDie(), both) << "seed " << seed;
  }
}

TEST_F(RecoveryTest, DurabilityNoneNeverSyncs) {
  MustPublish(Options(PublishMode::kCreate, "run-1", Durability::kNone), kOld);
  MustPublish(Options(PublishMode::kAppend, "run-2", Durability::kNone), kNew);
  EXPECT_EQ(env_.call_count(EnvCall::kSync), 0);
  EXPECT_EQ(env_.call_count(EnvCall::kSyncDirectory), 0);
}

// Without fsyncs a loss of power may lose the run, but a kill may not tear it.
TEST_F(RecoveryTest, DurabilityNoneIsAtomicAgainstKills) {
  MustPublish(Options(PublishMode::kCreate, "run-1", Durability::kNone), kOld);
  const TransactionOptions options = Options(PublishMode::kOverwrite, "run-2", Durability::kNone);
  for (int64_t call = 0;; ++call) {
    ModelFileSystem model = model_;
    FaultEnv killed(&model);
    killed.SetPlan({call, Fault::kKill});
    const bool acknowledged = PublishTree(&killed, options, kNew).ok();
    FaultEnv env(&model);
    ASSERT_TRUE(Recover(&env, kTarget).ok());
    const Tree tree = ReadTree(&env, kTarget).ValueOrDie();
    ASSERT_TRUE(tree == kNew || (tree == kOld && !acknowledged)) << "call " << call;
    if (killed.call_count() <= call) break;
  }
}

TEST_F(RecoveryTest, JournalSurvivesTheRoundTrip) {
  JournalRecord record;
  record.run_id = "run-1";
  record.plan_hash = "abc";
  record.mode = PublishMode::kOverwritePartitions;
  record.durability = Durability::kNone;
  record.new_inode = ~uint64_t{0};
  record.old_inode = 7;
  record.kept_files = 3;
  record.info.rows = int64_t{1} << 40;
  record.info.partitions = {"a=1", "a=\"x\n"};
  record.info.inputs = {{"in\t.csv", 10, 2}};
  const std::string text = FormatJournal(record);
  EXPECT_EQ(text.find('\n'), std::string::npos);
  const std::optional<JournalRecord> parsed = ParseJournal(text);
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(FormatJournal(*parsed), text);
  EXPECT_EQ(parsed->new_inode, record.new_inode);
  record.info.inputs[0].path = "latin1-\xe4.csv";
  EXPECT_TRUE(ParseJournal(FormatJournal(record)).has_value());
}

}  // namespace
}  // namespace headrace
