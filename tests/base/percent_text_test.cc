#include "base/percent_text.h"

#include <gtest/gtest.h>

namespace headrace {
namespace {

TEST(PercentText, DecodesWhatIsEncodedAndNothingElse) {
  EXPECT_EQ(PercentDecode("a%2Fb%2fc"), "a/b/c");
  EXPECT_EQ(PercentDecode("100%"), "100%");
  EXPECT_EQ(PercentDecode("%4"), "%4");
  EXPECT_EQ(PercentDecode("%zz%41"), "%zzA");
}

TEST(PercentText, EveryByteComesBack) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
  const std::string text = PercentEncode(bytes);
  for (const char c : text) EXPECT_TRUE(c >= ' ' && c <= '~');
  EXPECT_EQ(PercentDecode(text), bytes);
  EXPECT_EQ(PercentEncode("plain/path"), "plain/path");
  EXPECT_EQ(PercentEncode("caf\xe9 %41"), "caf%E9 %2541");
}

}  // namespace
}  // namespace headrace
