#include "base/nearest_name.h"

#include <gtest/gtest.h>

namespace headrace {
namespace {

TEST(NearestName, FindsSlips) {
  const std::vector<std::string> names = {"fare", "distance", "pickup_at", "id"};
  EXPECT_EQ(NearestName("fair", names), "fare");
  EXPECT_EQ(NearestName("dsitance", names), "distance");
  EXPECT_EQ(NearestName("PICKUP_AT", names), "pickup_at");
  EXPECT_EQ(NearestName("pickup", names), "pickup_at");
  EXPECT_EQ(NearestName("quantity", names), "");
  EXPECT_EQ(NearestName("", names), "");
  EXPECT_EQ(NearestName("x", {}), "");
  EXPECT_EQ(DidYouMean("ID", names), "; did you mean 'id'?");
  EXPECT_EQ(DidYouMean("zzzzzz", names), "");
}

TEST(NearestName, LongNamesAreComparedByTheirHead) {
  const std::string name(1 << 20, 'a');
  EXPECT_EQ(NearestName(name, {name + "b"}), name + "b");
}

}  // namespace
}  // namespace headrace
