#include "runtime/run_mode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/units.h"

namespace headrace {
namespace {

using ::testing::HasSubstr;

RunModeInputs Small() {
  RunModeInputs inputs;
  inputs.rows = 1000;
  inputs.arrow_bytes = 100 << 10;
  inputs.input_bytes = 60 << 10;
  inputs.batch_bytes = 1 << 20;
  inputs.lendable_bytes = 400 * kMiB;
  inputs.floor_bytes = 30 * kMiB;
  inputs.threads = 2;
  return inputs;
}

TEST(RunMode, SmallRunsAreDirectWithAsManyWorkersAsThereIsWork) {
  const RunModeDecision decision = DecideRunMode(Small());
  EXPECT_EQ(decision.mode, RunMode::kDirect);
  EXPECT_EQ(decision.threads, 1);
  EXPECT_THAT(decision.reason, HasSubstr("5,000,000 at normal pressure"));
  RunModeInputs larger = Small();
  larger.input_bytes = 10 * kMiB;
  EXPECT_EQ(DecideRunMode(larger).threads, 2);
}

TEST(RunMode, ThresholdFollowsThePressure) {
  RunModeInputs inputs = Small();
  const auto mode_of = [&](int64_t rows, PressureLevel level) {
    inputs.rows = rows;
    inputs.level = level;
    return DecideRunMode(inputs).mode;
  };
  EXPECT_EQ(mode_of(5'000'000, PressureLevel::kNormal), RunMode::kDirect);
  EXPECT_EQ(mode_of(5'000'001, PressureLevel::kNormal), RunMode::kStreaming);
  EXPECT_EQ(mode_of(2'000'000, PressureLevel::kElevated), RunMode::kDirect);
  EXPECT_EQ(mode_of(2'000'001, PressureLevel::kElevated), RunMode::kStreaming);
  EXPECT_EQ(mode_of(1'000'000, PressureLevel::kCritical), RunMode::kDirect);
  EXPECT_EQ(mode_of(1'000'001, PressureLevel::kHigh), RunMode::kStreaming);
}

TEST(RunMode, UnknownRowsAndBytesThatDoNotFitStream) {
  RunModeInputs unknown = Small();
  unknown.rows = -1;
  EXPECT_EQ(DecideRunMode(unknown).mode, RunMode::kStreaming);
  RunModeInputs wide = Small();
  wide.arrow_bytes = 200 * kMiB;
  const RunModeDecision decision = DecideRunMode(wide);
  EXPECT_EQ(decision.mode, RunMode::kStreaming);
  EXPECT_EQ(decision.threads, 2);
  EXPECT_THAT(decision.reason, HasSubstr("do not fit the 370.0 MiB"));
}

}  // namespace
}  // namespace headrace
