// The loopback server: who gets an answer, streams, and that no client holds up its end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <optional>

#include "observe/http_module.h"
#include "observe/http_testing.h"

namespace headrace {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using Clock = std::chrono::steady_clock;

HttpRoutes EchoRoutes() {
  HttpRoutes routes;
  routes.page = [](const std::string& path) {
    if (path == "/throw") throw std::runtime_error("S3CRET");
    return HttpPage{path == "/none" ? 404 : 200, "text/plain", "page " + path};
  };
  return routes;
}

std::unique_ptr<HttpServer> Serve(HttpRoutes routes, const std::string& address = "127.0.0.1:0") {
  auto server = StartHttpServer(address, std::move(routes));
  if (!server.ok()) {
    ADD_FAILURE() << server.status().message();
    return nullptr;
  }
  return std::move(*server);
}

TEST(HttpServer, PagesAndStatus) {
  const auto server = Serve(EchoRoutes());
  ASSERT_TRUE(server);
  EXPECT_GT(server->port(), 0);
  const std::string answer = Get(server->port(), "/a?x=1");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(answer, HasSubstr("\r\n\r\npage /a"));
  EXPECT_THAT(answer, HasSubstr("Content-Security-Policy: "));
  EXPECT_THAT(answer, Not(HasSubstr("Access-Control")));
  EXPECT_THAT(Get(server->port(), "/none"), StartsWith("HTTP/1.1 404"));
  const std::string failed = Get(server->port(), "/throw");
  EXPECT_THAT(failed, StartsWith("HTTP/1.1 500"));
  EXPECT_THAT(failed, Not(HasSubstr("S3CRET")));
}

TEST(HttpServer, OnlyLoopbackNamesAreHosts) {
  const auto server = Serve(EchoRoutes());
  ASSERT_TRUE(server);
  const std::string port = ":" + std::to_string(server->port());
  for (const std::string& host :
       {std::string("localhost"), "LOCALHOST" + port, "127.0.0.1" + port, "[::1]" + port}) {
    EXPECT_THAT(Get(server->port(), "/", host), StartsWith("HTTP/1.1 200")) << host;
  }
  for (const std::string& host : {std::string("evil.example"), "evil.example" + port,
                                  "127.0.0.1.evil.example" + port, "localhost.evil.example" + port,
                                  "10.0.0.1" + port, std::string("[::2]"), std::string("[")}) {
    EXPECT_THAT(Get(server->port(), "/", host), StartsWith("HTTP/1.1 403")) << host;
  }
  for (const std::string hosts : {"", "Host: localhost\r\nHost: evil.example\r\n"}) {
    const RawClient client(server->port());
    client.Send("GET / HTTP/1.1\r\n" + hosts + "\r\n");
    EXPECT_THAT(client.ReadToEnd(), StartsWith("HTTP/1.1 403")) << hosts;
  }
}

TEST(HttpServer, OnlyGet) {
  const auto server = Serve(EchoRoutes());
  ASSERT_TRUE(server);
  const RawClient client(server->port());
  client.Send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc");
  EXPECT_THAT(client.ReadToEnd(), StartsWith("HTTP/1.1 405"));
}

TEST(HttpServer, NonsenseAndEndlessRequestsCostLittle) {
  const auto server = Serve(EchoRoutes());
  ASSERT_TRUE(server);
  const RawClient nonsense(server->port());
  nonsense.Send("\x16\x03\x01 hello\r\n\r\n");
  EXPECT_THAT(nonsense.ReadToEnd(), Not(HasSubstr("page")));
  const RawClient endless(server->port());
  for (int i = 0; i < 64; ++i) endless.Send(std::string(4096, 'a'));
  EXPECT_THAT(endless.ReadToEnd(), Not(HasSubstr("page")));
  EXPECT_THAT(Get(server->port(), "/still"), HasSubstr("page /still"));
}

TEST(HttpServer, StreamsGiveWhatComesAndEnd) {
  HttpRoutes routes = EchoRoutes();
  routes.stream_path = "/events";
  routes.open_stream = [] {
    return [count = 0]() mutable -> std::optional<std::string> {
      if (++count == 4) return std::nullopt;
      return count == 2 ? "" : "data: " + std::to_string(count) + "\n\n";
    };
  };
  const auto server = Serve(std::move(routes));
  ASSERT_TRUE(server);
  const std::string answer = Get(server->port(), "/events");
  EXPECT_THAT(answer, HasSubstr("Content-Type: text/event-stream"));
  EXPECT_THAT(answer, HasSubstr("data: 1\n\n"));
  EXPECT_THAT(answer, HasSubstr("data: 3\n\n"));
  EXPECT_THAT(answer, HasSubstr("\r\n0\r\n\r\n"));
}

// Streams that never have anything new.
HttpRoutes QuietStreams(std::atomic<int>* open) {
  HttpRoutes routes = EchoRoutes();
  routes.stream_path = "/events";
  routes.open_stream = [open] {
    ++*open;
    std::shared_ptr<void> closing(nullptr, [open](void*) { --*open; });
    return [closing]() -> std::optional<std::string> {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      return "";
    };
  };
  return routes;
}

void WaitUntil(const std::function<bool()>& condition) {
  const auto start = Clock::now();
  while (!condition() && SecondsSince(start) < 20) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_TRUE(condition());
}

TEST(HttpServer, SixteenStreamsAndNoMorePagesGoOn) {
  std::atomic<int> open{0};
  const auto server = Serve(QuietStreams(&open));
  ASSERT_TRUE(server);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 16; ++i) {
    clients.push_back(std::make_unique<RawClient>(server->port()));
    clients.back()->Send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  }
  WaitUntil([&] { return open == 16; });
  EXPECT_THAT(Get(server->port(), "/events"), StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(Get(server->port(), "/a"), StartsWith("HTTP/1.1 200"));
  // Clients that go away make room.
  clients.clear();
  WaitUntil([&] { return open == 0; });
}

TEST(HttpServer, HungClientsDoNotHoldUpTheEnd) {
  std::atomic<int> open{0};
  auto server = Serve(QuietStreams(&open));
  ASSERT_TRUE(server);
  const RawClient silent(server->port());
  const RawClient half(server->port());
  half.Send("GET / HTT");
  const RawClient streaming(server->port());
  streaming.Send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  WaitUntil([&] { return open == 1; });
  const auto start = Clock::now();
  server.reset();
  EXPECT_LT(SecondsSince(start), 3);
  EXPECT_EQ(open, 0);
}

// Clients that connect and say nothing, or half of a request, take no place from one that asks.
TEST(HttpServer, IdleConnectionsGiveWay) {
  std::atomic<int> open{0};
  const auto server = Serve(QuietStreams(&open));
  ASSERT_TRUE(server);
  std::vector<std::unique_ptr<RawClient>> streams;
  for (int i = 0; i < 16; ++i) {
    streams.push_back(std::make_unique<RawClient>(server->port()));
    streams.back()->Send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  }
  WaitUntil([&] { return open == 16; });
  std::vector<std::unique_ptr<RawClient>> idle;
  for (int i = 0; i < 300; ++i) {
    idle.push_back(std::make_unique<RawClient>(server->port()));
    if (i % 2 == 1) idle.back()->Send("GET / HTT");
  }
  EXPECT_THAT(Get(server->port(), "/a"), HasSubstr("page /a"));
  EXPECT_EQ(idle.front()->ReadToEnd(), "") << "the oldest is still there";
  EXPECT_EQ(open, 16) << "a stream was ended for an idle connection";
}

// Pages that are being made keep their places; who comes then is told so.
TEST(HttpServer, WithEveryPlaceAtWorkTheAnswerIsBusy) {
  constexpr int kPlaces = 24;
  std::mutex mutex;
  std::condition_variable changed;
  int asked = 0;
  bool go_on = false;
  HttpRoutes routes;
  routes.page = [&](const std::string&) {
    std::unique_lock lock(mutex);
    ++asked;
    changed.notify_all();
    changed.wait(lock, [&] { return go_on; });
    return HttpPage{200, "text/plain", "made"};
  };
  const auto server = Serve(std::move(routes));
  ASSERT_TRUE(server);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < kPlaces; ++i) {
    clients.push_back(std::make_unique<RawClient>(server->port()));
    clients.back()->Send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  }
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return asked == kPlaces; });
  }
  EXPECT_THAT(RawClient(server->port()).ReadToEnd(), StartsWith("HTTP/1.1 503"));
  {
    std::lock_guard lock(mutex);
    go_on = true;
    changed.notify_all();
  }
  for (const auto& client : clients) EXPECT_THAT(client->ReadToEnd(), HasSubstr("made"));
}

TEST(HttpServer, Addresses) {
  for (const std::string address :
       {"0.0.0.0:0", "192.168.1.1:80", "[::]:0", "example.org:80", "127.0.0.1",
        "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "[::1]", "::1:80", "", ":80"}) {
    const Status status = StartHttpServer(address, EchoRoutes()).status();
    EXPECT_EQ(GetErrorKind(status), ErrorKind::kInvalidConfig) << address;
    EXPECT_EQ(GetErrorCode(status), 742) << address;
  }
  EXPECT_TRUE(ParseListenAddress("[::1]:9464").ok());
  EXPECT_TRUE(ParseListenAddress("localhost:9464").ok());
  const auto server = Serve(EchoRoutes());
  ASSERT_TRUE(server);
  const std::string taken = "127.0.0.1:" + std::to_string(server->port());
  const Status status = StartHttpServer(taken, EchoRoutes()).status();
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kNetwork);
  EXPECT_THAT(status.message(), HasSubstr("cannot serve on " + taken));
}

}  // namespace
}  // namespace headrace
