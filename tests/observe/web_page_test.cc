// The page and the service behind it, without a server: that is http_server_test's and
// tests/system/test_monitor.py's.
#include "observe/web_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "observe/monitor_service.h"
#include "support/temporary_directory.h"

namespace headrace {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

size_t Count(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(MonitorPage, NeedsNothingFromOutsideAndRunsOnlyItsOwnScript) {
  const std::string page = MonitorPage("n0nce", "{\"runs\":[]}");
  EXPECT_THAT(page, HasSubstr("default-src 'none'; style-src 'nonce-n0nce'; script-src "
                              "'nonce-n0nce'; connect-src 'self'"));
  EXPECT_THAT(page, Not(HasSubstr("unsafe-")));
  EXPECT_EQ(Count(page, " nonce=\"n0nce\""), 2u);
  for (const char* risky : {"innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(",
                            " style=\"", " onclick", "src=\"", "@import", "url("}) {
    EXPECT_THAT(page, Not(HasSubstr(risky)));
  }
  // The one address in it is the name of the SVG namespace, which nobody fetches.
  EXPECT_EQ(Count(page, "http://") + Count(page, "https://"), 1u);
  EXPECT_THAT(page, HasSubstr("http://www.w3.org/2000/svg"));
}

TEST(MonitorPage, IsReadableByEverybody) {
  const std::string page = MonitorPage("n", "{\"runs\":[]}");
  for (const char* part :
       {"<html lang=\"en\">", "width=device-width", "prefers-color-scheme: dark",
        "aria-live=\"polite\"", "<h1>", "<main>", "aria-labelledby", "<noscript>", "progressbar"}) {
    EXPECT_THAT(page, HasSubstr(part));
  }
}

TEST(MonitorPage, DataCannotEndItsElement) {
  const std::string page = MonitorPage("n", "{\"runs\":[{\"name\":\"</script><b>\"}]}");
  EXPECT_THAT(page, Not(HasSubstr("</script><b>")));
  EXPECT_THAT(page, HasSubstr("\\u003c/script>\\u003cb>"));
}

class Service : public testing::Test {
 protected:
  MonitorServiceOptions Options() {
    MonitorServiceOptions options;
    options.registry.directory = directory_ / "runs";
    options.registry.write_every = std::chrono::milliseconds(0);
    options.refresh = std::chrono::milliseconds(20);
    return options;
  }
  void RunOnce(const std::string& id) {
    const auto registration = RunRegistration::Make(id, Options().registry).ValueOrDie();
    RunSnapshot snapshot;
    snapshot.ended = true;
    snapshot.status = "published";
    registration->On(snapshot);
  }
  TemporaryDirectory directory_;
};

TEST_F(Service, Pages) {
  MonitorService service(Options());
  RunOnce("r1");
  const HttpPage page = service.Page("/");
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(page.content_type, StartsWith("text/html"));
  EXPECT_THAT(page.body, HasSubstr("\"run_id\":\"r1\""));
  EXPECT_NE(service.Page("/").body, page.body) << "the nonce has to be new for each answer";
  const HttpPage runs = service.Page("/runs.json?x=1");
  EXPECT_EQ(runs.content_type, "application/json");
  EXPECT_EQ(nlohmann::json::parse(runs.body)["runs"][0]["status"], "published");
  EXPECT_EQ(service.Page("/../etc/passwd").status, 404);
}

TEST_F(Service, ARegistryThatCannotBeReadIsSaid) {
  std::filesystem::create_directory_symlink(directory_.path(), directory_ / "runs");
  MonitorService service(Options());
  EXPECT_EQ(service.Page("/runs.json").status, 500);
  EXPECT_EQ(service.Page("/").status, 200);
}

TEST_F(Service, AStreamSpeaksWhenSomethingChanged) {
  MonitorService service(Options());
  const auto next = service.OpenStream();
  EXPECT_EQ(*next(), "data: {\"runs\":[]}\n\n");
  EXPECT_EQ(*next(), "");
  RunOnce("r1");
  std::string event;
  for (int i = 0; i < 100 && event.empty(); ++i) event = *next();
  EXPECT_THAT(event, StartsWith("data: {\"runs\":[{\"run_id\":\"r1\""));
  EXPECT_EQ(Count(event, "\n"), 2u) << "an event is one line and an empty one";
}

TEST_F(Service, AStreamBeatsWhileNothingHappens) {
  MonitorService service(Options());
  const auto next = service.OpenStream();
  next();
  std::string beat;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (beat.empty() && std::chrono::steady_clock::now() < end) beat = *next();
  EXPECT_EQ(beat, "event: beat\ndata:\n\n");
}

TEST_F(Service, StopEndsAStreamAtOnce) {
  MonitorServiceOptions options = Options();
  options.refresh = std::chrono::hours(1);
  MonitorService service(options);
  const auto next = service.OpenStream();
  next();
  std::thread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    service.Stop();
  });
  EXPECT_EQ(next(), std::nullopt);
  stopper.join();
}

}  // namespace
}  // namespace headrace
