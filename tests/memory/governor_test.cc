#include "memory/governor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/units.h"
#include "memory/run_allowance.h"

namespace headrace {
namespace {

using ::testing::HasSubstr;

// Base and slack 40 MiB, planned 460 of a budget of 500, floors 20 for the first worker and 10 for
// each further one.
GovernorSnapshot Quiet() {
  GovernorSnapshot snapshot;
  snapshot.budget_bytes = 500 * kMiB;
  snapshot.base_bytes = 28 * kMiB;
  snapshot.slack_bytes = 12 * kMiB;
  snapshot.limit_bytes = 4096 * kMiB;
  snapshot.pressed_limit_bytes = 4096 * kMiB;
  snapshot.used_bytes = 1000 * kMiB;
  snapshot.own_bytes = 400 * kMiB;
  snapshot.threads = 4;
  snapshot.needs = {{"source", 2 * kMiB, 4 * kMiB, 0, 0}, {"sink", 8 * kMiB, 6 * kMiB, 0, 0}};
  snapshot.planned_bytes = 460 * kMiB;
  return snapshot;
}

GovernorSnapshot Pressed(PressureLevel level, int64_t used_mib) {
  GovernorSnapshot snapshot = Quiet();
  snapshot.level = level;
  snapshot.cause = "somebody took it";
  snapshot.used_bytes = used_mib * kMiB;
  return snapshot;
}

struct Case {
  const char* name;
  GovernorSnapshot snapshot;
  int64_t allowed_mib;
  int workers;
  bool return_cached;
  bool refuse;
  bool below_floor;
};

TEST(Governor, EveryDecisionOfTheTable) {
  GovernorSnapshot lowered = Quiet();
  lowered.budget_bytes = 300 * kMiB;
  GovernorSnapshot raised = Quiet();
  raised.budget_bytes = 900 * kMiB;
  GovernorSnapshot limited = Quiet();
  limited.limit_bytes = 90 * kMiB;
  GovernorSnapshot tight = Quiet();
  tight.budget_bytes = 75 * kMiB;
  GovernorSnapshot hopeless = Quiet();
  hopeless.limit_bytes = 59 * kMiB;
  const Case cases[] = {
      {"quiet", Quiet(), 500, 4, false, false, false},
      {"elevated keeps nothing for reuse", Pressed(PressureLevel::kElevated, 3200), 500, 4, true,
       false, false},
      // 85 % of 4096 are 3481; the others have 3300, so 181 are ours.
      {"high", Pressed(PressureLevel::kHigh, 3700), 181, 4, true, false, false},
      // 75 % of 4096 are 3072, which the others have already: the floor of one worker is left.
      {"critical", Pressed(PressureLevel::kCritical, 3950), 60, 1, true, true, false},
      {"budget lowered", lowered, 300, 4, true, false, false},
      {"budget above the plan changes nothing", raised, 500, 4, false, false, false},
      {"limit lowered", limited, 90, 4, true, false, false},
      {"floors of two only", tight, 75, 2, true, false, false},
      {"below every floor", hopeless, 59, 1, true, false, true},
  };
  for (const Case& one : cases) {
    const GovernorActions actions = Decide(one.snapshot);
    EXPECT_EQ(actions.allowed_bytes / kMiB, one.allowed_mib) << one.name;
    EXPECT_EQ(actions.workers, one.workers) << one.name;
    EXPECT_EQ(actions.return_cached, one.return_cached) << one.name;
    EXPECT_EQ(actions.refuse_new_work, one.refuse) << one.name;
    EXPECT_EQ(actions.below_floor, one.below_floor) << one.name;
    EXPECT_EQ(actions.is_full(), one.allowed_mib == 500) << one.name;
  }
}

TEST(Governor, PressureAloneNeverRefusesAGrow) {
  const GovernorActions actions = Decide(Pressed(PressureLevel::kCritical, 4000));
  EXPECT_EQ(actions.hard_bytes, 460 * kMiB);
  EXPECT_LT(actions.lendable_bytes, actions.hard_bytes);
  EXPECT_EQ(actions.share, 0);
  EXPECT_THAT(actions.cause, HasSubstr("somebody"));
}

TEST(Governor, MoreRoomNeverMeansLess) {
  GovernorSnapshot snapshot = Quiet();
  GovernorActions before;
  before.workers = 0;
  before.share = -1;
  for (int64_t mib = 1; mib <= 600; ++mib) {
    snapshot.budget_bytes = mib * kMiB;
    const GovernorActions actions = Decide(snapshot);
    EXPECT_GE(actions.workers, before.workers) << mib;
    if (actions.workers == before.workers) {
      EXPECT_GE(actions.share, before.share) << mib;
    }
    EXPECT_LE(actions.allowed_bytes, 500 * kMiB);
    before = actions;
  }
  EXPECT_EQ(before.workers, 4);
  EXPECT_EQ(before.share, 1);
}

TEST(Governor, LessAtOnceAndMoreOnlyAfterAWhile) {
  GovernorMemory memory(3);
  const GovernorActions full = Decide(Quiet());
  const GovernorActions less = Decide(Pressed(PressureLevel::kHigh, 3700));
  EXPECT_TRUE(memory.Follow(0, full).is_full());
  EXPECT_EQ(memory.Follow(1, less).allowed_bytes, less.allowed_bytes);
  EXPECT_EQ(memory.Follow(2, full).allowed_bytes, less.allowed_bytes) << "too early";
  EXPECT_EQ(memory.Follow(3, less).allowed_bytes, less.allowed_bytes);
  EXPECT_EQ(memory.Follow(5.9, full).allowed_bytes, less.allowed_bytes) << "counts from 3";
  EXPECT_TRUE(memory.Follow(6.1, full).is_full());
}

TEST(RunAllowance, TakesFromWhatIsAboveTheFloor) {
  RunAllowance allowance(4);
  EXPECT_EQ(allowance.Of(100, 20, 50), 100);
  allowance.Set(4, 0.5);
  EXPECT_EQ(allowance.Of(100, 20, 50), 75);
  allowance.Set(2, 0.5);
  EXPECT_EQ(allowance.Of(100, 20, 50), 55) << "the floor of two and half of what is above all";
  allowance.Set(1, 0);
  EXPECT_EQ(allowance.Of(100, 20, 50), 20);
  EXPECT_EQ(allowance.Of(10, 20, 50), 10);
  allowance.Set(2, 0.5);
  int looks = 0;
  allowance.RestWhileUnwanted(1, [] { return false; });
  allowance.RestWhileUnwanted(2, [&] { return ++looks == 3; });
  EXPECT_EQ(looks, 3);
}

}  // namespace
}  // namespace headrace
