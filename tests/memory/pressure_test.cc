// The level of pressure over made-up readings: table after table, no clock and no machine.
#include "memory/pressure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "memory/streaming_threshold.h"

namespace headrace {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using enum PressureLevel;

constexpr double kStep = 0.1;  // seconds between two readings
constexpr int64_t kLimitBytes = 4LL << 30;

// Feeds a tracker reading after reading and writes its changes down as "seconds level".
class Course {
 public:
  explicit Course(const PressureMarks& marks = {}) : tracker_(marks) {}

  Course& Feed(PressureInputs inputs, double for_seconds) {
    const int64_t readings = std::llround(for_seconds / kStep);
    for (int64_t i = 0; i < readings; ++i) {
      inputs.seconds = static_cast<double>(index_++) * kStep;
      if (const auto change = tracker_.Update(inputs)) {
        changes_.push_back(
            fmt::format("{:.1f} {}", change->seconds, PressureLevelName(change->to)));
        causes_.push_back(change->cause);
        EXPECT_NE(change->from, change->to);
      }
    }
    return *this;
  }
  Course& Share(double share, double for_seconds) { return Feed(Of(share), for_seconds); }
  // From one share to another in equal steps.
  Course& Ramp(double from, double to, double for_seconds) {
    const int64_t readings = std::llround(for_seconds / kStep);
    for (int64_t i = 1; i <= readings; ++i) {
      Share(from + (to - from) * static_cast<double>(i) / static_cast<double>(readings), kStep);
    }
    return *this;
  }
  static PressureInputs Of(double share) {
    PressureInputs inputs;
    inputs.used_share = share;
    inputs.used_of = "anonymous memory of cgroup v2 /a";
    inputs.used_bytes = static_cast<int64_t>(share * static_cast<double>(kLimitBytes));
    inputs.limit_bytes = kLimitBytes;
    return inputs;
  }
  std::vector<std::string> Levels() const {  // without the times
    std::vector<std::string> levels;
    for (const std::string& change : changes_)
      levels.push_back(change.substr(change.find(' ') + 1));
    return levels;
  }

  const PressureTracker& tracker() const { return tracker_; }
  const std::vector<std::string>& changes() const { return changes_; }
  const std::vector<std::string>& causes() const { return causes_; }

 private:
  PressureTracker tracker_;
  int64_t index_ = 0;
  std::vector<std::string> changes_;
  std::vector<std::string> causes_;
};

PressureInputs WithStalls(double share, double some, double full) {
  PressureInputs inputs = Course::Of(share);
  inputs.stall_some_share = some;
  inputs.stall_full_share = full;
  return inputs;
}

PressureInputs WithSwapping(double share, double pages_per_second) {
  PressureInputs inputs = Course::Of(share);
  inputs.swap_pages_per_second = pages_per_second;
  return inputs;
}

TEST(PressureTracker, RampPassesEachLevelOnceEachWay) {
  Course course;
  course.Ramp(0, 0.975, 10).Share(0.975, 2).Ramp(0.975, 0, 10).Share(0, 3);
  EXPECT_THAT(course.Levels(),
              ElementsAre("elevated", "high", "critical", "high", "elevated", "normal"));
}

TEST(PressureTracker, JumpPassesEachLevelOnceEachWay) {
  Course course;
  course.Share(0.1, 1).Share(0.99, 5).Share(0.1, 5);
  EXPECT_THAT(course.changes(), ElementsAre("1.1 elevated", "1.2 high", "1.3 critical", "6.9 high",
                                            "7.9 elevated", "8.9 normal"));
}

TEST(PressureTracker, OneOddReadingRaisesNothing) {
  Course course;
  for (int i = 0; i < 20; ++i) course.Share(0.99, kStep).Share(0.5, kStep);
  EXPECT_THAT(course.changes(), IsEmpty());
}

TEST(PressureTracker, MarksAreInclusive) {
  EXPECT_THAT(Course().Share(0.7499, 5).Levels(), IsEmpty());
  EXPECT_THAT(Course().Share(0.75, 5).Levels(), ElementsAre("elevated"));
  EXPECT_THAT(Course().Share(0.85, 5).Levels(), ElementsAre("elevated", "high"));
  EXPECT_THAT(Course().Share(0.95, 5).Levels(), ElementsAre("elevated", "high", "critical"));
}

TEST(PressureTracker, SwingsAtAMarkDoNotFlap) {
  Course course;
  for (int i = 0; i < 100; ++i) course.Share(0.76, 0.5).Share(0.73, 3);
  EXPECT_THAT(course.Levels(), ElementsAre("elevated"));
  course.Share(0.719, 3);
  EXPECT_THAT(course.Levels(), ElementsAre("elevated", "normal"));
}

TEST(PressureTracker, ShortDipsDoNotLeaveALevel) {
  Course course;
  for (int i = 0; i < 50; ++i) course.Share(0.9, 0.3).Share(0.2, 0.9);
  EXPECT_EQ(course.tracker().level(), kHigh);
  EXPECT_THAT(course.Levels(), ElementsAre("elevated", "high"));
}

TEST(PressureTracker, StaysASecondAtEachLevelOnTheWayDown) {
  Course course;
  course.Share(0.99, 0.4).Share(0, 10);
  ASSERT_EQ(course.changes().size(), 6u);
  const std::vector<std::string> down(course.changes().begin() + 3, course.changes().end());
  EXPECT_THAT(down, ElementsAre("1.3 high", "2.3 elevated", "3.3 normal"));
}

TEST(PressureTracker, PageCacheGrowthStaysNormal) {
  // 40 GB through page cache: the kernel reclaims all the time, tasks wait for it, idle pages of
  // others are swapped out. Anonymous memory stays below a quarter.
  Course course;
  PressureInputs inputs = WithStalls(0.24, 0.95, 0.6);
  inputs.swap_pages_per_second = 20000;
  course.Feed(inputs, 120);
  EXPECT_THAT(course.changes(), IsEmpty());
}

TEST(PressureTracker, StallsAndSwappingRaiseWhereMemoryIsScarce) {
  struct Case {
    PressureInputs inputs;
    PressureLevel level;
  };
  const Case cases[] = {
      {WithStalls(0.5, 0.09, 0), kNormal},      {WithStalls(0.5, 0.10, 0), kElevated},
      {WithStalls(0.5, 1.00, 0.09), kElevated}, {WithStalls(0.5, 0.10, 0.10), kHigh},
      {WithStalls(0.49, 1, 1), kNormal},        {WithStalls(0.96, 0, 0), kCritical},
      {WithSwapping(0.5, 255), kNormal},        {WithSwapping(0.5, 256), kElevated},
      {WithSwapping(0.5, 8191), kElevated},     {WithSwapping(0.5, 8192), kHigh},
      {WithSwapping(0.49, 1e6), kNormal},       {WithSwapping(0.86, 256), kHigh},
  };
  for (const Case& test : cases) {
    EXPECT_EQ(ClassifyPressure(test.inputs, {}), test.level)
        << test.inputs.used_share << " " << test.inputs.stall_some_share << " "
        << test.inputs.stall_full_share << " " << test.inputs.swap_pages_per_second;
    EXPECT_EQ(Course().Feed(test.inputs, 3).tracker().level(), test.level);
  }
}

TEST(PressureTracker, StallsHoldALevelUntilTheyHalve) {
  Course course;
  course.Feed(WithStalls(0.6, 0.12, 0), 2).Feed(WithStalls(0.6, 0.06, 0), 30);
  EXPECT_EQ(course.tracker().level(), kElevated);
  course.Feed(WithStalls(0.6, 0.04, 0), 2);
  EXPECT_THAT(course.Levels(), ElementsAre("elevated", "normal"));
}

TEST(PressureTracker, UnknownUseLeavesStallsTheSay) {
  PressureInputs inputs;
  inputs.stall_some_share = 0.2;
  Course course;
  course.Feed(inputs, 1);
  EXPECT_THAT(course.Levels(), ElementsAre("elevated"));
  EXPECT_THAT(course.causes().back(), HasSubstr("use of memory unknown"));
}

TEST(PressureTracker, CausesSayWhatItWas) {
  Course share;
  share.Share(0.775, 1);
  EXPECT_THAT(share.causes(),
              ElementsAre("anonymous memory of cgroup v2 /a: 3.10 GiB of 4.00 GiB (77 %)"));
  share.Share(0.5, 2);
  EXPECT_EQ(share.causes().back(),
            "eased: anonymous memory of cgroup v2 /a: 2.00 GiB of 4.00 GiB (50 %)");
  Course stalls;
  stalls.Feed(WithStalls(0.6, 0.31, 0.04), 1);
  EXPECT_THAT(stalls.causes().back(),
              AllOf(HasSubstr("wait for memory 31 % of the time, all of them 4 % (PSI"),
                    HasSubstr("cgroup v2 /a: 2.40 GiB of 4.00 GiB (60 %)")));
  Course swapping;
  swapping.Feed(WithSwapping(0.6, 1234), 1);
  EXPECT_THAT(swapping.causes().back(), HasSubstr("1,234 pages swapped per second"));
  Course both;  // what can be acted on goes first
  PressureInputs inputs = WithStalls(0.8, 0.5, 0);
  both.Feed(inputs, 1);
  EXPECT_THAT(both.causes().back(), Not(HasSubstr("PSI")));
}

TEST(PressureTracker, SecondsPerLevelAddUp) {
  Course course;
  course.Share(0.1, 2).Share(0.8, 3).Share(0.1, 5.1);
  const PressureSeconds seconds = course.tracker().seconds_per_level();
  EXPECT_NEAR(seconds.normal + seconds.elevated + seconds.high + seconds.critical, 10, 1e-9);
  EXPECT_NEAR(seconds.elevated, 3.8, 1e-9);  // 2.1 to 5.9
  EXPECT_DOUBLE_EQ(seconds.high, 0);
}

TEST(PressureTracker, TimeWithoutReadingsCounts) {
  PressureTracker tracker(PressureMarks{});
  tracker.Update(Course::Of(0.1));
  tracker.PassTime(7);
  EXPECT_DOUBLE_EQ(tracker.seconds_per_level().normal, 7);
}

TEST(PressureTracker, ClockThatStandsStillOrGoesBackTakesNothingAway) {
  PressureTracker tracker(PressureMarks{});
  PressureInputs inputs = Course::Of(0.1);
  for (const double seconds : {5.0, 5.0, 3.0, 4.0}) {
    inputs.seconds = seconds;
    tracker.Update(inputs);
  }
  EXPECT_DOUBLE_EQ(tracker.seconds_per_level().normal, 1);
}

TEST(PressureTracker, OwnMarks) {
  Course course({0.2, 0.3, 0.4});
  course.Share(0.35, 2);
  EXPECT_THAT(course.Levels(), ElementsAre("elevated", "high"));
}

TEST(PressureMarks, Order) {
  EXPECT_TRUE(CheckPressureMarks({}).ok());
  EXPECT_TRUE(CheckPressureMarks({0.1, 0.2, 1.0}).ok());
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const PressureMarks& marks : std::initializer_list<PressureMarks>{{0, 0.5, 0.6},
                                                                         {-0.1, 0.5, 0.6},
                                                                         {0.5, 0.5, 0.6},
                                                                         {0.6, 0.5, 0.7},
                                                                         {0.5, 0.7, 0.7},
                                                                         {0.5, 0.7, 1.01},
                                                                         {nan, 0.7, 0.8},
                                                                         {0.5, nan, 0.8},
                                                                         {0.5, 0.6, nan}}) {
    const Status status = CheckPressureMarks(marks);
    EXPECT_EQ(GetErrorKind(status), ErrorKind::kInvalidConfig) << marks.elevated;
    EXPECT_EQ(GetErrorCode(status), 730);
  }
}

TEST(PressureLevels, Names) {
  for (const PressureLevel level : {kNormal, kElevated, kHigh, kCritical}) {
    EXPECT_EQ(ParsePressureLevel(PressureLevelName(level)).ValueOrDie(), level);
  }
  for (const char* text : {"", "High", "high ", "severe"}) {
    EXPECT_EQ(GetErrorCode(ParsePressureLevel(text).status()), 731) << text;
  }
}

TEST(StreamingThresholds, ByLevel) {
  const StreamingThresholds thresholds;
  EXPECT_EQ(DynamicStreamingThreshold(kNormal, thresholds), 5'000'000);
  EXPECT_EQ(DynamicStreamingThreshold(kElevated, thresholds), 2'000'000);
  EXPECT_EQ(DynamicStreamingThreshold(kHigh, thresholds), 1'000'000);
  EXPECT_EQ(DynamicStreamingThreshold(kCritical, thresholds), 1'000'000);
  EXPECT_EQ(DynamicStreamingThreshold(kElevated, {9, 7, 5}), 7);
}

TEST(StreamingThresholds, Order) {
  EXPECT_TRUE(CheckStreamingThresholds({}).ok());
  EXPECT_TRUE(CheckStreamingThresholds({0, 0, 0}).ok());
  for (const StreamingThresholds& thresholds :
       std::initializer_list<StreamingThresholds>{{5, 6, 1}, {5, 4, 5}, {5, 4, -1}}) {
    EXPECT_EQ(GetErrorCode(CheckStreamingThresholds(thresholds)), 734);
  }
}

}  // namespace
}  // namespace headrace
