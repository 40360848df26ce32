// What only some may read stays so over a publish, on a real file system.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>

#include "env/errno_status.h"
#include "env/posix_env.h"
#include "support/temporary_directory.h"
#include "tree_reading.h"

namespace headrace {
namespace {

// Files are copied, not linked; remembers how large each was when it got its permissions.
class CopyingEnv : public PosixEnv {
 public:
  Status HardLink(const std::string& from, const std::string& to) override {
    return LinkError(EOPNOTSUPP, "cannot make hard link", "link", from, to);
  }
  Status CloneFile(const std::string& from, const std::string& to) override {
    return LinkError(EOPNOTSUPP, "cannot clone file", "ioctl", from, to);
  }
  Status SetPermissions(const std::string& path, uint32_t mode) override {
    ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> found, Stat(path));
    if (found && found->type == FileType::kFile) sizes_.push_back(found->size_bytes);
    return PosixEnv::SetPermissions(path, mode);
  }
  std::vector<int64_t> sizes_;
};

class PermissionsTest : public ::testing::Test {
 protected:
  void Publish(Env* env, PublishMode mode, const std::string& run_id, const Tree& tree) {
    const Status status = PublishTree(env, Options(mode, run_id), tree).status();
    ASSERT_TRUE(status.ok()) << status.ToString();
  }
  TransactionOptions Options(PublishMode mode, const std::string& run_id) const {
    TransactionOptions options;
    options.target = target_;
    options.mode = mode;
    options.run_id = run_id;
    return options;
  }
  void Restrict(const std::string& below, mode_t mode) {
    ASSERT_EQ(::chmod(JoinPath(target_, below).c_str(), mode), 0);
  }
  uint32_t ModeOf(const std::string& path) {
    return (*Env::Default()->Stat(path))->mode & uint32_t{07777};
  }

  TemporaryDirectory directory_;
  std::string target_ = directory_ / "out";
};

TEST_F(PermissionsTest, KeptAndRewrittenDirectoriesKeepTheirs) {
  Publish(Env::Default(), PublishMode::kCreate, "run-1", kOld);
  Restrict("y=1", 0700);  // kept alone
  Restrict("y=2", 0750);  // gets a new file too
  for (const PublishMode mode :
       {PublishMode::kAppend, PublishMode::kOverwritePartitions, PublishMode::kOverwrite}) {
    Tree tree = kNew;
    if (mode == PublishMode::kOverwrite) tree["y=1/c.parquet"] = "new 1";
    const std::string run_id = fmt::format("run-2-{}", static_cast<int>(mode));
    Publish(Env::Default(), mode, run_id, tree);
    EXPECT_EQ(ModeOf(target_ + "/y=1"), 0700u) << run_id;
    EXPECT_EQ(ModeOf(target_ + "/y=2"), 0750u) << run_id;
  }
}

TEST_F(PermissionsTest, StagedFilesAreBehindThemFromTheStart) {
  Publish(Env::Default(), PublishMode::kCreate, "run-1", kOld);
  Restrict("y=2", 0700);
  auto transaction =
      Transaction::Begin(Env::Default(), Options(PublishMode::kAppend, "run-2")).ValueOrDie();
  auto file = transaction->OpenStaged("y=2/b.parquet", OpenMode::kTruncate).ValueOrDie();
  EXPECT_EQ(ModeOf(directory_ / ".out.headrace/txn-run-2/gen/y=2"), 0700u);
}

// The next run could not remove what its owner may not write.
TEST_F(PermissionsTest, TheOwnerMayAlwaysFillAndRemoveADirectory) {
  Publish(Env::Default(), PublishMode::kCreate, "run-1", kOld);
  Restrict("y=1", 0550);
  auto transaction =
      Transaction::Begin(Env::Default(), Options(PublishMode::kAppend, "run-2")).ValueOrDie();
  auto file = transaction->OpenStaged("y=1/b.parquet", OpenMode::kTruncate).ValueOrDie();
  EXPECT_EQ(ModeOf(directory_ / ".out.headrace/txn-run-2/gen/y=1"), 0750u);
  Restrict("y=1", 0750);  // so that it can be removed
}

TEST_F(PermissionsTest, CopiesHaveThoseOfTheirOriginalsBeforeTheFirstByte) {
  CopyingEnv env;
  Publish(&env, PublishMode::kCreate, "run-1", kOld);
  Restrict("y=1/a.parquet", 0640);
  Restrict("y=2/a.parquet", 0600);
  env.sizes_.clear();
  Publish(&env, PublishMode::kAppend, "run-2", kNew);
  EXPECT_EQ(ModeOf(target_ + "/y=1/a.parquet"), 0640u);
  EXPECT_EQ(ModeOf(target_ + "/y=2/a.parquet"), 0600u);
  EXPECT_EQ(env.sizes_, (std::vector<int64_t>{0, 0}));
}

}  // namespace
}  // namespace headrace
