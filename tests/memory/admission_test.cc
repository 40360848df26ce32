#include "memory/admission.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/units.h"

namespace headrace {
namespace {

AdmissionRequest Request(int64_t lendable_mib, int threads) {
  AdmissionRequest request;
  request.lendable_bytes = lendable_mib * kMiB;
  request.threads_wanted = threads;
  request.total_bytes = (lendable_mib + 40) * kMiB;
  request.base_bytes = 28 * kMiB;
  request.slack_bytes = 12 * kMiB;
  request.budget_origin = "test";
  request.needs = {{"source", 2 * kMiB, 4 * kMiB, 2 * kMiB, 8 * kMiB},
                   {"sink", 6 * kMiB, 5 * kMiB, 60 * kMiB, 5 * kMiB}};
  return request;
}

TEST(Admission, AllThreadsAndEveryWishWhenThereIsRoom) {
  const auto admission = Admit(Request(500, 8)).ValueOrDie();
  EXPECT_EQ(admission.threads, 8);
  EXPECT_EQ(admission.grants[0].granted_bytes, 66 * kMiB);
  EXPECT_EQ(admission.grants[1].granted_bytes, 100 * kMiB);
}

TEST(Admission, FewerThreadsBeforeARefusal) {
  EXPECT_EQ(Admit(Request(8 + 9 * 3, 8)).ValueOrDie().threads, 3);
  EXPECT_EQ(Admit(Request(8 + 9, 8)).ValueOrDie().threads, 1);
}

TEST(Admission, RestIsSharedInProportionAndNeverPassesTheBudget) {
  for (int64_t lendable = 17; lendable < 300; lendable += 3) {
    const auto admission = Admit(Request(lendable, 4)).ValueOrDie();
    int64_t granted = 0;
    for (const auto& grant : admission.grants) {
      EXPECT_GE(grant.granted_bytes, grant.floor_bytes);
      granted += grant.granted_bytes;
    }
    EXPECT_LE(granted, lendable * kMiB);
  }
}

TEST(Admission, RefusalIsItemisedAndNamesTheSmallestBudget) {
  const auto refused = Admit(Request(16, 4));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(GetErrorKind(refused.status()), ErrorKind::kOutOfMemory);
  EXPECT_THAT(refused.status().message(), testing::HasSubstr("source 6.0 MiB, sink 11.0 MiB"));
  EXPECT_THAT(refused.status().message(), testing::HasSubstr("at least 57MiB"));
}

TEST(Admission, PassesAtOneBudgetMeansPassesAtEveryLargerOne) {
  bool passed = false;
  for (int64_t lendable = 1; lendable < 100; ++lendable) {
    const bool passes = Admit(Request(lendable, 3)).ok();
    EXPECT_TRUE(passes || !passed) << lendable;
    passed = passes;
  }
  EXPECT_TRUE(passed);
}

TEST(ChooseBatchBytes, GrowsWithTheBudgetWithinItsLimits) {
  EXPECT_EQ(ChooseBatchBytes(0, 1), 64 * kKiB);
  EXPECT_EQ(ChooseBatchBytes(30 * kMiB, 1), 512 * kKiB);
  EXPECT_EQ(ChooseBatchBytes(200 * kMiB, 2), kMiB);
  EXPECT_EQ(ChooseBatchBytes(int64_t{1} << 40, 2), kMiB);
}

}  // namespace
}  // namespace headrace
