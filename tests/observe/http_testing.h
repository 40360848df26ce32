// Plain sockets for the tests of HTTP: a client that says exactly what it is told, and a web
// server with a script.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace headrace {

// Role: one connection to a port of 127.0.0.1. Threads: one.
class RawClient {
 public:
  explicit RawClient(int port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<uint16_t>(port));
    connected_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;
  ~RawClient() { ::close(socket_); }

  bool connected() const { return connected_; }
  void Send(const std::string& text) const {
    (void)!::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
  }
  // What comes until `wanted` is in it, the other side closes, or the time is over.
  std::string ReadUntil(const std::string& wanted, double seconds = 10) const {
    const auto deadline =
        std::chrono::steady_clock::now() + std::chrono::milliseconds(int64_t(seconds * 1000));
    std::string seen;
    while (wanted.empty() || seen.find(wanted) == std::string::npos) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
                            deadline - std::chrono::steady_clock::now())
                            .count();
      pollfd readable{socket_, POLLIN, 0};
      if (left <= 0 || ::poll(&readable, 1, static_cast<int>(left)) <= 0) break;
      char buffer[4096];
      const ssize_t count = ::recv(socket_, buffer, sizeof(buffer), 0);
      if (count <= 0) break;
      seen.append(buffer, static_cast<size_t>(count));
    }
    return seen;
  }
  std::string ReadToEnd(double seconds = 10) const { return ReadUntil("", seconds); }

 private:
  const int socket_;
  bool connected_ = false;
};

// The whole answer to a GET.
inline std::string Get(int port, const std::string& path, const std::string& host = "localhost") {
  const RawClient client(port);
  client.Send("GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
  return client.ReadToEnd();
}

// Role: a web server that answers the n-th connection with the n-th status of its script, and from
// then on with the last; status 0 never answers. Owner: a test. Threads: one of its own, so one
// connection after the other.
class ScriptedServer {
 public:
  explicit ScriptedServer(std::vector<int> script)
      : script_(std::move(script)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(address);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), length), 0);
    EXPECT_EQ(::listen(listener_, 16), 0);
    EXPECT_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Loop(); });
  }
  ~ScriptedServer() {
    stopping_ = true;
    thread_.join();
    ::close(listener_);
  }

  int port() const { return port_; }
  std::string Url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }
  // The requests so far, whole.
  std::vector<std::string> requests() const {
    std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  bool Readable(int socket) const {
    pollfd waiting{socket, POLLIN, 0};
    while (!stopping_) {
      if (::poll(&waiting, 1, 20) > 0) return true;
    }
    return false;
  }

  void Loop() {
    for (size_t number = 0; Readable(listener_); ++number) {
      const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      Serve(client, script_[std::min(number, script_.size() - 1)]);
      ::close(client);
    }
  }

  void Serve(int client, int status) {
    std::string request;
    while (!IsWhole(request)) {
      char buffer[4096];
      const ssize_t count = Readable(client) ? ::recv(client, buffer, sizeof(buffer), 0) : 0;
      if (count <= 0) return;
      request.append(buffer, static_cast<size_t>(count));
    }
    {
      std::lock_guard lock(mutex_);
      requests_.push_back(request);
    }
    if (status == 0) {
      (void)Readable(client);  // until the client gives up
      return;
    }
    const std::string answer = "HTTP/1.1 " + std::to_string(status) +
                               " Said\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
    (void)!::send(client, answer.data(), answer.size(), MSG_NOSIGNAL);
  }

  static bool IsWhole(const std::string& request) {
    const size_t head = request.find("\r\n\r\n");
    const size_t length = request.find("Content-Length: ");
    return head != std::string::npos && length != std::string::npos &&
           request.size() >= head + 4 + std::stoul(request.substr(length + 16));
  }

  const std::vector<int> script_;
  const int listener_;
  int port_ = 0;
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

// A port of 127.0.0.1 on which nobody listens.
inline int ClosedPort() {
  const ScriptedServer gone({200});
  return gone.port();
}

inline double SecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace headrace
