// The rules of alerts over synthetic runs: what goes off, when, and what stays silent.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/units.h"
#include "observe/alert_rules.h"

namespace headrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

AlertSpec Spec(const std::string& rule) {
  AlertSpec spec;
  spec.on = {rule};
  spec.targets.emplace_back();
  return spec;
}

// A healthy run at a moment: rows come in, memory is quiet.
RunSnapshot Healthy(double seconds) {
  RunSnapshot snapshot;
  snapshot.phase = "converting";
  snapshot.seconds = seconds;
  snapshot.rows = static_cast<int64_t>(seconds * 1000);
  snapshot.bytes = snapshot.rows * 10;
  snapshot.budget_bytes = 256 * kMiB;
  snapshot.base_bytes = 30 * kMiB;
  snapshot.accounted_bytes = 100 * kMiB;
  snapshot.rss_bytes = 135 * kMiB;
  return snapshot;
}

using Change = std::function<void(double seconds, RunSnapshot* snapshot)>;

struct Timed {
  double seconds = 0;
  FiredAlert alert;
};

// What goes off in a run of so many seconds that `change` makes ill, looked at ten times a second.
std::vector<Timed> Play(std::vector<AlertSpec> specs, double seconds, const Change& change) {
  AlertRules rules(std::move(specs));
  std::vector<Timed> fired;
  for (int tick = 0; tick <= static_cast<int>(seconds * 10 + 0.5); ++tick) {
    RunSnapshot snapshot = Healthy(tick / 10.0);
    change(tick / 10.0, &snapshot);
    for (FiredAlert& alert : rules.Update(snapshot)) {
      fired.push_back({snapshot.seconds, std::move(alert)});
    }
  }
  return fired;
}

std::vector<double> Times(const std::vector<Timed>& fired) {
  std::vector<double> times;
  for (const Timed& one : fired) times.push_back(one.seconds);
  return times;
}

TEST(AlertRules, AHealthyRunIsSilent) {
  std::vector<AlertSpec> specs;
  for (const std::string& rule : AlertRuleNames()) specs.push_back(Spec(rule));
  EXPECT_THAT(Play(specs, 1000,
                   [](double seconds, RunSnapshot* snapshot) {
                     if (seconds < 1000) return;
                     snapshot->ended = true;
                     snapshot->status = "published";
                   }),
              IsEmpty());
}

TEST(AlertRules, FailureGoesOffOnceAtTheEnd) {
  AlertSpec spec = Spec("failure");
  spec.for_seconds = 60;  // an end waits for nothing
  const auto fired = Play({spec}, 5, [](double seconds, RunSnapshot* snapshot) {
    snapshot->ended = seconds >= 4.9;
    if (snapshot->ended) {
      snapshot->status = "failed";
      snapshot->error_code = "E0701";
    }
  });
  ASSERT_THAT(fired, SizeIs(1));
  EXPECT_EQ(fired[0].alert.level, "critical");
  EXPECT_THAT(fired[0].alert.message, HasSubstr("failed with E0701 while converting"));
  EXPECT_THAT(Play({Spec("failure")}, 1,
                   [](double seconds, RunSnapshot* snapshot) {
                     snapshot->ended = seconds >= 1;
                     if (snapshot->ended) snapshot->status = "cancelled";
                   }),
              IsEmpty());
}

struct PressureCase {
  const char* what;
  std::string level = "high";
  double for_seconds = 0;
  double cool_down_seconds = 300;
  std::vector<std::pair<double, std::string>> changes;  // from when on which pressure
  std::vector<double> expected;
};

TEST(AlertRules, MemoryPressure) {
  const std::vector<PressureCase> cases = {
      {"below the level", "high", 0, 300, {{1, "elevated"}}, {}},
      {"at the level", "elevated", 0, 300, {{1, "elevated"}}, {1}},
      {"above the level", "elevated", 0, 300, {{1, "high"}}, {1}},
      {"holds long enough", "high", 2, 300, {{1, "high"}}, {3}},
      {"ends too soon", "high", 2, 300, {{1, "high"}, {2.5, "normal"}}, {}},
      {"starts anew", "high", 2, 300, {{1, "high"}, {2.5, "normal"}, {3, "critical"}}, {5}},
      {"silent while cooling down", "high", 0, 300, {{1, "high"}, {2, "normal"}, {3, "high"}}, {1}},
      {"told again after it", "high", 0, 4, {{1, "high"}}, {1, 5, 9}},
      {"a rise is news", "high", 0, 300, {{1, "high"}, {3, "critical"}}, {1, 3}},
      {"a fall is none", "high", 0, 300, {{1, "critical"}, {3, "high"}}, {1}},
  };
  for (const PressureCase& one : cases) {
    AlertSpec spec = Spec("memory_pressure");
    spec.level = one.level;
    spec.for_seconds = one.for_seconds;
    spec.cool_down_seconds = one.cool_down_seconds;
    const auto fired = Play({spec}, 10, [&](double seconds, RunSnapshot* snapshot) {
      for (const auto& [from, pressure] : one.changes) {
        if (seconds >= from) snapshot->pressure = pressure;
      }
    });
    EXPECT_EQ(Times(fired), one.expected) << one.what;
  }
}

TEST(AlertRules, PressureSaysWhatIsTight) {
  const auto fired = Play({Spec("memory_pressure")}, 1, [](double, RunSnapshot* snapshot) {
    snapshot->pressure = "critical";
    snapshot->used_of = "anonymous memory of cgroup v2 /a";
    snapshot->used_share = 0.96;
  });
  ASSERT_THAT(fired, SizeIs(1));
  EXPECT_EQ(fired[0].alert.level, "critical");
  EXPECT_THAT(fired[0].alert.message,
              HasSubstr("critical: anonymous memory of cgroup v2 /a at 96 %, RSS 135.0 MiB"));
}

TEST(AlertRules, BudgetRefusalsAreGathered) {
  AlertSpec spec = Spec("budget_refusal");
  spec.for_seconds = 1;
  spec.cool_down_seconds = 5;
  // One a second from second 1 on to second 8.
  const auto fired = Play({spec}, 20, [](double seconds, RunSnapshot* snapshot) {
    snapshot->refused_grants = std::min<int64_t>(8, static_cast<int64_t>(seconds));
  });
  EXPECT_THAT(Times(fired), ElementsAre(2, 7, 12));
  ASSERT_THAT(fired, SizeIs(3));
  EXPECT_THAT(fired[0].alert.message, HasSubstr("2 requests"));
  EXPECT_THAT(fired[1].alert.message, HasSubstr("5 requests"));
  EXPECT_THAT(fired[2].alert.message, HasSubstr("1 requests"));
}

TEST(AlertRules, SpillVolumeAtItsMarkAndAtEachDoubling) {
  AlertSpec spec = Spec("spill_volume");
  spec.bytes = 10 * kMiB;
  spec.cool_down_seconds = 0;
  const auto fired = Play({spec}, 50, [](double seconds, RunSnapshot* snapshot) {
    snapshot->spilled_total_bytes = static_cast<int64_t>(seconds * kMiB);
  });
  EXPECT_THAT(Times(fired), ElementsAre(10, 20, 40));
  // Any volume: the first byte.
  const auto any = Play({Spec("spill_volume")}, 50, [](double seconds, RunSnapshot* snapshot) {
    snapshot->spilled_total_bytes = seconds >= 3 ? 1 : 0;
  });
  EXPECT_THAT(Times(any), ElementsAre(3));
}

TEST(AlertRules, SpillDiskForecast) {
  // 10 MiB a second from second 10 on, with room for 1000 MiB at first: a minute is left when 600
  // are.
  const auto fired = Play({Spec("spill_disk")}, 80, [](double seconds, RunSnapshot* snapshot) {
    const double spilled = std::max(0.0, seconds - 10) * 10;
    snapshot->spilled_total_bytes = static_cast<int64_t>(spilled * kMiB);
    snapshot->spilled_bytes = snapshot->spilled_total_bytes;
    snapshot->spill_room_bytes = 1000 * kMiB - snapshot->spilled_bytes;
  });
  ASSERT_THAT(fired, SizeIs(1));
  EXPECT_NEAR(fired[0].seconds, 50, 0.5);
  EXPECT_EQ(fired[0].alert.level, "critical");
  EXPECT_THAT(fired[0].alert.message, HasSubstr("full in about"));
}

TEST(AlertRules, SpillDiskNearlyFullWithoutARate) {
  const auto fired = Play({Spec("spill_disk")}, 60, [](double seconds, RunSnapshot* snapshot) {
    snapshot->spilled_total_bytes = snapshot->spilled_bytes = 960 * kMiB;
    snapshot->spill_room_bytes = seconds >= 40 ? 40 * kMiB : 400 * kMiB;
  });
  EXPECT_THAT(Times(fired), ElementsAre(40));
  // What is spilled and taken back does not use the room up; unknown room is no alert.
  EXPECT_THAT(Play({Spec("spill_disk")}, 60,
                   [](double seconds, RunSnapshot* snapshot) {
                     snapshot->spilled_total_bytes = static_cast<int64_t>(seconds * 100 * kMiB);
                     snapshot->spilled_bytes = kMiB;
                     snapshot->spill_room_bytes = -1;
                   }),
              IsEmpty());
}

TEST(AlertRules, NoProgressOnlyWhereInputIsRead) {
  struct Case {
    const char* phase;
    bool rows_stop;
    bool bytes_stop;
    std::vector<double> expected;
  };
  const std::vector<Case> cases = {
      {"converting", true, true, {30}}, {"inferring types", true, true, {30}},
      {"converting", true, false, {}},  {"converting", false, true, {}},
      {"publishing", true, true, {}},   {"finishing files", true, true, {}},
  };
  for (const Case& one : cases) {
    AlertSpec spec = Spec("no_progress");
    spec.seconds = 20;
    const auto fired = Play({spec}, 60, [&](double seconds, RunSnapshot* snapshot) {
      snapshot->phase = one.phase;
      if (seconds > 10 && one.rows_stop) snapshot->rows = 10'000;
      if (seconds > 10 && one.bytes_stop) snapshot->bytes = 100'000;
    });
    EXPECT_EQ(Times(fired), one.expected) << one.phase << one.rows_stop << one.bytes_stop;
  }
}

TEST(AlertRules, AChangeOfPhaseIsProgress) {
  AlertSpec spec = Spec("no_progress");
  spec.seconds = 20;
  const auto fired = Play({spec}, 45, [](double seconds, RunSnapshot* snapshot) {
    snapshot->rows = snapshot->bytes = 0;
    if (seconds < 15) snapshot->phase = "inferring types";
  });
  EXPECT_THAT(Times(fired), ElementsAre(35));
}

TEST(AlertRules, Leak) {
  struct Case {
    const char* what;
    std::function<int64_t(double)> gap;  // beyond base and accounted
    bool expected;
  };
  const std::vector<Case> cases = {
      {"steady growth", [](double s) { return static_cast<int64_t>(s * kMiB); }, true},
      {"too slow", [](double s) { return static_cast<int64_t>(s * kMiB / 8); }, false},
      {"a step", [](double s) { return s > 150 ? 200 * kMiB : 0; }, false},
      {"waves", [](double s) { return static_cast<int64_t>(s) / 60 % 2 * 200 * kMiB; }, false},
      {"peaks", [](double s) { return static_cast<int64_t>(s) % 10 == 5 ? 500 * kMiB : 0; }, false},
      {"shrinking", [](double s) { return static_cast<int64_t>((400 - s) * kMiB); }, false},
  };
  for (const Case& one : cases) {
    const auto fired = Play({Spec("leak")}, 290, [&](double seconds, RunSnapshot* snapshot) {
      snapshot->rss_bytes = snapshot->base_bytes + snapshot->accounted_bytes + one.gap(seconds);
    });
    EXPECT_EQ(fired.size(), one.expected ? 1u : 0u) << one.what;
    if (!fired.empty()) {
      EXPECT_GE(fired[0].seconds, 120);
      EXPECT_THAT(fired[0].alert.message, HasSubstr("grew by"));
    }
  }
}

TEST(AlertRules, AccountedGrowthIsNoLeak) {
  EXPECT_THAT(Play({Spec("leak")}, 290,
                   [](double seconds, RunSnapshot* snapshot) {
                     snapshot->accounted_bytes = static_cast<int64_t>(seconds * 4 * kMiB);
                     snapshot->rss_bytes = snapshot->base_bytes + snapshot->accounted_bytes + kMiB;
                   }),
              IsEmpty());
}

TEST(AlertRules, SpecsDoNotDisturbEachOther) {
  AlertSpec both = Spec("memory_pressure");
  both.on.push_back("spill_volume");
  AlertSpec other = Spec("memory_pressure");
  other.for_seconds = 3;
  const auto fired = Play({both, other}, 9, [](double, RunSnapshot* snapshot) {
    snapshot->pressure = "high";
    snapshot->spilled_total_bytes = 1;
  });
  ASSERT_THAT(fired, SizeIs(3));
  EXPECT_EQ(fired[0].alert.rule, "memory_pressure");
  EXPECT_EQ(fired[1].alert.rule, "spill_volume");
  EXPECT_EQ(fired[2].alert.spec, 1u);
  EXPECT_EQ(fired[2].seconds, 3);
}

TEST(AlertRules, QuarantineIsToldAtOnceAndAtTenTimesAsMany) {
  AlertSpec spec = Spec("quarantine");
  spec.cool_down_seconds = 1;
  const auto fired = Play({spec}, 10, [](double seconds, RunSnapshot* snapshot) {
    snapshot->rows_rejected = seconds < 2 ? 0 : seconds < 5 ? 3 : seconds < 7 ? 29 : 30;
  });
  EXPECT_EQ(Times(fired), (std::vector<double>{2, 7}));
  EXPECT_THAT(fired[0].alert.message, HasSubstr("3 of "));
}

TEST(AlertRules, WhatCannotBeIsRefused) {
  AlertSpec none = Spec("failure");
  none.targets.clear();
  AlertSpec webhook = Spec("failure");
  webhook.targets[0].kind = AlertTarget::Kind::kWebhook;
  webhook.targets[0].address = "S3CRET";
  AlertSpec negative = Spec("failure");
  negative.for_seconds = -1;
  AlertSpec level = Spec("memory_pressure");
  level.level = "normal";
  for (const AlertSpec& spec : {none, webhook, negative, level, Spec("nothing")}) {
    const Status status = ValidateAlerts({spec});
    EXPECT_EQ(GetErrorKind(status), ErrorKind::kInvalidConfig);
    EXPECT_THAT(status.message(), testing::Not(HasSubstr("S3CRET")));
  }
  EXPECT_TRUE(ValidateAlerts({Spec("failure"), Spec("leak")}).ok());
}

}  // namespace
}  // namespace headrace
