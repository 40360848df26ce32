#include "base/units.h"

#include <gtest/gtest.h>

namespace headrace {
namespace {

TEST(ParsePercent, SharesOfMemory) {
  EXPECT_DOUBLE_EQ(ParsePercent("25%").ValueOrDie(), 0.25);
  EXPECT_DOUBLE_EQ(ParsePercent(" 12.5 % ").ValueOrDie(), 0.125);
  for (const char* bad : {"", "%", "25", "0%", "101%", "-5%", "x%", "25%%"}) {
    EXPECT_EQ(GetErrorCode(ParsePercent(bad).status()), 103) << bad;
  }
}

TEST(ParseBytes, BinaryAndDecimalUnits) {
  EXPECT_EQ(*ParseBytes("512MiB"), 512 * kMiB);
  EXPECT_EQ(*ParseBytes("1.5 GB"), 1'500'000'000);
  EXPECT_EQ(*ParseBytes("64k"), 64 * kKiB);
  EXPECT_EQ(*ParseBytes("1048576"), kMiB);
  EXPECT_EQ(*ParseBytes(" 2gib "), 2 * kGiB);
  EXPECT_EQ(*ParseBytes("0"), 0);
}

TEST(ParseBytes, RefusesWhatIsNoSize) {
  for (const char* text :
       {"", "MiB", "-1", "12 apples", "1e400", "nan", "inf", "99999999TiB", "1..5"}) {
    EXPECT_EQ(GetErrorKind(ParseBytes(text).status()), ErrorKind::kInvalidConfig) << text;
  }
}

TEST(ParseDuration, Units) {
  EXPECT_EQ(ParseDuration("500ms")->count(), 500);
  EXPECT_EQ(ParseDuration("30s")->count(), 30'000);
  EXPECT_EQ(ParseDuration("1.5m")->count(), 90'000);
  EXPECT_FALSE(ParseDuration("5").ok());
}

TEST(Format, BytesSecondsCounts) {
  EXPECT_EQ(FormatBytes(996), "996 B");
  EXPECT_EQ(FormatBytes(-5 * kMiB), "-5.0 MiB");
  EXPECT_EQ(FormatBytes(124'151'398), "118.4 MiB");
  EXPECT_EQ(FormatSeconds(0.085), "85 ms");
  EXPECT_EQ(FormatSeconds(192), "3 min 12 s");
  EXPECT_EQ(FormatCount(6001215), "6,001,215");
  EXPECT_EQ(FormatCount(-1234), "-1,234");
  EXPECT_EQ(FormatCount(12), "12");
}

}  // namespace
}  // namespace headrace
