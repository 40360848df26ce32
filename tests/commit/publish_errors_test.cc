// What a failure is called, and publishes that meet another program at the worst moment.
#include "commit/errors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>

#include "env/errno_status.h"
#include "support/fault_env.h"
#include "tree_reading.h"

namespace headrace {
namespace {

using ::testing::HasSubstr;

const FileSystemFeatures kPoor = {.exchange = false, .no_replace = false, .hard_links = false};

TransactionOptions Options(PublishMode mode, const std::string& run_id,
                           Durability durability = Durability::kFull) {
  TransactionOptions options;
  options.target = kTarget;
  options.mode = mode;
  options.durability = durability;
  options.run_id = run_id;
  return options;
}

// Another program makes the target just after Publish looked at it.
class AppearingEnv : public FaultEnv {
 public:
  using FaultEnv::FaultEnv;
  Result<std::optional<FileStat>> Stat(const std::string& path) override {
    ARROW_ASSIGN_OR_RAISE(std::optional<FileStat> found, FaultEnv::Stat(path));
    if (armed_ && path == kTarget) {
      armed_ = false;
      ARROW_RETURN_NOT_OK(CreateDirectory(JoinPath(kTarget, "theirs")));
    }
    return found;
  }
  Status CreateDirectory(const std::string& path) override {
    if (path == JoinPath(kTarget, "theirs")) {
      ARROW_RETURN_NOT_OK(FaultEnv::CreateDirectory(kTarget));
    }
    return FaultEnv::CreateDirectory(path);
  }
  bool armed_ = false;
};

// Nothing can be renamed onto the target, in whatever way.
class NoRenameOntoTargetEnv : public FaultEnv {
 public:
  using FaultEnv::FaultEnv;
  Status Rename(const std::string& from, const std::string& to, RenameMode mode) override {
    if (to == kTarget && mode == RenameMode::kReplace)
      return LinkError(EIO, "no", "rename", from, to);
    return FaultEnv::Rename(from, to, mode);
  }
};

class PublishErrorsTest : public ::testing::Test {
 protected:
  PublishErrorsTest() {
    model_.CreateDirectory("/data");
    model_.SyncEverything();
  }
  void MustPublish(const TransactionOptions& options, const Tree& tree) {
    const Status status = PublishTree(&env_, options, tree).status();
    ASSERT_TRUE(status.ok()) << status.ToString();
  }
  // What a publish says whose first call that begins with `call` fails.
  Status FailAt(const TransactionOptions& options, const std::string& call) {
    ModelFileSystem rehearsal = model_;
    FaultEnv counter(&rehearsal);
    EXPECT_TRUE(PublishTree(&counter, options, kNew).ok());
    int64_t at = 0;
    for (const std::string& line : counter.trace()) {
      if (line.starts_with(call)) break;
      ++at;
    }
    EXPECT_LT(at, counter.call_count()) << call;
    ModelFileSystem model = model_;
    FaultEnv env(&model);
    env.SetPlan({at, Fault::kFailOnce});
    return PublishTree(&env, options, kNew).status();
  }
  int64_t CallsIn(const FaultEnv& env, const std::string& call) {
    return std::count(env.trace().begin(), env.trace().end(), call);
  }

  ModelFileSystem model_;
  FaultEnv env_{&model_};
};

TEST_F(PublishErrorsTest, WhatFailsBeforePublishIsTheSinks) {
  const TransactionOptions options = Options(PublishMode::kCreate, "run-1");
  for (const char* call :
       {"CheckWritable /data", "Stat /data/out", "CreateDirectory /data/.out.headrace", "TryLock ",
        "OpenForWrite /data/.out.headrace/txn-run-1/gen"}) {
    const Status status = FailAt(options, call);
    EXPECT_EQ(GetErrorKind(status), ErrorKind::kSink) << call << ": " << status.ToString();
    EXPECT_NE(GetErrorCode(status), kCommitFailedCode) << call << ": " << status.ToString();
  }
  EXPECT_EQ(GetErrorCode(FailAt(options, "Stat /data/out")), kTargetNotReadable);
}

TEST_F(PublishErrorsTest, NothingIsPublishedIntoTheSideDirectoryOfAnother) {
  for (const char* target : {"/data/.out.headrace/txn-mine", "/data/.out.headrace"}) {
    ModelFileSystem model;
    model.CreateDirectory("/data");
    model.CreateDirectory("/data/.out.headrace");
    FaultEnv env(&model);
    TransactionOptions options;
    options.target = target;
    options.mode = PublishMode::kOverwrite;
    const Status status = Transaction::Begin(&env, options).status();
    EXPECT_EQ(GetErrorCode(status), kInsideSideDirectory) << status.ToString();
  }
}

TEST_F(PublishErrorsTest, WhatFailsInPublishIsTheCommits) {
  for (const char* call : {"OpenForWrite /data/.out.headrace/txn-run-1/journal",
                           "SyncDirectory /data/.out.headrace/txn-run-1/gen", "Rename "}) {
    const Status status = FailAt(Options(PublishMode::kCreate, "run-1"), call);
    EXPECT_EQ(GetErrorKind(status), ErrorKind::kCommitFailed) << call << ": " << status.ToString();
    EXPECT_EQ(GetErrorCode(status), kCommitFailedCode) << call << ": " << status.ToString();
  }
}

TEST_F(PublishErrorsTest, WrongUseHasNumbersOfItsOwn) {
  TransactionOptions options = Options(PublishMode::kCreate, "run.1");
  const Status run_id = Transaction::Begin(&env_, options).status();
  EXPECT_EQ(GetErrorKind(run_id), ErrorKind::kUsage);
  EXPECT_EQ(GetErrorCode(run_id), kRunIdNotUsable);
  options = Options(PublishMode::kCreate, "run-1");
  options.target = "";
  const Status target = Transaction::Begin(&env_, options).status();
  EXPECT_EQ(GetErrorKind(target), ErrorKind::kUsage);
  EXPECT_EQ(GetErrorCode(target), kTargetNotNamed);
}

TEST_F(PublishErrorsTest, CreateNeverTakesOverATargetThatAppearsWhilePublishing) {
  for (const FileSystemFeatures& features : {FileSystemFeatures{}, kPoor}) {
    ModelFileSystem model = model_;
    AppearingEnv env(&model, features);
    auto transaction =
        Transaction::Begin(&env, Options(PublishMode::kCreate, "run-1")).ValueOrDie();
    ASSERT_TRUE(StageTree(transaction.get(), kNew).ok());
    env.armed_ = true;
    const Status status = transaction->Publish({}).status();
    EXPECT_EQ(GetErrorCode(status), kTargetExists) << status.ToString();
    EXPECT_EQ(GetErrorKind(status), ErrorKind::kSink) << status.ToString();
    EXPECT_TRUE(model.Stat("/data/out/theirs").has_value());
    EXPECT_FALSE(model.Stat("/data/out/y=2").has_value());
  }
}

TEST_F(PublishErrorsTest, ADoubleRenameThatFailedBothWaysSaysWhereTheOldDatasetStands) {
  MustPublish(Options(PublishMode::kCreate, "run-1"), kOld);
  {
    NoRenameOntoTargetEnv env(&model_, kPoor);
    const Status status = PublishTree(&env, Options(PublishMode::kAppend, "run-2"), kNew).status();
    EXPECT_EQ(GetErrorKind(status), ErrorKind::kCommitUnknown) << status.ToString();
    EXPECT_THAT(status.message(), HasSubstr("/data/.out.headrace/txn-run-2/old"));
    EXPECT_THAT(status.message(), HasSubstr("run the same job again"));
    EXPECT_FALSE(model_.Stat(kTarget).has_value());
  }
  // "which restores it first": also where the power fails now, and the rows come once.
  for (uint64_t seed = 0; seed < 50; ++seed) {
    ModelFileSystem after = model_;
    std::mt19937_64 random(seed);
    if (seed > 0) after.PowerCut(&random);
    FaultEnv env(&after, kPoor);
    ASSERT_TRUE(Recover(&env, kTarget).ok());
    ASSERT_EQ(ReadTree(&env, kTarget).ValueOrDie(), kOld) << "seed " << seed;
  }
}

TEST_F(PublishErrorsTest, ATargetTakenAwayDuringTheRenameIsNotCalledWhole) {
  MustPublish(Options(PublishMode::kCreate, "run-1"), kOld);
  class VanishingEnv : public FaultEnv {
   public:
    using FaultEnv::FaultEnv;
    Status Rename(const std::string& from, const std::string& to, RenameMode mode) override {
      if (to == kTarget) ARROW_RETURN_NOT_OK(RemoveTree(kTarget));
      return FaultEnv::Rename(from, to, mode);
    }
  };
  VanishingEnv env(&model_);
  const Status status = PublishTree(&env, Options(PublishMode::kAppend, "run-2"), kNew).status();
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kCommitUnknown) << status.ToString();
  EXPECT_THAT(status.message(), HasSubstr("no dataset is there any more"));
}

TEST_F(PublishErrorsTest, ALedgerOfARunWithoutDurabilityProvesNothing) {
  MustPublish(Options(PublishMode::kCreate, "run-1", Durability::kNone), kOld);
  env_.SetPlan({});
  MustPublish(Options(PublishMode::kAppend, "run-2"), kNew);
  EXPECT_EQ(CallsIn(env_, "SyncDirectory /data"), 2) << "before the rename and after it";
  env_.SetPlan({});
  MustPublish(Options(PublishMode::kOverwrite, "run-3"), kNew);
  EXPECT_EQ(CallsIn(env_, "SyncDirectory /data"), 1);
}

TEST_F(PublishErrorsTest, FilesAfterTheFirstOnesWaitForOneSync) {
  TransactionOptions options = Options(PublishMode::kCreate, "run-1");
  options.files_synced_alone = 2;
  Tree tree;
  for (const char* name : {"a", "b", "c", "d", "e"}) tree[fmt::format("k={}/f", name)] = name;
  MustPublish(options, tree);
  int64_t alone = 0;
  int64_t directories = 0;
  for (const std::string& line : env_.trace()) {
    alone += line.starts_with("Sync /") && line.find("/gen/") != std::string::npos;
    directories += line.starts_with("SyncDirectory ") && line.find("/gen") != std::string::npos;
  }
  EXPECT_EQ(alone, 2);
  EXPECT_EQ(directories, 0) << "the one sync makes them durable too";
  EXPECT_EQ(env_.call_count(EnvCall::kSyncFileSystem), 1);
}

TEST_F(PublishErrorsTest, AFailedSyncOfTheFileSystemPublishesNothing) {
  TransactionOptions options = Options(PublishMode::kCreate, "run-1");
  options.files_synced_alone = 0;
  const Status status = FailAt(options, "SyncFileSystem ");
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kCommitFailed) << status.ToString();
  EXPECT_THAT(status.message(), HasSubstr("nothing was published"));
}

TEST_F(PublishErrorsTest, WhereAFileSystemIsNotSyncedAsOneEveryFileIs) {
  FaultEnv env(&model_, {.sync_as_one = false});
  TransactionOptions options = Options(PublishMode::kCreate, "run-1");
  options.files_synced_alone = 0;
  ASSERT_TRUE(PublishTree(&env, options, kNew).ok());
  EXPECT_EQ(env.call_count(EnvCall::kSyncFileSystem), 0);
  EXPECT_GE(env.call_count(EnvCall::kSync), static_cast<int64_t>(kNew.size()));
}

// Between two renames the side directory holds all there is.
TEST_F(PublishErrorsTest, TheSideDirectoryIsDurableBeforeItHoldsTheOnlyCopy) {
  MustPublish(Options(PublishMode::kCreate, "run-1", Durability::kNone), kOld);
  // Everything of the old dataset, but not its name and not the side directory's.
  for (const auto& [path, content] : kOld) {
    ASSERT_TRUE(env_.SyncFile(JoinPath(kTarget, path)).ok());
    ASSERT_TRUE(env_.SyncDirectory(ParentPath(JoinPath(kTarget, path))).ok());
  }
  ASSERT_TRUE(env_.SyncDirectory(kTarget).ok());
  Tree both = kOld;
  both.insert(kNew.begin(), kNew.end());
  ModelFileSystem rehearsal = model_;
  FaultEnv counter(&rehearsal, kPoor);
  ASSERT_TRUE(PublishTree(&counter, Options(PublishMode::kAppend, "run-2"), kNew).ok());
  int64_t at = counter.call_count() - 1;
  while (!counter.trace()[static_cast<size_t>(at)].ends_with(" -> /data/out")) --at;
  {
    FaultEnv killed(&model_, kPoor);
    killed.SetPlan({at, Fault::kKill});
    EXPECT_FALSE(PublishTree(&killed, Options(PublishMode::kAppend, "run-2"), kNew).ok());
  }
  for (uint64_t seed = 0; seed < 200; ++seed) {
    ModelFileSystem after = model_;
    std::mt19937_64 random(seed);
    after.PowerCut(&random);
    FaultEnv env(&after, kPoor);
    ASSERT_TRUE(Recover(&env, kTarget).ok());
    const Tree tree = ReadTree(&env, kTarget).ValueOrDie();
    ASSERT_TRUE(tree == both || tree == kOld) << "seed " << seed;
  }
}

}  // namespace
}  // namespace headrace
