#include "base/utc_text.h"

#include <gtest/gtest.h>

namespace headrace {
namespace {

TEST(UtcText, IsIso8601InUtc) {
  EXPECT_EQ(UtcText(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(UtcText(1'709'210'096), "2024-02-29T12:34:56Z");
  EXPECT_EQ(UtcText(-1), "1969-12-31T23:59:59Z");
}

TEST(UtcText, NowIsNow) {
  const std::time_t before = std::time(nullptr);
  const std::string now = UtcTextNow();
  // Texts of this form sort as their times do.
  EXPECT_GE(now, UtcText(before));
  EXPECT_LE(now, UtcText(std::time(nullptr)));
}

}  // namespace
}  // namespace headrace
