// A file system that takes two names for one: no two partitions become one there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "commit/errors.h"
#include "env/posix_env.h"
#include "support/temporary_directory.h"
#include "tree_reading.h"

namespace headrace {
namespace {

using ::testing::HasSubstr;

// Ignores the case of "k=A": whichever name came first stays.
class FoldingEnv : public PosixEnv {
 public:
  Result<std::unique_ptr<WritableFile>> OpenForWrite(const std::string& path,
                                                     OpenMode mode) override {
    return PosixEnv::OpenForWrite(Folded(path), mode);
  }
  Status CreateDirectory(const std::string& path) override {
    const std::string folded = Folded(path);
    if (folded != path) return PosixEnv::CreateDirectory(folded);
    return PosixEnv::CreateDirectory(path);
  }
  Status SetPermissions(const std::string& path, uint32_t mode) override {
    return PosixEnv::SetPermissions(Folded(path), mode);
  }
  Status HardLink(const std::string& from, const std::string& to) override {
    return PosixEnv::HardLink(Folded(from), Folded(to));
  }

 private:
  std::string Folded(std::string path) {
    for (const auto& [name, other] : {std::pair{"k=A", "k=a"}, {"k=a", "k=A"}}) {
      const size_t at = path.find(name);
      if (at == std::string::npos) continue;
      std::string twin = path.substr(0, at) + other;
      const auto found = PosixEnv::Stat(twin);
      if (found.ok() && found->has_value()) return twin + path.substr(at + 3);
    }
    return path;
  }
};

class NamesTest : public ::testing::Test {
 protected:
  Status Publish(PublishMode mode, const std::string& run_id, const Tree& tree) {
    TransactionOptions options;
    options.target = directory_ / "out";
    options.mode = mode;
    options.run_id = run_id;
    return PublishTree(&env_, options, tree).status();
  }

  TemporaryDirectory directory_;
  FoldingEnv env_;
};

TEST_F(NamesTest, TwoNewPartitionsThatAreOneDirectoryAreRefused) {
  const Status status = Publish(PublishMode::kCreate, "run-1", {{"k=a/1", "x"}, {"k=A/2", "y"}});
  EXPECT_EQ(GetErrorCode(status), kNamesCollide) << status;
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kSink);
  EXPECT_THAT(status.message(), HasSubstr("'k="));
  EXPECT_FALSE(std::filesystem::exists(directory_ / "out"));
  EXPECT_FALSE(std::filesystem::exists(directory_ / ".out.headrace"));
}

TEST_F(NamesTest, AKeptPartitionCountsToo) {
  ASSERT_TRUE(Publish(PublishMode::kCreate, "run-1", {{"k=a/1", "x"}, {"k=b/1", "z"}}).ok());
  for (const PublishMode mode : {PublishMode::kAppend, PublishMode::kOverwritePartitions}) {
    EXPECT_EQ(GetErrorCode(Publish(mode, "run-2", {{"k=A/2", "y"}})), kNamesCollide);
    EXPECT_EQ(*ReadTree(&env_, directory_ / "out"), (Tree{{"k=a/1", "x"}, {"k=b/1", "z"}}));
  }
  EXPECT_TRUE(Publish(PublishMode::kAppend, "run-3", {{"k=a/2", "y"}}).ok());
}

}  // namespace
}  // namespace headrace
