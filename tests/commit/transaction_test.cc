// The publish protocol on a real file system, without faults: modes, refusals, what is left beside
// the target.
#include "commit/transaction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "commit/errors.h"
#include "support/temporary_directory.h"
#include "tree_reading.h"

namespace headrace {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class TransactionTest : public ::testing::Test {
 protected:
  TransactionOptions Options(PublishMode mode, const std::string& run_id = "run-1") const {
    TransactionOptions options;
    options.target = target_;
    options.mode = mode;
    options.run_id = run_id;
    return options;
  }
  TransactionOptions FileOptions(PublishMode mode, const std::string& run_id = "run-1") const {
    TransactionOptions options = Options(mode, run_id);
    options.target = directory_ / "out.parquet";
    options.kind = TargetKind::kSingleFile;
    return options;
  }
  PublishOutcome MustPublish(const TransactionOptions& options, const Tree& tree) {
    Result<PublishOutcome> outcome = PublishTree(env_, options, tree);
    EXPECT_TRUE(outcome.ok()) << outcome.status().ToString();
    return outcome.ok() ? *outcome : PublishOutcome{};
  }
  Tree TargetTree() { return ReadTree(env_, target_).ValueOrDie(); }
  std::vector<std::string> Beside() {
    std::vector<std::string> names;
    for (const DirectoryEntry& entry : env_->List(directory_.path()).ValueOrDie()) {
      names.push_back(entry.name);
    }
    return names;
  }
  std::vector<std::string> SideNames() {
    std::vector<std::string> names;
    for (const DirectoryEntry& entry : env_->List(directory_ / ".out.headrace").ValueOrDie()) {
      names.push_back(entry.name);
    }
    return names;
  }
  void Write(const std::string& path, const std::string& text) { std::ofstream(path) << text; }
  void ExpectRefused(const TransactionOptions& options, ErrorCode code, ErrorKind kind) {
    const Status status = Transaction::Begin(env_, options).status();
    EXPECT_EQ(GetErrorCode(status), code) << status.ToString();
    EXPECT_EQ(GetErrorKind(status), kind) << status.ToString();
  }

  TemporaryDirectory directory_;
  Env* env_ = Env::Default();
  std::string target_ = directory_ / "out";
};

TEST_F(TransactionTest, CreatePublishesAndLeavesOnlyLedgerAndLock) {
  const PublishOutcome outcome = MustPublish(Options(PublishMode::kCreate), kOld);
  EXPECT_THAT(outcome.notes, IsEmpty());
  EXPECT_EQ(TargetTree(), kOld);
  EXPECT_THAT(Beside(), ElementsAre(".out.headrace", "out"));
  EXPECT_THAT(SideNames(), ElementsAre("ledger", "lock"));
}

TEST_F(TransactionTest, AppendKeepsAllByLink) {
  MustPublish(Options(PublishMode::kCreate), kOld);
  const uint64_t inode = (*env_->Stat(target_ + "/y=1/a.parquet"))->inode;
  const PublishOutcome outcome = MustPublish(Options(PublishMode::kAppend, "run-2"), kNew);
  Tree expected = kOld;
  expected.insert(kNew.begin(), kNew.end());
  EXPECT_EQ(TargetTree(), expected);
  EXPECT_EQ(outcome.kept_files, 2);
  EXPECT_EQ((*env_->Stat(target_ + "/y=1/a.parquet"))->inode, inode);
  EXPECT_THAT(SideNames(), ElementsAre("ledger", "lock"));
}

TEST_F(TransactionTest, AppendOfATakenNamePublishesNothing) {
  MustPublish(Options(PublishMode::kCreate), kOld);
  const Status status =
      PublishTree(env_, Options(PublishMode::kAppend, "run-2"), {{"y=1/a.parquet", "other"}})
          .status();
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kCommitFailed) << status.ToString();
  EXPECT_EQ(TargetTree(), kOld);
  EXPECT_THAT(SideNames(), ElementsAre("ledger", "lock"));
}

TEST_F(TransactionTest, OverwriteReplacesAll) {
  MustPublish(Options(PublishMode::kCreate), kOld);
  MustPublish(Options(PublishMode::kOverwrite, "run-2"), kNew);
  EXPECT_EQ(TargetTree(), kNew);
  EXPECT_THAT(SideNames(), ElementsAre("ledger", "lock"));
}

TEST_F(TransactionTest, OverwritePartitionsReplacesTheWrittenOnes) {
  MustPublish(Options(PublishMode::kCreate), kOld);
  const PublishOutcome outcome =
      MustPublish(Options(PublishMode::kOverwritePartitions, "run-2"), kNew);
  EXPECT_EQ(
      TargetTree(),
      (Tree{{"y=1/a.parquet", "old 1"}, {"y=2/b.parquet", "new 2"}, {"y=3/b.parquet", "new 3"}}));
  EXPECT_EQ(outcome.kept_files, 1);
}

TEST_F(TransactionTest, OverwritePartitionsKnowsOtherSpellingsOfAPartition) {
  MustPublish(Options(PublishMode::kCreate), {{"n=a%20b%2Fc/a.parquet", "old"}});
  MustPublish(Options(PublishMode::kOverwritePartitions, "run-2"),
              {{"n=a b%2fc/b.parquet", "new"}});
  EXPECT_EQ(TargetTree(), (Tree{{"n=a b%2fc/b.parquet", "new"}}));
}

TEST_F(TransactionTest, OverwritePartitionsCanEmptyOne) {
  MustPublish(Options(PublishMode::kCreate), kOld);
  auto transaction = Transaction::Begin(env_, Options(PublishMode::kOverwritePartitions, "run-2"));
  ASSERT_TRUE(transaction.ok());
  PublishInfo info;
  info.partitions = {"y=1"};
  ASSERT_TRUE((*transaction)->Publish(info).ok());
  EXPECT_EQ(TargetTree(), (Tree{{"y=2/a.parquet", "old 2"}}));
}

TEST_F(TransactionTest, ModesOnAMissingTargetCreateIt) {
  for (const PublishMode mode :
       {PublishMode::kAppend, PublishMode::kOverwrite, PublishMode::kOverwritePartitions}) {
    MustPublish(Options(mode), kOld);
    EXPECT_EQ(TargetTree(), kOld);
    ASSERT_TRUE(env_->RemoveTree(target_).ok());
    ASSERT_TRUE(env_->RemoveTree(directory_ / ".out.headrace").ok());
  }
}

TEST_F(TransactionTest, DurabilityNonePublishesTheSame) {
  TransactionOptions options = Options(PublishMode::kCreate);
  options.durability = Durability::kNone;
  MustPublish(options, kOld);
  EXPECT_EQ(TargetTree(), kOld);
}

TEST_F(TransactionTest, EmptyDatasetIsADirectory) {
  MustPublish(Options(PublishMode::kCreate), {});
  EXPECT_THAT(Beside(), ElementsAre(".out.headrace", "out"));
}

TEST_F(TransactionTest, DroppedTransactionLeavesNothing) {
  {
    auto transaction = Transaction::Begin(env_, Options(PublishMode::kCreate));
    ASSERT_TRUE(transaction.ok());
    ASSERT_TRUE(StageTree(transaction->get(), kOld).ok());
  }
  EXPECT_THAT(Beside(), IsEmpty());
  MustPublish(Options(PublishMode::kCreate), kOld);
  {
    ASSERT_TRUE(Transaction::Begin(env_, Options(PublishMode::kOverwrite, "run-2")).ok());
  }
  EXPECT_EQ(TargetTree(), kOld);
  EXPECT_THAT(SideNames(), ElementsAre("ledger", "lock"));
}

TEST_F(TransactionTest, SecondRunIsLockedOutAndToldByWhom) {
  auto first = Transaction::Begin(env_, Options(PublishMode::kCreate));
  ASSERT_TRUE(first.ok());
  const Status status = Transaction::Begin(env_, Options(PublishMode::kCreate, "run-2")).status();
  EXPECT_EQ(ExitCode(GetErrorKind(status)), 8);
  EXPECT_THAT(status.message(), HasSubstr(fmt::format("pid {} ", ::getpid())));
}

TEST_F(TransactionTest, UnfinishedFilesAreNeverPublished) {
  for (const bool close : {false, true}) {
    auto transaction = Transaction::Begin(env_, Options(PublishMode::kCreate));
    ASSERT_TRUE(transaction.ok());
    auto file = (*transaction)->OpenStaged("a.parquet", OpenMode::kTruncate);
    ASSERT_TRUE(file.ok() && (*file)->Append("x", 1).ok());
    if (close) {
      ASSERT_TRUE((*file)->Close().ok());
    }
    const Status status = (*transaction)->Publish({}).status();
    EXPECT_EQ(GetErrorKind(status), ErrorKind::kInternal) << status.ToString();
    EXPECT_FALSE(env_->Stat(target_)->has_value());
    file->reset();
  }
}

TEST_F(TransactionTest, StagedPathsCannotLeaveTheStagingDirectory) {
  auto transaction = Transaction::Begin(env_, Options(PublishMode::kCreate));
  ASSERT_TRUE(transaction.ok());
  for (const char* path : {"", "/etc/x", "../x", "a/../../x", "a//b", "a/", "./a"}) {
    EXPECT_FALSE((*transaction)->OpenStaged(path, OpenMode::kTruncate).ok()) << path;
  }
}

TEST_F(TransactionTest, RefusalsLeaveNothingBeside) {
  std::filesystem::create_directory(target_);
  ExpectRefused(Options(PublishMode::kCreate), kTargetExists, ErrorKind::kSink);
  Write(target_ + "/notes.txt", "mine");
  ExpectRefused(Options(PublishMode::kOverwrite), kForeignContent, ErrorKind::kSink);
  EXPECT_THAT(Beside(), ElementsAre("out"));
  std::filesystem::remove_all(target_);
  Write(target_, "a file");
  for (const PublishMode mode : {PublishMode::kCreate, PublishMode::kAppend,
                                 PublishMode::kOverwrite, PublishMode::kOverwritePartitions}) {
    ExpectRefused(Options(mode), kTargetOfOtherType, ErrorKind::kSink);
  }
  EXPECT_THAT(Beside(), ElementsAre("out"));
}

TEST_F(TransactionTest, OverwriteTakesWhatWritersOfDatasetsLeave) {
  std::filesystem::create_directories(target_ + "/k=1");
  Write(target_ + "/_SUCCESS", "");
  Write(target_ + "/k=1/.part-0.parquet.crc", "c");
  Write(target_ + "/k=1/part-0.csv.gz", "d");
  MustPublish(Options(PublishMode::kOverwrite), kNew);
  EXPECT_EQ(TargetTree(), kNew);
}

TEST_F(TransactionTest, SymlinksInsideAreRefusedWhenTheyWouldHaveToStay) {
  MustPublish(Options(PublishMode::kCreate), kOld);
  std::filesystem::create_symlink("a.parquet", target_ + "/y=1/link.parquet");
  const Status status = Transaction::Begin(env_, Options(PublishMode::kAppend, "run-2")).status();
  EXPECT_EQ(GetErrorCode(status), kForeignContent) << status.ToString();
  EXPECT_THAT(status.message(), HasSubstr("link.parquet"));
  EXPECT_EQ(TargetTree(), [] {
    Tree tree = kOld;
    tree["y=1/link.parquet"] = "old 1";
    return tree;
  }());
}

TEST_F(TransactionTest, PermissionsOfWhatIsReplacedStay) {
  MustPublish(Options(PublishMode::kCreate), kOld);
  std::filesystem::permissions(target_, std::filesystem::perms::owner_all);
  MustPublish(Options(PublishMode::kOverwrite, "run-2"), kNew);
  EXPECT_EQ((*env_->Stat(target_))->mode & 07777, 0700u);
  MustPublish(FileOptions(PublishMode::kCreate), {{"", "old"}});
  std::filesystem::permissions(directory_ / "out.parquet", std::filesystem::perms(0640));
  MustPublish(FileOptions(PublishMode::kOverwrite, "run-3"), {{"", "new"}});
  EXPECT_EQ((*env_->Stat(directory_ / "out.parquet"))->mode & 07777, 0640u);
}

TEST_F(TransactionTest, SymlinkToADatasetIsFollowedOnce) {
  MustPublish(Options(PublishMode::kCreate), kOld);
  const std::string link = directory_ / "link";
  std::filesystem::create_directory_symlink(target_, link);
  TransactionOptions options = Options(PublishMode::kOverwrite, "run-2");
  options.target = link;
  MustPublish(options, kNew);
  EXPECT_EQ(TargetTree(), kNew);
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  EXPECT_THAT(Beside(), ElementsAre(".out.headrace", "link", "out"));
  std::filesystem::create_symlink("nowhere", directory_ / "dangling");
  options.target = directory_ / "dangling";
  ExpectRefused(options, kTargetOfOtherType, ErrorKind::kSink);
}

// A crash between two renames leaves a link to the dataset dangling, and the data behind it.
TEST_F(TransactionTest, ALinkToADatasetThatACrashSetAsideIsFollowed) {
  MustPublish(Options(PublishMode::kCreate), kOld);
  std::filesystem::create_directory(directory_ / "links");
  std::filesystem::create_symlink("../out", directory_ / "links/relative");
  std::filesystem::create_symlink(target_, directory_ / "links/absolute");
  std::filesystem::create_symlink("relative", directory_ / "links/twice");
  for (const char* link : {"links/relative", "links/absolute", "links/twice", "links/twice/"}) {
    std::filesystem::create_directory(directory_ / ".out.headrace/txn-dead");
    std::filesystem::rename(target_, directory_ / ".out.headrace/txn-dead/old");
    TransactionOptions options = Options(PublishMode::kAppend, "run-2");
    options.target = directory_ / link;
    {
      const auto transaction = Transaction::Begin(env_, options);
      ASSERT_TRUE(transaction.ok()) << link << ": " << transaction.status().ToString();
    }
    EXPECT_EQ(TargetTree(), kOld) << link;
    EXPECT_THAT(SideNames(), ElementsAre("ledger", "lock"));
  }
}

TEST_F(TransactionTest, MissingParentIsNamed) {
  TransactionOptions options = Options(PublishMode::kCreate);
  options.target = directory_ / "no/out";
  ExpectRefused(options, kParentMissing, ErrorKind::kSink);
  options.kind = TargetKind::kSingleFile;
  ExpectRefused(options, kParentMissing, ErrorKind::kSink);
}

TEST_F(TransactionTest, SingleFileCreateAndOverwriteLeaveNothingBeside) {
  MustPublish(FileOptions(PublishMode::kCreate), {{"", "old"}});
  EXPECT_THAT(Beside(), ElementsAre("out.parquet"));
  ExpectRefused(FileOptions(PublishMode::kCreate, "run-2"), kTargetExists, ErrorKind::kSink);
  MustPublish(FileOptions(PublishMode::kOverwrite, "run-3"), {{"", "new"}});
  EXPECT_THAT(Beside(), ElementsAre("out.parquet"));
  EXPECT_EQ(ReadTree(env_, directory_ / "out.parquet").ValueOrDie(), (Tree{{"", "new"}}));
}

TEST_F(TransactionTest, SingleFileModesThatNeedADatasetAreRefused) {
  ExpectRefused(FileOptions(PublishMode::kAppend), kModeNotSupported, ErrorKind::kUsage);
  ExpectRefused(FileOptions(PublishMode::kOverwritePartitions), kModeNotSupported,
                ErrorKind::kUsage);
  std::filesystem::create_directory(directory_ / "out.parquet");
  ExpectRefused(FileOptions(PublishMode::kOverwrite), kTargetOfOtherType, ErrorKind::kSink);
}

TEST_F(TransactionTest, SingleFileIsLockedAgainstASecondRun) {
  auto first = Transaction::Begin(env_, FileOptions(PublishMode::kCreate));
  ASSERT_TRUE(first.ok());
  const Status status =
      Transaction::Begin(env_, FileOptions(PublishMode::kCreate, "run-2")).status();
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kLocked) << status.ToString();
}

TEST_F(TransactionTest, CreateLosesAgainstATargetThatAppearedMeanwhile) {
  auto dataset = Transaction::Begin(env_, Options(PublishMode::kCreate));
  ASSERT_TRUE(dataset.ok());
  ASSERT_TRUE(StageTree(dataset->get(), kNew).ok());
  std::filesystem::create_directory(target_);
  Write(target_ + "/theirs", "x");
  const Status status = (*dataset)->Publish({}).status();
  EXPECT_EQ(GetErrorCode(status), kTargetExists) << status.ToString();
  EXPECT_EQ(TargetTree(), (Tree{{"theirs", "x"}}));
}

TEST_F(TransactionTest, RecoverOfACleanTargetDoesNothing) {
  EXPECT_TRUE(Recover(env_, target_).ok());
  EXPECT_THAT(Beside(), IsEmpty());
  MustPublish(Options(PublishMode::kCreate), kOld);
  const Result<RecoveryOutcome> outcome = Recover(env_, target_);
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->transactions_rolled_back + outcome->transactions_rolled_forward, 0);
  EXPECT_EQ(TargetTree(), kOld);
}

}  // namespace
}  // namespace headrace
