// What the library and libheadrace_http.so hand each other: plain data and two functions.
//
// Both sides are built together and of one release, so standard types may cross; `version` and
// `layout` catch a module of another build. They share no static state, and no Arrow: the module
// says what went wrong as plain text, and the library makes a Status of it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace headrace {

struct HttpPost {
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string content_type = "application/json";
  double timeout_seconds = 5;  // for all of it: connecting, sending, the answer
  // Becomes true when the answer is no longer waited for; nullptr = never.
  const std::atomic<bool>* stop = nullptr;
};

// Where a URL leads.
struct HttpTarget {
  bool is_tls = false;
  std::string host;  // without the brackets of an IPv6 address
  int port = 0;
  std::string path;  // with the query, from "/" on
};

struct HttpPage {
  int status = 200;
  std::string content_type;
  std::string body;
};

struct HttpRoutes {
  // Any GET that is no stream; called on the client's thread, on several at once.
  std::function<HttpPage(const std::string& path)> page;
  std::string stream_path;  // "/events"; "" = none
  // One per client that asks for stream_path: called again and again on the client's thread; gives
  // the next bytes (waits up to a second for them; "" = nothing new), nullopt = end.
  std::function<std::function<std::optional<std::string>()>()> open_stream;
};

// Role: a server that runs until it is destroyed. Owner: the caller, who also keeps alive whatever
// the routes touch. Threads: a few of its own. Errors: a client's stay with the client.
class HttpServer {
 public:
  virtual ~HttpServer() = default;  // stops it
  virtual int port() const = 0;
};

// A loopback address in the form the system takes.
struct HttpListenAddress {
  bool is_ipv6 = false;  // [::1], else an address of 127.0.0.0/8
  uint32_t ipv4 = 0;     // host byte order
  uint16_t port = 0;     // 0 = any free one
};

inline constexpr uint32_t kHttpModuleVersion = 1;
inline constexpr char kHttpModuleEntry[] = "headrace_http_module";

struct HttpModuleTable {
  uint32_t version = kHttpModuleVersion;
  uint32_t layout = static_cast<uint32_t>(sizeof(HttpPost) + (sizeof(HttpRoutes) << 10) +
                                          (sizeof(HttpPage) << 20));
  // The status code of the answer, or 0 and why there is none ("the connection was refused").
  int (*post)(const HttpTarget& target, const HttpPost& post, std::string* error) = nullptr;
  // nullptr and errno's text when the address cannot be listened on.
  std::unique_ptr<HttpServer> (*start_server)(const HttpListenAddress& address, HttpRoutes routes,
                                              std::string* error) = nullptr;
};

// The type of the one symbol that the module exports, under kHttpModuleEntry.
using HttpModuleEntry = const HttpModuleTable* (*)();

}  // namespace headrace
