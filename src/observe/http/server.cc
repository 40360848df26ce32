#include "observe/http/server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "observe/http/socket_stream.h"

namespace headrace {
namespace {

constexpr int kStreamsMax = 16;
constexpr size_t kConnectionsMax = kStreamsMax + 8;
constexpr int kBacklog = 128;
// How long a new connection waits for the place of an idle one, which ends as soon as it is told
// to.
constexpr auto kPlaceTime = std::chrono::milliseconds(500);
constexpr char kBusy[] =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nRetry-After: 1\r\n"
    "Content-Length: 35\r\nConnection: close\r\n\r\ntoo many connections; close a page\n";

// "127.0.0.1:9464" -> "127.0.0.1", "[::1]:9464" -> "::1".
std::string HostWithoutPort(const std::string& header) {
  if (header.starts_with('[')) {
    const size_t close = header.find(']');
    return close == std::string::npos ? "" : header.substr(1, close - 1);
  }
  return header.substr(0, header.find(':'));
}

// A web page elsewhere can make its name resolve to loopback, but then sends that name.
bool IsLoopbackHost(const std::string& header) {
  const std::string host = HostWithoutPort(header);
  in_addr address{};
  return strcasecmp(host.c_str(), "localhost") == 0 || host == "::1" ||
         (::inet_pton(AF_INET, host.c_str(), &address) == 1 &&
          (ntohl(address.s_addr) >> 24) == 127);
}

// Role: accepts connections and answers one request on each, in a thread of its own. Owner: the
// caller of StartLoopbackServer. Threads: one that accepts and at most kConnectionsMax that answer;
// when all places are taken, the oldest connection that has not yet asked for anything gives its
// own to the next. The destructor shuts their sockets down and waits for them, at most as long as a
// route takes. Errors: a connection that breaks a rule is closed; nothing reaches the run.
class LoopbackServer final : public HttpServer, private httplib::Server {
 public:
  LoopbackServer(int listener, int wake, int port, HttpRoutes routes)
      : routes_(std::move(routes)), listener_(listener), wake_(wake), port_(port) {
    // httplib ends streams when this says that nobody listens any more.
    svr_sock_ = listener_;
    set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
      Answer(request, &response);
      return HandlerResponse::Handled;
    });
    set_default_headers({{"Cache-Control", "no-store"},
                         {"X-Content-Type-Options", "nosniff"},
                         {"Referrer-Policy", "no-referrer"},
                         {"Content-Security-Policy",
                          "default-src 'self' 'unsafe-inline' data:; frame-ancestors 'none'"}});
  }

  ~LoopbackServer() override {
    if (acceptor_.joinable()) {
      const uint64_t one = 1;
      (void)!::write(wake_, &one, sizeof(one));
      acceptor_.join();
    }
    svr_sock_ = INVALID_SOCKET;
    {
      std::unique_lock lock(mutex_);
      stopping_ = true;
      for (const Client& client : clients_) ::shutdown(client.socket, SHUT_RDWR);
      ended_.wait(lock, [&] { return clients_.empty(); });
    }
    ::close(listener_);
    ::close(wake_);
  }

  // False when the system gives no thread.
  bool Start() {
    try {
      acceptor_ = std::thread([this] { Accept(); });
    } catch (const std::system_error&) {
      return false;
    }
    return true;
  }

  int port() const override { return port_; }

 private:
  void Accept() {
    for (;;) {
      pollfd waiting[] = {{listener_, POLLIN, 0}, {wake_, POLLIN, 0}};
      if (::poll(waiting, 2, -1) < 0 && errno != EINTR) return;
      if (waiting[1].revents != 0) return;
      if (waiting[0].revents == 0) continue;
      const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client >= 0) {
        Admit(client);
      } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        // The connection stays in the queue and poll() comes back at once: wait for better times.
        pollfd stop{wake_, POLLIN, 0};
        ::poll(&stop, 1, 100);
      }
    }
  }

  void Admit(int client) {
    std::unique_lock lock(mutex_);
    if (!MakePlace(&lock)) {
      lock.unlock();
      TurnAway(client);
      return;
    }
    clients_.push_back({client, false});
    lock.unlock();
    try {
      std::thread([this, client] { Serve(client); }).detach();
    } catch (const std::system_error&) {
      Forget(client);
    }
  }

  // False when every place is taken by a client that is being answered.
  bool MakePlace(std::unique_lock<std::mutex>* lock) {
    if (clients_.size() < kConnectionsMax) return true;
    const auto idle = std::find_if(clients_.begin(), clients_.end(),
                                   [](const Client& client) { return !client.has_asked; });
    if (idle == clients_.end()) return false;
    ::shutdown(idle->socket, SHUT_RDWR);
    return ended_.wait_for(*lock, kPlaceTime, [&] { return clients_.size() < kConnectionsMax; });
  }

  // Without a thread for it. What has come of the request is read first: closing over it would
  // reset the connection before the client sees the answer.
  static void TurnAway(int client) {
    char request[4096];
    (void)!::recv(client, request, sizeof(request), MSG_DONTWAIT);
    (void)!::send(client, kBusy, sizeof(kBusy) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    ::shutdown(client, SHUT_WR);
    ::close(client);
  }

  void NoteAsked(int client) {
    std::lock_guard lock(mutex_);
    for (Client& known : clients_) known.has_asked |= known.socket == client;
  }

  // The last that a connection's thread does with this object.
  void Forget(int client) {
    std::lock_guard lock(mutex_);
    std::erase_if(clients_, [client](const Client& known) { return known.socket == client; });
    ::close(client);
    ended_.notify_all();
  }

  void Serve(int client) {
    try {
      SocketStream stream(client);
      bool closed = false;
      process_request(stream, /*close_connection=*/true, closed, [&](httplib::Request& request) {
        NoteAsked(client);
        // Neither compressed nor in pieces: what we serve is small.
        request.headers.erase("Accept-Encoding");
        request.ranges.clear();
      });
      stream.Finish();
    } catch (const std::exception&) {
      // Out of memory in a thread of the server: this client goes without an answer.
    }
    Forget(client);
  }

  void Answer(const httplib::Request& request, httplib::Response* response) {
    if (request.get_header_value_count("Host") != 1 ||
        !IsLoopbackHost(request.get_header_value("Host"))) {
      response->status = 403;
      response->set_content("this server answers to loopback names only\n", "text/plain");
    } else if (request.method != "GET" && request.method != "HEAD") {
      response->status = 405;
      response->set_header("Allow", "GET, HEAD");
      response->set_content("only GET is served here\n", "text/plain");
    } else if (!routes_.stream_path.empty() && request.path == routes_.stream_path) {
      AnswerWithStream(response);
    } else {
      AnswerWithPage(request.path, response);
    }
  }

  void AnswerWithPage(const std::string& path, httplib::Response* response) {
    try {
      const HttpPage page = routes_.page ? routes_.page(path) : HttpPage{404, "text/plain", ""};
      response->status = page.status;
      response->set_content(page.body, page.content_type);
    } catch (const std::exception&) {
      response->status = 500;
      response->set_content("the page could not be made\n", "text/plain");
    }
  }

  void AnswerWithStream(httplib::Response* response) {
    // Given back when httplib destroys the content provider, after the last byte.
    std::shared_ptr<void> place(nullptr, [this](void*) { streams_.fetch_sub(1); });
    if (streams_.fetch_add(1) >= kStreamsMax) {
      response->status = 503;
      response->set_content("too many streams are open; close one\n", "text/plain");
      return;
    }
    auto next = routes_.open_stream();
    response->set_chunked_content_provider("text/event-stream",
                                           [this, place, next](size_t, httplib::DataSink& sink) {
                                             try {
                                               return Forward(next(), &sink);
                                             } catch (const std::exception&) {
                                               return false;
                                             }
                                           });
  }

  // Whether the stream goes on.
  bool Forward(const std::optional<std::string>& bytes, httplib::DataSink* sink) {
    {
      std::lock_guard lock(mutex_);
      if (stopping_) return false;
    }
    if (!bytes) {
      sink->done();
      return true;
    }
    if (bytes->empty()) return sink->is_writable();  // notices a client that has gone
    return sink->write(bytes->data(), bytes->size());
  }

  const HttpRoutes routes_;
  const int listener_;
  const int wake_;  // an eventfd
  const int port_;
  std::atomic<int> streams_{0};
  std::mutex mutex_;
  std::condition_variable ended_;
  struct Client {
    int socket = -1;
    bool has_asked = false;  // a whole request has come
  };
  std::vector<Client> clients_;  // with a thread each, the oldest first
  bool stopping_ = false;
  std::thread acceptor_;
};

// The listening socket, or -1 with errno's text.
int Listen(const HttpListenAddress& address, int* port, std::string* error) {
  sockaddr_in6 ipv6{};
  ipv6.sin6_family = AF_INET6;
  ipv6.sin6_addr = in6addr_loopback;
  ipv6.sin6_port = htons(address.port);
  sockaddr_in ipv4{};
  ipv4.sin_family = AF_INET;
  ipv4.sin_addr.s_addr = htonl(address.ipv4);
  ipv4.sin_port = htons(address.port);
  auto* where =
      address.is_ipv6 ? reinterpret_cast<sockaddr*>(&ipv6) : reinterpret_cast<sockaddr*>(&ipv4);
  socklen_t length = address.is_ipv6 ? sizeof(ipv6) : sizeof(ipv4);

  // Not blocking: a client that is gone between poll() and accept() must not hold the acceptor.
  const int listener = ::socket(where->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int on = 1;
  if (listener >= 0 && ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
      ::bind(listener, where, length) == 0 && ::listen(listener, kBacklog) == 0 &&
      ::getsockname(listener, where, &length) == 0) {
    *port = ntohs(address.is_ipv6 ? ipv6.sin6_port : ipv4.sin_port);
    return listener;
  }
  *error = std::system_category().message(errno);
  if (listener >= 0) ::close(listener);
  return -1;
}

}  // namespace

std::unique_ptr<HttpServer> StartLoopbackServer(const HttpListenAddress& address, HttpRoutes routes,
                                                std::string* error) {
  int port = 0;
  const int listener = Listen(address, &port, error);
  if (listener < 0) return nullptr;
  const int wake = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake < 0) {
    *error = std::system_category().message(errno);
    ::close(listener);
    return nullptr;
  }
  auto server = std::make_unique<LoopbackServer>(listener, wake, port, std::move(routes));
  if (!server->Start()) {
    *error = "the system gives no more threads";
    return nullptr;
  }
  return server;
}

}  // namespace headrace
