// Runs that register, end, die and are diagnosed, in directories and below kernel roots of their
// own.
#include "observe/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "observe/diagnosis.h"
#include "observe/registry_files.h"
#include "support/golden.h"
#include "support/temporary_directory.h"

namespace headrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

RunSnapshot Snapshot(double seconds = 1) {
  RunSnapshot snapshot;
  snapshot.name = "trips";
  snapshot.output = "/data/out/trips";
  snapshot.phase = "converting";
  snapshot.seconds = seconds;
  snapshot.rows = static_cast<int64_t>(seconds * 1000);
  snapshot.budget_bytes = 256 << 20;
  snapshot.accounted_bytes = 100 << 20;
  snapshot.rss_bytes = 150 << 20;
  snapshot.stages = {{"source", 20 << 20, 30 << 20}, {"sink", 60 << 20, 70 << 20}};
  return snapshot;
}

class Registry : public testing::Test {
 protected:
  void SetUp() override {
    options_.directory = directory_ / "runs";
    options_.kernel_root = root_.path();
    options_.write_every = std::chrono::milliseconds(0);
    PutKills("/proc/vmstat", 5);
    Put("/proc/sys/kernel/random/boot_id", "one\n");
    Put("/proc/self/cgroup", "0::/a/b\n");
    Put("/proc/self/mountinfo", "41 31 0:38 / /cgroup rw,nosuid - cgroup2 cgroup2 rw\n");
    PutKills("/cgroup/a/b/memory.events", 0);
    PutKills("/cgroup/a/memory.events", 2);
  }
  void Put(const std::string& path, const std::string& text) { root_.Put(path, text); }
  void PutKills(const std::string& path, int kills) {
    Put(path, fmt::format("oom 9\noom_kill {}\noom_group_kill 0\n", kills));
  }
  std::unique_ptr<RunRegistration> Register(const std::string& run_id) {
    return RunRegistration::Make(run_id, options_).ValueOrDie();
  }
  std::vector<RegisteredRun> List() { return ListRegisteredRuns(options_).ValueOrDie(); }
  // The writing thread is not waited for by anybody, so the test has to.
  std::vector<RegisteredRun> ListUntil(
      const std::function<bool(const std::vector<RegisteredRun>&)>& good) {
    for (int attempt = 0; attempt < 500; ++attempt) {
      std::vector<RegisteredRun> runs = List();
      if (good(runs)) return runs;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return List();
  }
  // What kill -9 leaves: the file of a running run, and a lock that nobody holds.
  void Die(const std::string& run_id, RunSnapshot snapshot = Snapshot()) {
    snapshot.run_id = run_id;
    RunEntry entry{.snapshot = snapshot,
                   .curve = {},
                   .written_at = 1'700'000'000,
                   .counters = ReadKillCounters(options_.kernel_root)};
    ASSERT_TRUE(MakePrivateDirectory(options_.directory).ok());
    std::ofstream(Path(run_id + ".run")) << FormatRunEntry(entry);
    std::ofstream(Path(run_id + ".lock")) << "pid 1\n";
  }
  std::string Path(const std::string& name) const { return options_.directory + "/" + name; }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(options_.directory)) {
      names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  TemporaryDirectory directory_;
  TemporaryDirectory root_;
  RegistryOptions options_;
};

TEST_F(Registry, NothingWasEverRegistered) { EXPECT_THAT(List(), SizeIs(0)); }

TEST_F(Registry, ARunningRunIsSeenWithItsCurveAndRate) {
  const auto registration = Register("r1");
  for (int second = 1; second <= 3; ++second) {
    registration->On(Snapshot(second));
    ListUntil([&](const auto& runs) {
      return runs.size() == 1 && runs[0].curve.size() == static_cast<size_t>(second);
    });
  }
  const std::vector<RegisteredRun> runs = List();
  ASSERT_THAT(runs, SizeIs(1));
  EXPECT_EQ(runs[0].state, RunState::kRunning);
  EXPECT_EQ(runs[0].snapshot.run_id, "r1");
  EXPECT_EQ(runs[0].snapshot.stages.at(1).reserved_bytes, 60 << 20);
  ASSERT_THAT(runs[0].curve, SizeIs(3));
  EXPECT_EQ(runs[0].curve[1].rss_bytes, 150 << 20);
  EXPECT_DOUBLE_EQ(runs[0].rows_per_second, 1000);
  EXPECT_LT(runs[0].age_seconds, 60);
}

TEST_F(Registry, ARunThatEndedSaysSoAndLeavesNoLock) {
  auto registration = Register("r1");
  RunSnapshot last = Snapshot(9);
  last.ended = true;
  last.status = "published";
  registration->On(Snapshot(1));
  registration->On(last);
  registration.reset();
  EXPECT_THAT(Names(), ElementsAre("r1.ended"));
  const auto runs = List();
  ASSERT_THAT(runs, SizeIs(1));
  EXPECT_EQ(runs[0].state, RunState::kEnded);
  EXPECT_EQ(runs[0].snapshot.status, "published");
  EXPECT_THAT(runs[0].diagnosis, SizeIs(0));
}

TEST_F(Registry, ARunWhoseLastWordIsMissingIsTakenForFailed) {
  auto registration = Register("r1");
  registration->On(Snapshot());
  registration.reset();
  const auto runs = List();
  ASSERT_THAT(runs, SizeIs(1));
  EXPECT_EQ(runs[0].state, RunState::kEnded);
  EXPECT_EQ(runs[0].snapshot.status, "failed");
}

TEST_F(Registry, WithoutASnapshotNothingIsLeft) {
  Register("r1").reset();
  EXPECT_THAT(Names(), SizeIs(0));
}

TEST_F(Registry, SnapshotsInBetweenAreNotWritten) {
  options_.write_every = std::chrono::hours(1);
  auto registration = Register("r1");
  for (int i = 1; i <= 1000; ++i) registration->On(Snapshot(i));
  RunSnapshot last = Snapshot(2000);
  last.ended = true;
  registration->On(last);  // the last one always is
  registration.reset();
  const auto runs = List();
  ASSERT_THAT(runs, SizeIs(1));
  EXPECT_EQ(runs[0].snapshot.seconds, 2000);
  EXPECT_LE(runs[0].curve.size(), 2u);
}

TEST_F(Registry, ARelativeTargetIsFoundFromElsewhere) {
  auto registration = Register("r1");
  RunSnapshot snapshot = Snapshot();
  snapshot.output = "out/../out/trips";
  registration->On(snapshot);
  registration.reset();
  const std::string output = List().at(0).snapshot.output;
  EXPECT_EQ(output, (std::filesystem::canonical(".") / "out/trips").string());
}

TEST_F(Registry, TheLockAndNotTheAgeSaysWhoIsDead) {
  Die("r1");  // its last sample is years old
  const auto held = Env::Default()->TryLock(Path("r1.lock")).ValueOrDie();
  ASSERT_NE(held, nullptr);
  EXPECT_EQ(List().at(0).state, RunState::kRunning);
}

TEST_F(Registry, ADeadRunIsDiagnosedOnceAndForAll) {
  Die("r1");
  PutKills("/cgroup/a/b/memory.events", 1);
  auto runs = List();
  ASSERT_THAT(runs, SizeIs(1));
  EXPECT_EQ(runs[0].state, RunState::kDied);
  const std::vector<std::string> diagnosis = runs[0].diagnosis;
  ASSERT_THAT(diagnosis, SizeIs(5));
  EXPECT_THAT(diagnosis[0], HasSubstr("last sample: 2023-11-14T22:13:20Z, 1.0 s after its start: "
                                      "converting, 1,000 rows read"));
  EXPECT_EQ(diagnosis[1], "stage that held most: sink, 60.0 MiB of 100.0 MiB accounted");
  EXPECT_THAT(diagnosis[2], HasSubstr("killed by the kernel for lack of memory: it killed once in "
                                      "cgroup v2 /a/b"));
  EXPECT_EQ(diagnosis[3],
            "target: /data/out/trips is as it was; the next run on it removes what was left");

  KeepRunDiagnoses(runs, options_);
  EXPECT_THAT(Names(), ElementsAre("r1.ended"));
  PutKills("/cgroup/a/b/memory.events", 7);  // of later runs
  runs = List();
  ASSERT_THAT(runs, SizeIs(1));
  EXPECT_EQ(runs[0].state, RunState::kDied);
  EXPECT_EQ(runs[0].diagnosis, diagnosis);
}

TEST_F(Registry, RunningRunsComeFirstThenTheNewest) {
  Die("r1");
  Die("r3");
  const auto registration = Register("r2");
  registration->On(Snapshot());
  const auto runs = ListUntil([](const auto& found) { return found.size() == 3; });
  std::vector<std::string> ids;
  for (const RegisteredRun& run : runs) ids.push_back(run.snapshot.run_id);
  EXPECT_THAT(ids, ElementsAre("r2", "r3", "r1"));
}

TEST_F(Registry, OnlyTheNewestEndedAndDeadRunsAreKept) {
  for (int i = 0; i < 25; ++i) {
    Die(fmt::format("dead{:02}", i));
    auto registration = Register(fmt::format("run{:02}", i));
    registration->On(Snapshot());
  }
  const auto runs = List();
  EXPECT_EQ(std::count_if(runs.begin(), runs.end(),
                          [](const auto& run) { return run.state == RunState::kEnded; }),
            static_cast<ptrdiff_t>(kEndedRunsMax));
  EXPECT_EQ(std::count_if(runs.begin(), runs.end(),
                          [](const auto& run) { return run.state == RunState::kDied; }),
            static_cast<ptrdiff_t>(kEndedRunsMax));
  EXPECT_THAT(Names(), testing::Contains("run24.ended"));
  EXPECT_THAT(Names(), testing::Not(testing::Contains("run04.ended")));
  EXPECT_THAT(Names(), testing::Not(testing::Contains("dead00.run")));
}

TEST_F(Registry, ARunIsNeverPrunedWhileItLives) {
  const auto oldest = Register("a");
  oldest->On(Snapshot());
  ListUntil([](const auto& runs) { return runs.size() == 1; });
  for (int i = 0; i < 25; ++i) Register(fmt::format("b{:02}", i))->On(Snapshot());
  for (int i = 0; i < 25; ++i) Die(fmt::format("c{:02}", i));
  PruneRunFiles(Env::Default(), options_.directory, kEndedRunsMax);
  EXPECT_EQ(List().at(0).snapshot.run_id, "a");
  EXPECT_EQ(List().at(0).state, RunState::kRunning);
}

TEST_F(Registry, FilesOfOthersAreLeftOutAndAlone) {
  ASSERT_TRUE(MakePrivateDirectory(options_.directory).ok());
  std::ofstream(Path("notes.txt")) << "mine";
  std::ofstream(Path("junk.run")) << "{";
  std::ofstream(Path("list.ended")) << "[]";
  std::ofstream(Path("huge.run")) << std::string(static_cast<size_t>(kEntryBytesMax) + 1, ' ');
  EXPECT_THAT(List(), SizeIs(0));
  PruneRunFiles(Env::Default(), options_.directory, 0);
  EXPECT_THAT(Names(), testing::Contains("notes.txt"));
}

TEST_F(Registry, ADirectoryThatIsNotOursIsRefused) {
  std::filesystem::create_directory(directory_ / "real");
  std::filesystem::create_directory_symlink(directory_ / "real", options_.directory);
  EXPECT_EQ(GetErrorCode(RunRegistration::Make("r1", options_).status()), 760);
  EXPECT_EQ(GetErrorCode(ListRegisteredRuns(options_).status()), 760);
  std::filesystem::remove(options_.directory);
  std::ofstream(options_.directory) << "a file";
  EXPECT_EQ(GetErrorCode(RunRegistration::Make("r1", options_).status()), 760);
  std::filesystem::remove(options_.directory);
  if (::geteuid() != 0) GTEST_SKIP() << "SKIPPED: giving a directory to another user takes root";
  ASSERT_EQ(::mkdir(options_.directory.c_str(), 0777), 0);
  ASSERT_EQ(::chown(options_.directory.c_str(), 65534, 65534), 0);
  const Status refused = RunRegistration::Make("r1", options_).status();
  EXPECT_EQ(GetErrorCode(refused), 760);
  EXPECT_THAT(refused.message(), HasSubstr("belongs to user 65534"));
}

TEST_F(Registry, NobodyElseMayLook) {
  ASSERT_EQ(::mkdir(options_.directory.c_str(), 0777), 0);
  ASSERT_EQ(::chmod(options_.directory.c_str(), 0777), 0);
  Register("r1").reset();
  struct stat found;
  ASSERT_EQ(::stat(options_.directory.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0700u);
}

TEST_F(Registry, LongTextsAndListsAreCut) {
  RunEntry entry{.snapshot = Snapshot(), .curve = {}, .counters = {}};
  entry.snapshot.output = std::string(100'000, '\1');
  entry.snapshot.stages.resize(1000, {std::string(100'000, '\1'), 1, 2});
  entry.snapshot.alerts.resize(1000, std::string(100'000, '\1'));
  for (int i = 0; i < 500; ++i) AppendPoint(Snapshot(i), &entry.curve);
  EXPECT_THAT(entry.curve, SizeIs(kCurvePointsMax));
  EXPECT_EQ(entry.curve.back().seconds, 499);
  const std::string text = FormatRunEntry(entry);
  EXPECT_LE(static_cast<int64_t>(text.size()), kEntryBytesMax);
  EXPECT_EQ(ParseRunEntry(text)->snapshot.output.size(), kEntryTextMax);
}

TEST(RunEntryText, RoundTripAndJunk) {
  RunEntry entry{.snapshot = Snapshot(3),
                 .curve = {{.seconds = 1, .rows = 2, .bytes = 3, .budget_bytes = 4}},
                 .written_at = 12.5,
                 .counters = {"boot", {{"the machine", "/proc/vmstat", 7}}},
                 .diagnosis = {"a line"}};
  entry.snapshot.alerts = {"warning leak: ..."};
  entry.snapshot.name = "no UTF-8: \xff";
  const RunEntry back = ParseRunEntry(FormatRunEntry(entry)).ValueOrDie();
  EXPECT_EQ(FormatRunEntry(back), FormatRunEntry(entry));
  EXPECT_EQ(back.counters.counters.at(0).kills, 7);
  for (const char* junk :
       {"", "{", "[]", "7", "{}", "{\"snapshot\": 7}", "{\"snapshot\": {\"rows\": \"many\"}}",
        "{\"snapshot\": {\"rows\": 1.5}}", "{\"snapshot\": {\"threads\": 99999999999}}"}) {
    EXPECT_EQ(GetErrorKind(ParseRunEntry(junk).status()), ErrorKind::kBadInput) << junk;
  }
}

TEST(RunsAsJson, HoldsWhatThePageNeeds) {
  RegisteredRun run;
  run.snapshot = Snapshot();
  run.state = RunState::kDied;
  run.curve = {{.seconds = 1, .budget_bytes = 2, .accounted_bytes = 3, .rss_bytes = 4}};
  run.diagnosis = {"a line"};
  const auto json = nlohmann::json::parse(RunsToJson({run}));
  EXPECT_EQ(json["runs"][0]["state"], "died");
  EXPECT_EQ(json["runs"][0]["curve"], nlohmann::json::parse("[[1.0, 2, 3, 4]]"));
  EXPECT_EQ(json["runs"][0]["diagnosis"][0], "a line");
  EXPECT_EQ(nlohmann::json::parse(RunsToJson({}))["runs"].size(), 0u);
}

TEST_F(Registry, KillsAreCountedFromTheInnermostCgroupOutwards) {
  const KillCounters start = ReadKillCounters(root_.path());
  ASSERT_THAT(start.counters, SizeIs(3));
  EXPECT_EQ(CompareKillCounters(start, root_.path()).killed_in, "");
  PutKills("/proc/vmstat", 8);
  EXPECT_EQ(CompareKillCounters(start, root_.path()).killed_in, "the machine");
  EXPECT_EQ(CompareKillCounters(start, root_.path()).kills, 3);
  PutKills("/cgroup/a/memory.events", 3);
  EXPECT_EQ(CompareKillCounters(start, root_.path()).killed_in, "cgroup v2 /a");
  std::filesystem::remove_all(root_ / "cgroup/a/b");
  EXPECT_TRUE(CompareKillCounters(start, root_.path()).cgroup_gone);
  Put("/proc/sys/kernel/random/boot_id", "two\n");
  PutKills("/proc/vmstat", 0);
  const DeathEvidence restarted = CompareKillCounters(start, root_.path());
  EXPECT_TRUE(restarted.machine_restarted);
  EXPECT_EQ(restarted.killed_in, "");
}

TEST_F(Registry, KillsOfCgroupsOfVersionOne) {
  Put("/proc/self/cgroup", "4:memory:/a\n");
  Put("/proc/self/mountinfo", "35 31 0:32 / /cgroup rw - cgroup cgroup rw,memory\n");
  Put("/cgroup/a/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 4\n");
  const KillCounters start = ReadKillCounters(root_.path());
  ASSERT_EQ(start.counters.at(0).name, "cgroup v1 /a");
  EXPECT_EQ(start.counters[0].kills, 4);
  Put("/cgroup/a/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 5\n");
  EXPECT_EQ(CompareKillCounters(start, root_.path()).killed_in, "cgroup v1 /a");
}

TEST(Diagnosis, LikelyCauses) {
  struct Case {
    DeathEvidence evidence;
    double used_share;
    const char* cause;
    const char* advice;
  };
  const std::vector<Case> cases = {
      {{},
       0.3,
       "killed by a signal, or the machine stopped; nothing points to memory",
       "run it again"},
      {{}, 0.97, "probably lack of memory: RAM was 97 % full", "less --memory than 256.0 MiB"},
      {{.killed_in = "cgroup v2 /a", .kills = 2},
       0.3,
       "it killed 2 times in cgroup v2 /a since",
       "less --memory"},
      {{.killed_in = "the machine", .kills = 1}, 0.99, "and RAM was 99 % full", "less --memory"},
      {{.killed_in = "", .machine_restarted = true},
       0.97,
       "the machine was restarted while it ran",
       "run it again"},
      {{.killed_in = "", .cgroup_gone = true},
       0.3,
       "its container or cgroup is gone",
       "run it again"},
  };
  for (const Case& c : cases) {
    RegisteredRun run;
    run.snapshot = Snapshot();
    run.snapshot.used_of = "RAM";
    run.snapshot.used_share = c.used_share;
    const auto lines = DiagnoseDeath(run, c.evidence, "2026-11-22T23:00:00Z");
    ASSERT_THAT(lines, SizeIs(5));
    EXPECT_THAT(lines[2], HasSubstr(c.cause));
    EXPECT_THAT(lines[4], HasSubstr(c.advice));
    for (const std::string& line : lines) EXPECT_EQ(line.find('\n'), std::string::npos);
  }
}

TEST(Diagnosis, WhatStandsAtTheTarget) {
  RegisteredRun run;
  run.snapshot = Snapshot();
  run.snapshot.phase = "publishing";
  EXPECT_THAT(DiagnoseDeath(run, {}, "").at(3), HasSubstr("is whole, as it was or already new"));
  run.snapshot.output = "";  // a preview has none
  EXPECT_THAT(DiagnoseDeath(run, {}, ""), SizeIs(4));
}

TEST(RegistryPlace, FollowsTheEnvironment) {
  TemporaryDirectory directory;
  const auto with = [](const char* name, const char* value) {
    value ? ::setenv(name, value, 1) : ::unsetenv(name);
  };
  const std::string own = fmt::format("headrace-{}", ::geteuid());
  const char* runtime_before = std::getenv("XDG_RUNTIME_DIR");
  const char* temporary_before = std::getenv("TMPDIR");
  const std::string runtime_text = runtime_before ? runtime_before : "";
  const std::string temporary_text = temporary_before ? temporary_before : "";
  with("XDG_RUNTIME_DIR", directory.path().c_str());
  with("TMPDIR", "/var/tmp");
  EXPECT_THAT(RegistryDirectories(), ElementsAre(directory / "headrace", "/var/tmp/" + own));
  with("XDG_RUNTIME_DIR", "/nowhere/at/all");
  with("TMPDIR", nullptr);
  EXPECT_THAT(RegistryDirectories(), ElementsAre("/tmp/" + own));
  with("XDG_RUNTIME_DIR", "relative");
  EXPECT_THAT(RegistryDirectories(), ElementsAre("/tmp/" + own));
  with("XDG_RUNTIME_DIR", runtime_before ? runtime_text.c_str() : nullptr);
  with("TMPDIR", temporary_before ? temporary_text.c_str() : nullptr);
}

}  // namespace
}  // namespace headrace
