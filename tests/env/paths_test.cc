#include <gtest/gtest.h>

#include "env/env.h"

namespace headrace {
namespace {

TEST(PathsTest, JoinPutsExactlyOneSlash) {
  EXPECT_EQ(JoinPath("a", "b"), "a/b");
  EXPECT_EQ(JoinPath("a/", "b"), "a/b");
  EXPECT_EQ(JoinPath("/", "b"), "/b");
  EXPECT_EQ(JoinPath("", "b"), "b");
  EXPECT_EQ(JoinPath("a", ""), "a");
}

TEST(PathsTest, ParentOfEveryShape) {
  EXPECT_EQ(ParentPath("a"), ".");
  EXPECT_EQ(ParentPath("a/"), ".");
  EXPECT_EQ(ParentPath("/a"), "/");
  EXPECT_EQ(ParentPath("/"), "/");
  EXPECT_EQ(ParentPath("a/b/"), "a");
  EXPECT_EQ(ParentPath("a//b"), "a");
  EXPECT_EQ(ParentPath("/a/b/c"), "/a/b");
}

TEST(PathsTest, BaseNameIgnoresTrailingSlashes) {
  EXPECT_EQ(BaseName("a"), "a");
  EXPECT_EQ(BaseName("/a/b//"), "b");
  EXPECT_EQ(BaseName("a/b.parquet"), "b.parquet");
  EXPECT_EQ(BaseName("/"), "/");
}

}  // namespace
}  // namespace headrace
