// The alerts of a pipeline file: what they become, what is refused, and that secrets stay secret.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipeline/pipeline_file.h"

namespace headrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;
using Kind = AlertTarget::Kind;

std::optional<std::string> AlertEnvironment(const std::string& name) {
  if (name == "HOOK") return "https://hooks.example.org/T0P/S3CRET";
  if (name == "TOKEN") return "Bearer t0ken";
  if (name == "BROKEN") return "hooks.example.org/S3CRET";
  if (name == "EMPTY") return "";
  return std::nullopt;
}

Result<JobSpec> ParseAlerts(const std::string& alerts) {
  return ParsePipeline(
      "version: 1\nsources:\n  - { path: in.csv }\nsink: { path: out }\nalerts:\n" + alerts,
      "p.yaml", AlertEnvironment);
}

TEST(PipelineAlerts, EverySettingArrives) {
  auto job = ParseAlerts(R"yaml(
  - on: [failure, memory-pressure]
    level: critical
    for: 500ms
    cool_down: 2m
    log: true
    file: "alerts.jsonl"
    command: "logger $$HOME $PATH"
    webhook:
      url: { secret: { env: HOOK } }
      headers: { Authorization: { secret: { env: TOKEN } }, X-Team: data }
  - { on: spill_volume, volume: 3GiB, log: true }
  - { on: [no_progress], no_progress: 90s, webhook: { url: "http://127.0.0.1:9/x" } }
)yaml");
  ASSERT_TRUE(job.ok()) << job.status().message();
  ASSERT_EQ(job->alerts.size(), 3u);

  const AlertSpec& first = job->alerts[0];
  EXPECT_THAT(first.on, ElementsAre("failure", "memory_pressure"));
  EXPECT_EQ(first.level, "critical");
  EXPECT_DOUBLE_EQ(first.for_seconds, 0.5);
  EXPECT_DOUBLE_EQ(first.cool_down_seconds, 120);
  ASSERT_EQ(first.targets.size(), 4u);
  EXPECT_EQ(first.targets[0].kind, Kind::kLog);
  EXPECT_EQ(first.targets[1].kind, Kind::kFile);
  EXPECT_EQ(first.targets[1].address, "alerts.jsonl");
  EXPECT_EQ(first.targets[2].kind, Kind::kCommand);
  EXPECT_EQ(first.targets[2].address, "logger $HOME $PATH");
  EXPECT_EQ(first.targets[3].kind, Kind::kWebhook);
  EXPECT_EQ(first.targets[3].address, "https://hooks.example.org/T0P/S3CRET");
  EXPECT_THAT(first.targets[3].headers,
              ElementsAre(Pair("Authorization", "Bearer t0ken"), Pair("X-Team", "data")));

  EXPECT_EQ(job->alerts[1].bytes, int64_t{3} << 30);
  EXPECT_DOUBLE_EQ(job->alerts[1].cool_down_seconds, 300);
  EXPECT_DOUBLE_EQ(job->alerts[2].seconds, 90);
}

TEST(PipelineAlerts, LogFalseIsNobody) {
  const auto job = ParseAlerts("  - { on: failure, log: false }\n");
  EXPECT_THAT(job.status().message(), HasSubstr("p.yaml:6:5: an alert needs somebody to tell"));
}

TEST(PipelineAlerts, RefusalsSayWhereAndWhat) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> cases = {
      {"  on: failure\n", {"p.yaml:6:3", "alerts must be a list"}},
      {"  - failure\n", {"p.yaml:6:5", "an alert must be a map"}},
      {"  - { log: true }\n", {"p.yaml:6:5", "needs the key 'on'"}},
      {"  - { on: failure, logg: true }\n", {"p.yaml:6:20", "did you mean 'log'?"}},
      {"  - { on: [failure, memory_presure], log: true }\n",
       {"p.yaml:6:11", "unknown alert 'memory_presure'", "did you mean 'memory_pressure'?"}},
      {"  - { on: [failure, failure], log: true }\n", {"stands twice"}},
      {"  - { on: [], log: true }\n", {"p.yaml:6:11", "an alert needs 'on'"}},
      {"  - { on: memory_pressure, level: normal, log: true }\n",
       {"p.yaml:6:35", "'normal' is none of elevated, high, critical"}},
      {"  - { on: failure, for: soon, log: true }\n", {"p.yaml:6:25", "not a duration: 'soon'"}},
      {"  - { on: failure, for: [1s], log: true }\n", {"p.yaml:6:25", "a duration such as 30s"}},
      {"  - { on: failure, cool_down: 30d, log: true }\n", {"'cool_down'", "7 days"}},
      {"  - { on: no_progress, no_progress: 1ms, log: true }\n", {"'no_progress'", "1 s"}},
      {"  - { on: spill_volume, volume: lots, log: true }\n", {"p.yaml:6:33", "lots"}},
      {"  - { on: failure }\n", {"somebody to tell: log, file, command or webhook"}},
      {"  - { on: failure, command: \"\" }\n", {"command of an alert is empty"}},
      {"  - { on: failure, webhook: { headers: {} } }\n", {"p.yaml:6:29", "needs the key 'url'"}},
      {"  - { on: failure, webhook: { url: { secret: { env: NONE } } } }\n",
       {"p.yaml:6:36", "environment variable NONE is not set"}},
      {"  - { on: failure, webhook: { url: { secret: { env: EMPTY } } } }\n",
       {"environment variable EMPTY is not set"}},
      {"  - { on: failure, webhook: { url: { secret: HOOK } } }\n", {"secret must be a map"}},
      {"  - { on: failure, webhook: { url: { file: x } } }\n", {"unknown key 'file'"}},
      {"  - { on: failure, webhook: { url: \"ftp://x/y\" } }\n", {"no URL to post to"}},
      {"  - { on: failure, webhook: { url: \"http://h/\", headers: { \"a b\": c } } }\n",
       {"'a b' cannot name a header"}},
      {"  - { on: failure, webhook: { url: \"http://h/\", headers: { a: \"x\\ny\" } } }\n",
       {"the header 'a'", "line break"}},
  };
  for (const auto& [text, parts] : cases) {
    const Status status = ParseAlerts(text).status();
    ASSERT_FALSE(status.ok()) << text;
    EXPECT_EQ(ExitCode(status), 3) << text;
    for (const std::string& part : parts) EXPECT_THAT(status.message(), HasSubstr(part)) << text;
  }
}

TEST(PipelineAlerts, SecretsAreInNoMessage) {
  for (const std::string text :
       {"  - { on: failure, webhook: { url: { secret: { env: BROKEN } } } }\n",
        "  - { on: nothing, webhook: { url: { secret: { env: HOOK } } } }\n",
        "  - { on: failure, webhook: { url: \"https://me:S3CRET@h/\" } }\n"}) {
    const Status status = ParseAlerts(text).status();
    ASSERT_FALSE(status.ok()) << text;
    EXPECT_THAT(status.message(), Not(HasSubstr("S3CRET"))) << text;
  }
}

TEST(PipelineAlerts, TooManyAreRefused) {
  std::string text;
  for (int i = 0; i < 65; ++i) text += "  - { on: failure, log: true }\n";
  EXPECT_THAT(ParseAlerts(text).status().message(), HasSubstr("at most 64 alerts"));
}

}  // namespace
}  // namespace headrace
