// How files that stay get into the new generation where hard links do not work.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>

#include "env/errno_status.h"
#include "env/posix_env.h"
#include "support/temporary_directory.h"
#include "tree_reading.h"

namespace headrace {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Without hard links, and with clones until `clones_left` is used up.
class CloningEnv : public PosixEnv {
 public:
  Status HardLink(const std::string& from, const std::string& to) override {
    return LinkError(EOPNOTSUPP, "cannot make hard link", "link", from, to);
  }
  Status CloneFile(const std::string& from, const std::string& to) override {
    if (clones_left_-- <= 0) return LinkError(clone_error_, "cannot clone file", "ioctl", from, to);
    ARROW_ASSIGN_OR_RAISE(const std::string content, ReadWholeFile(from, 1 << 20));
    ARROW_ASSIGN_OR_RAISE(const auto file, OpenForWrite(to, OpenMode::kCreateNew));
    ARROW_RETURN_NOT_OK(file->Append(content.data(), static_cast<int64_t>(content.size())));
    return file->Close();
  }
  Status SyncFile(const std::string& path) override {
    synced_.push_back(BaseName(path));
    return PosixEnv::SyncFile(path);
  }

  int clones_left_ = 0;
  int clone_error_ = EOPNOTSUPP;
  std::vector<std::string> synced_;
};

class KeptFilesTest : public ::testing::Test {
 protected:
  Result<PublishOutcome> Publish(PublishMode mode, const std::string& run_id, const Tree& tree) {
    TransactionOptions options;
    options.target = directory_ / "out";
    options.mode = mode;
    options.run_id = run_id;
    return PublishTree(&env_, options, tree);
  }

  void SetUp() override {
    ASSERT_TRUE(
        Publish(PublishMode::kCreate, "run-1", {{"k=1/a", "old a"}, {"k=1/b", "old b"}}).ok());
    ASSERT_EQ(::chmod((directory_ / "out/k=1/a").c_str(), 0640), 0);
  }
  const Tree appended_ = {{"k=1/a", "old a"}, {"k=1/b", "old b"}, {"k=2/c", "new"}};

  TemporaryDirectory directory_;
  CloningEnv env_;
};

TEST_F(KeptFilesTest, ClonesAreMadeDurableAndKeepTheirPermissions) {
  env_.clones_left_ = 2;
  const auto outcome = Publish(PublishMode::kAppend, "run-2", {{"k=2/c", "new"}}).ValueOrDie();
  EXPECT_EQ(outcome.kept_files, 2);
  EXPECT_THAT(outcome.notes, ElementsAre(HasSubstr("2 kept files were cloned")));
  EXPECT_THAT(env_.synced_, ElementsAre("a", "b"));
  EXPECT_EQ(*ReadTree(&env_, directory_ / "out"), appended_);
  EXPECT_EQ((*env_.Stat(directory_ / "out/k=1/a"))->mode & 0777u, 0640u);
}

TEST_F(KeptFilesTest, WhatCannotBeClonedIsCopied) {
  env_.clones_left_ = 1;
  const auto outcome = Publish(PublishMode::kAppend, "run-2", {{"k=2/c", "new"}}).ValueOrDie();
  EXPECT_THAT(outcome.notes, Contains(HasSubstr("1 kept files were cloned")));
  EXPECT_THAT(outcome.notes, Contains(HasSubstr("1 kept files were copied")));
  EXPECT_EQ(*ReadTree(&env_, directory_ / "out"), appended_);
}

TEST_F(KeptFilesTest, AFullDiskIsNotMistakenForAMissingCall) {
  env_.clone_error_ = ENOSPC;
  const Status status = Publish(PublishMode::kAppend, "run-2", {{"k=2/c", "new"}}).status();
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kOutOfDisk) << status;
  EXPECT_EQ(*ReadTree(&env_, directory_ / "out"), (Tree{{"k=1/a", "old a"}, {"k=1/b", "old b"}}));
}

}  // namespace
}  // namespace headrace
