// Posting: what arrives, what a network that fails looks like, and that it always ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "observe/http_module.h"
#include "observe/http_testing.h"

namespace headrace {
namespace {

using testing::HasSubstr;
using testing::Not;
using Clock = std::chrono::steady_clock;

TEST(HttpClient, TheWholeRequestArrives) {
  ScriptedServer server({204});
  HttpPost post;
  post.url = server.Url("/services/a%20b,c?x=1:2");
  post.headers = {{"X-Team", "data"}, {"Authorization", "Bearer t0ken"}};
  post.body = R"({"alert":"failure"})";
  const auto status = PostHttp(post);
  ASSERT_TRUE(status.ok()) << status.status().message();
  EXPECT_EQ(*status, 204);
  ASSERT_EQ(server.requests().size(), 1u);
  const std::string request = server.requests()[0];
  EXPECT_THAT(request, HasSubstr("POST /services/a%20b,c?x=1:2 HTTP/1.1\r\n"));
  EXPECT_THAT(request, HasSubstr("X-Team: data\r\n"));
  EXPECT_THAT(request, HasSubstr("Authorization: Bearer t0ken\r\n"));
  EXPECT_THAT(request, HasSubstr("Content-Type: application/json\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\n\r\n{\"alert\":\"failure\"}"));
}

TEST(HttpClient, EveryStatusIsAnAnswerAndRedirectsAreNotFollowed) {
  ScriptedServer server({200, 302, 404, 500});
  HttpPost post;
  post.url = server.Url("/");
  for (const int expected : {200, 302, 404, 500}) EXPECT_EQ(PostHttp(post).ValueOr(-1), expected);
  EXPECT_EQ(server.requests().size(), 4u);
}

TEST(HttpClient, NobodyListens) {
  HttpPost post;
  post.url = "http://127.0.0.1:" + std::to_string(ClosedPort()) + "/S3CRET?key=S3CRET";
  post.headers = {{"Authorization", "S3CRET"}};
  const Status status = PostHttp(post).status();
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kNetwork);
  EXPECT_THAT(status.message(), HasSubstr("no answer from 127.0.0.1:"));
  EXPECT_THAT(status.message(), HasSubstr("refused"));
  EXPECT_THAT(status.message(), Not(HasSubstr("S3CRET")));
}

TEST(HttpClient, TlsWithSomebodyWhoDoesNotSpeakIt) {
  ScriptedServer server({200});
  HttpPost post;
  post.url = "https://127.0.0.1:" + std::to_string(server.port()) + "/S3CRET";
  post.timeout_seconds = 1;
  const auto start = Clock::now();
  const Status status = PostHttp(post).status();
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kNetwork);
  EXPECT_THAT(status.message(), Not(HasSubstr("S3CRET")));
  EXPECT_LT(SecondsSince(start), 5);
}

TEST(HttpClient, AServerThatNeverAnswersCostsTheTimeLimit) {
  ScriptedServer server({0});
  HttpPost post;
  post.url = server.Url("/");
  post.timeout_seconds = 0.5;
  const auto start = Clock::now();
  EXPECT_EQ(GetErrorKind(PostHttp(post).status()), ErrorKind::kNetwork);
  EXPECT_LT(SecondsSince(start), 3);
}

TEST(HttpClient, ItEndsWhenToldToStop) {
  ScriptedServer server({0});
  std::atomic<bool> stop{false};
  HttpPost post;
  post.url = server.Url("/");
  post.timeout_seconds = 60;
  post.stop = &stop;
  std::thread other([&] {
    while (server.requests().empty()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    stop = true;
  });
  const auto start = Clock::now();
  EXPECT_FALSE(PostHttp(post).ok());
  EXPECT_LT(SecondsSince(start), 10);
  other.join();
}

TEST(HttpClient, UrlsThatAreNone) {
  for (const std::string url :
       {"", "hooks.example.org/x", "ftp://h/x", "http://", "http:///x", "http://h:0/", "http://h:/",
        "http://h:99999/", "http://h:1x/", "http://[::1/", "http://[::1]x/", "http://h/a b",
        "http://h/a\r\nX: y", "https://me:S3CRET@h/"}) {
    HttpPost post;
    post.url = url;
    const Status status = PostHttp(post).status();
    EXPECT_EQ(GetErrorKind(status), ErrorKind::kInvalidConfig) << url;
    EXPECT_EQ(GetErrorCode(status), 741) << url;
    EXPECT_THAT(status.message(), Not(HasSubstr("S3CRET")));
  }
}

TEST(HttpClient, HostsOfUrls) {
  EXPECT_EQ(*HttpHostOf("https://hooks.example.org/S3CRET"), "hooks.example.org:443");
  EXPECT_EQ(*HttpHostOf("http://h?x=1"), "h:80");
  EXPECT_EQ(*HttpHostOf("http://h:8080#f"), "h:8080");
  EXPECT_EQ(*HttpHostOf("https://[::1]:9/x"), "[::1]:9");
}

}  // namespace
}  // namespace headrace
