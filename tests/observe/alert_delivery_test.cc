// Deliveries: to whom, in which form, and that no target holds up the run or its end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "observe/alert_delivery.h"
#include "observe/alert_targets.h"
#include "observe/http_testing.h"
#include "support/golden.h"
#include "support/temporary_directory.h"

namespace headrace {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using Clock = std::chrono::steady_clock;
using Kind = AlertTarget::Kind;

const FiredAlert kAlert = {"memory_pressure", "warning", "memory pressure is \"high\"\n", 0};

RunSnapshot AlertedSnapshot() {
  RunSnapshot snapshot;
  snapshot.run_id = "20261122T153059-4f9c1a2b7e60";
  snapshot.name = "city_trips";
  snapshot.seconds = 1.5;
  snapshot.pressure = "high";
  snapshot.budget_bytes = 268435456;
  snapshot.rss_bytes = 200000000;
  snapshot.process_id = 4711;
  return snapshot;
}

AlertSpec To(Kind kind, const std::string& address = "") {
  AlertSpec spec;
  spec.on = {"memory_pressure"};
  spec.targets = {{kind, address}};
  return spec;
}

// Quick enough for a test.
DeliveryLimits Quick() {
  DeliveryLimits limits;
  limits.post_seconds = 0.5;
  limits.backoff_seconds = 0.02;
  limits.command_seconds = 5;
  return limits;
}

// Lines of the log, kept alive by the callback.
struct Log {
  std::mutex mutex;
  std::vector<std::string> lines;

  LogLine Callback() {
    return [this](const std::string& line) {
      std::lock_guard lock(mutex);
      lines.push_back(line);
    };
  }
};

TEST(AlertDelivery, TheFormOfAnAlert) {
  const std::string text = AlertJson(kAlert, AlertedSnapshot());
  EXPECT_THAT(text, Not(HasSubstr("\n")));
  const auto json = nlohmann::ordered_json::parse(text);
  std::vector<std::string> keys;
  for (const auto& [key, value] : json.items()) keys.push_back(key);
  EXPECT_THAT(keys, ElementsAre("alert", "level", "message", "run_id", "name", "seconds",
                                "pressure", "budget_bytes", "rss_bytes", "host", "pid", "time"));
  EXPECT_EQ(json["alert"], "memory_pressure");
  EXPECT_EQ(json["message"], kAlert.message);
  EXPECT_EQ(json["pid"], 4711);
  EXPECT_EQ(json["seconds"], 1.5);
  FiredAlert odd = kAlert;
  odd.message = "a\xff";
  EXPECT_FALSE(AlertJson(odd, AlertedSnapshot()).empty());
}

TEST(AlertDelivery, LogAndFileOfTheRightSpecOnly) {
  TemporaryDirectory directory;
  Log log;
  AlertSpec other = To(Kind::kFile, directory / "other.jsonl");
  AlertDelivery delivery({To(Kind::kLog), other, To(Kind::kFile, directory / "a.jsonl")},
                         log.Callback());
  FiredAlert third = kAlert;
  third.spec = 2;
  delivery.Send(kAlert, AlertedSnapshot());
  delivery.Send(third, AlertedSnapshot());
  delivery.Send(third, AlertedSnapshot());
  const auto events = delivery.Finish(10);
  ASSERT_EQ(events.size(), 3u);
  for (const AlertEvent& event : events) {
    EXPECT_EQ(event.rule, "memory_pressure");
    EXPECT_EQ(event.seconds, 1.5);
    EXPECT_EQ(event.deliveries, 1);
    EXPECT_EQ(event.failed_deliveries, 0);
  }
  EXPECT_THAT(log.lines, ElementsAre(HasSubstr("alert memory_pressure (warning): ")));
  const std::string written = ReadTextFile(directory / "a.jsonl");
  EXPECT_EQ(std::count(written.begin(), written.end(), '\n'), 2);
  EXPECT_EQ(nlohmann::json::parse(written.substr(0, written.find('\n')))["level"], "warning");
  EXPECT_EQ(ReadTextFile(directory / "other.jsonl"), "");
}

TEST(AlertDelivery, FilesThatCannotBeWritten) {
  TemporaryDirectory directory;
  ASSERT_EQ(::mkfifo((directory / "pipe").c_str(), 0600), 0);
  for (const std::string& path :
       {directory / "none/S3CRET", directory.path(), directory / "pipe"}) {
    Log log;
    AlertDelivery delivery({To(Kind::kFile, path)}, log.Callback());
    delivery.Send(kAlert, AlertedSnapshot());
    const auto start = Clock::now();
    const auto events = delivery.Finish(10);
    EXPECT_LT(SecondsSince(start), 5) << path;
    EXPECT_EQ(events.at(0).failed_deliveries, 1) << path;
    EXPECT_THAT(log.lines, ElementsAre(AllOf(HasSubstr("an alert did not reach file 1: it "),
                                             Not(HasSubstr(directory.path())))));
  }
}

TEST(AlertDelivery, ACommandGetsTheAlertOnItsInput) {
  TemporaryDirectory directory;
  AlertDelivery delivery({To(Kind::kCommand, "cat > '" + directory / "out" + "'; echo noise")}, {});
  delivery.Send(kAlert, AlertedSnapshot());
  EXPECT_EQ(delivery.Finish(20).at(0).deliveries, 1);
  EXPECT_EQ(nlohmann::json::parse(ReadTextFile(directory / "out"))["run_id"],
            AlertedSnapshot().run_id);
}

TEST(AlertDelivery, ACommandThatDoesNotReadOrFails) {
  Log log;
  AlertSpec spec = To(Kind::kCommand, "exit 0");
  spec.targets.push_back({Kind::kCommand, "exit 3 # S3CRET"});
  spec.targets.push_back({Kind::kCommand, "kill -9 $$"});
  AlertDelivery delivery({spec}, log.Callback());
  delivery.Send(kAlert, AlertedSnapshot());
  const auto events = delivery.Finish(20);
  EXPECT_EQ(events.at(0).deliveries, 1);
  EXPECT_EQ(events.at(0).failed_deliveries, 2);
  EXPECT_THAT(log.lines, ElementsAre(AllOf(HasSubstr("command 2: it ended with exit code 3"),
                                           Not(HasSubstr("S3CRET"))),
                                     HasSubstr("command 3: it was ended by signal 9")));
}

TEST(AlertDelivery, ACommandThatHangsIsKilledWithItsChildren) {
  TemporaryDirectory directory;
  DeliveryLimits limits = Quick();
  limits.command_seconds = 0.3;
  // The child of the command would write after three seconds.
  const std::string command = "(sleep 3; touch '" + directory / "late" + "') & sleep 100";
  AlertDelivery delivery({To(Kind::kCommand, command)}, {}, Env::Default(), limits);
  delivery.Send(kAlert, AlertedSnapshot());
  const auto start = Clock::now();
  EXPECT_EQ(delivery.Finish(20).at(0).failed_deliveries, 1);
  EXPECT_LT(SecondsSince(start), 2.5);
  std::this_thread::sleep_until(start + std::chrono::milliseconds(3500));
  struct stat info;
  EXPECT_NE(::stat((directory / "late").c_str(), &info), 0);
}

TEST(AlertDelivery, TheEndOfTheRunDoesNotWaitForACommand) {
  AlertDelivery delivery({To(Kind::kCommand, "sleep 100")}, {});
  delivery.Send(kAlert, AlertedSnapshot());
  const auto start = Clock::now();
  const auto events = delivery.Finish(0.2);
  EXPECT_LT(SecondsSince(start), 3);
  EXPECT_EQ(events.at(0).failed_deliveries, 1);
}

TEST(AlertDelivery, AWebhookGetsTheAlert) {
  ScriptedServer server({200});
  AlertSpec spec = To(Kind::kWebhook, server.Url("/hook"));
  spec.targets[0].headers = {{"Authorization", "Bearer t0ken"}};
  AlertDelivery delivery({spec}, {}, Env::Default(), Quick());
  delivery.Send(kAlert, AlertedSnapshot());
  EXPECT_EQ(delivery.Finish(20).at(0).deliveries, 1);
  ASSERT_EQ(server.requests().size(), 1u);
  const std::string request = server.requests()[0];
  EXPECT_THAT(request, HasSubstr("Authorization: Bearer t0ken"));
  EXPECT_EQ(nlohmann::json::parse(request.substr(request.find("\r\n\r\n") + 4))["alert"],
            "memory_pressure");
}

TEST(AlertDelivery, AWebhookThatAnswers500ThenSlowlyThen429Then200) {
  ScriptedServer server({500, 0, 429, 200});
  Log log;
  AlertDelivery delivery({To(Kind::kWebhook, server.Url("/hook"))}, log.Callback(), Env::Default(),
                         Quick());
  delivery.Send(kAlert, AlertedSnapshot());
  const auto events = delivery.Finish(20);
  EXPECT_EQ(events.at(0).deliveries, 1);
  EXPECT_EQ(events.at(0).failed_deliveries, 0);
  EXPECT_EQ(server.requests().size(), 4u);
  EXPECT_THAT(log.lines, IsEmpty());
}

TEST(AlertDelivery, AttemptsEnd) {
  ScriptedServer always({500});
  ScriptedServer refuses({404});
  Log log;
  AlertSpec spec = To(Kind::kWebhook, always.Url("/S3CRET"));
  spec.targets.push_back({Kind::kWebhook, refuses.Url("/S3CRET?k=S3CRET"), {{"K", "S3CRET"}}});
  AlertDelivery delivery({spec}, log.Callback(), Env::Default(), Quick());
  delivery.Send(kAlert, AlertedSnapshot());
  EXPECT_EQ(delivery.Finish(20).at(0).failed_deliveries, 2);
  EXPECT_EQ(always.requests().size(), 5u);
  EXPECT_EQ(refuses.requests().size(), 1u) << "a refusal is final";
  const std::string second =
      fmt::format("webhook 2 (127.0.0.1:{}): it answered with status 404", refuses.port());
  EXPECT_THAT(log.lines, Contains(HasSubstr(second)));
  EXPECT_THAT(log.lines, Not(Contains(HasSubstr("S3CRET"))));
}

TEST(AlertDelivery, AWebhookThatIsDown) {
  Log log;
  const std::string url = fmt::format("http://127.0.0.1:{}/S3CRET", ClosedPort());
  AlertDelivery delivery({To(Kind::kWebhook, url)}, log.Callback(), Env::Default(), Quick());
  delivery.Send(kAlert, AlertedSnapshot());
  delivery.Send(kAlert, AlertedSnapshot());
  const auto events = delivery.Finish(20);
  EXPECT_EQ(events.at(0).failed_deliveries + events.at(1).failed_deliveries, 2);
  EXPECT_THAT(log.lines, ElementsAre(HasSubstr("refused"), HasSubstr("2 alerts did not reach")));
  EXPECT_THAT(log.lines, Not(Contains(HasSubstr("S3CRET"))));
}

TEST(AlertDelivery, ASlowWebhookHoldsUpNeitherSendNorTheEnd) {
  ScriptedServer server({0});
  DeliveryLimits limits = Quick();
  limits.post_seconds = 60;
  AlertDelivery delivery({To(Kind::kWebhook, server.Url("/"))}, {}, Env::Default(), limits);
  const auto start = Clock::now();
  for (int i = 0; i < 10; ++i) delivery.Send(kAlert, AlertedSnapshot());
  EXPECT_LT(SecondsSince(start), 1);
  while (server.requests().empty() && SecondsSince(start) < 20) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  const auto finish = Clock::now();
  const auto events = delivery.Finish(0.2);
  EXPECT_LT(SecondsSince(finish), 3);
  int64_t failed = 0;
  for (const AlertEvent& event : events) failed += event.failed_deliveries;
  EXPECT_EQ(failed, 10);
}

TEST(AlertDelivery, AWaitingWebhookDoesNotHoldUpTheOthers) {
  ScriptedServer server({500});
  TemporaryDirectory directory;
  DeliveryLimits limits = Quick();
  limits.backoff_seconds = 30;
  AlertSpec spec = To(Kind::kWebhook, server.Url("/"));
  spec.targets.push_back({Kind::kFile, directory / "a.jsonl"});
  AlertDelivery delivery({spec}, {}, Env::Default(), limits);
  delivery.Send(kAlert, AlertedSnapshot());
  const auto start = Clock::now();
  while (ReadTextFile(directory / "a.jsonl").empty() && SecondsSince(start) < 10) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_LT(SecondsSince(start), 10);
}

TEST(AlertDelivery, TheQueueIsBoundedAndDropsTheOldest) {
  TemporaryDirectory directory;
  DeliveryLimits limits = Quick();
  limits.queue_max = 4;
  limits.events_max = 15;
  // The first command waits until all are sent.
  const std::string go = directory / "go";
  const std::string command =
      "while [ ! -e '" + go + "' ]; do sleep 0.01; done; cat >> '" + directory / "out" + "'";
  AlertDelivery delivery({To(Kind::kCommand, command)}, {}, Env::Default(), limits);
  for (int i = 0; i < 20; ++i) {
    FiredAlert alert = kAlert;
    alert.message = fmt::format("number {}", i);
    delivery.Send(alert, AlertedSnapshot());
  }
  std::ofstream(go).put('x');
  const auto events = delivery.Finish(30);
  ASSERT_EQ(events.size(), 15u) << "the report keeps so many";
  const std::string out = ReadTextFile(directory / "out");
  // The last four always; the first only if it had begun before the queue was full.
  EXPECT_THAT(out, HasSubstr("number 16\""));
  EXPECT_THAT(out, HasSubstr("number 19\""));
  EXPECT_THAT(out, Not(HasSubstr("number 14\"")));
  EXPECT_LE(std::count(out.begin(), out.end(), '\n'), 5);
  int64_t settled = 0;
  for (const AlertEvent& event : events) settled += event.deliveries + event.failed_deliveries;
  EXPECT_EQ(settled, 15);
}

TEST(AlertDelivery, NothingIsLoggedAfterTheEnd) {
  Log log;
  auto delivery = std::make_unique<AlertDelivery>(std::vector{To(Kind::kLog)}, log.Callback());
  delivery->Finish(10);
  delivery->Send(kAlert, AlertedSnapshot());
  EXPECT_EQ(delivery->Finish(10).at(0).failed_deliveries, 1);
  delivery.reset();
  EXPECT_THAT(log.lines, IsEmpty());
}

}  // namespace
}  // namespace headrace
