#include "observe/http_module.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <link.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <mutex>

#include "env/env.h"

namespace headrace {
namespace {

constexpr char kModuleFile[] = "libheadrace_http.so";
constexpr auto kExitWait = std::chrono::seconds(6);  // above the time limit of a post

// Posts under way. A thread that was left behind by the end of a run must be out of the TLS library
// before the process's exit takes that apart.
struct PostsUnderWay {
  std::mutex mutex;
  std::condition_variable ended;
  int count = 0;
};

PostsUnderWay& Posts() {
  static auto* posts = new PostsUnderWay;  // outlives every static destructor
  return *posts;
}

void WaitForPosts() {
  PostsUnderWay& posts = Posts();
  std::unique_lock lock(posts.mutex);
  posts.ended.wait_for(lock, kExitWait, [&] { return posts.count == 0; });
}

class PostUnderWay {
 public:
  PostUnderWay() {
    std::lock_guard lock(Posts().mutex);
    ++Posts().count;
  }
  PostUnderWay(const PostUnderWay&) = delete;
  PostUnderWay& operator=(const PostUnderWay&) = delete;
  ~PostUnderWay() {
    std::lock_guard lock(Posts().mutex);
    --Posts().count;
    Posts().ended.notify_all();
  }
};

// Directory of the library or program that this code is linked into.
std::string OwnDirectory() {
  Dl_info info{};
  link_map* map = nullptr;
  std::string file;
  if (::dladdr1(reinterpret_cast<const void*>(&OwnDirectory), &info, reinterpret_cast<void**>(&map),
                RTLD_DL_LINKMAP) != 0 &&
      map != nullptr) {
    file = map->l_name;
  }
  // The program itself has no name in the list, and argv[0] may be a name on PATH.
  if (file.empty()) file = "/proc/self/exe";
  const auto real = Env::Default()->RealPath(file);
  return ParentPath(real.ok() ? *real : file);
}

Result<const HttpModuleTable*> OpenModule() {
  const std::string own = OwnDirectory();
  std::string why = "there is no such file beside the program or in its ../lib";
  for (const std::string& directory : {own, JoinPath(own, "../lib")}) {
    const std::string path = JoinPath(directory, kModuleFile);
    const auto stat = Env::Default()->Stat(path);
    if (!stat.ok() || !stat->has_value()) continue;
    void* module = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (module == nullptr) {
      why = ::dlerror();
      continue;
    }
    const auto entry = reinterpret_cast<HttpModuleEntry>(::dlsym(module, kHttpModuleEntry));
    const HttpModuleTable* table = entry != nullptr ? entry() : nullptr;
    const HttpModuleTable expected;
    if (table != nullptr && table->version == expected.version &&
        table->layout == expected.layout) {
      // Registered after the TLS library's own clean-up, so it runs before that.
      std::atexit(WaitForPosts);
      return table;
    }
    why = "it belongs to another release";
    ::dlclose(module);
  }
  return MakeError(ErrorKind::kInvalidConfig, 740,
                   "HTTP needs {}, which cannot be loaded: {}; install headrace whole, or do "
                   "without webhooks, metrics address and dashboard",
                   kModuleFile, why);
}

Result<const HttpModuleTable*> Module() {
  static std::mutex mutex;
  static const HttpModuleTable* loaded = nullptr;
  std::lock_guard lock(mutex);
  if (loaded == nullptr) {
    ARROW_ASSIGN_OR_RAISE(loaded, OpenModule());
  }
  return loaded;
}

bool ParsePort(std::string_view text, int* port) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *port);
  return !text.empty() && error == std::errc() && end == text.data() + text.size() && *port >= 0 &&
         *port <= 65535;
}

// "host:1" or "[::1]:1" into its parts; no port gives `port_default`, -1 = one is needed.
bool SplitHostAndPort(std::string_view text, int port_default, std::string* host, int* port) {
  size_t host_end = text.find(':');
  if (text.starts_with('[')) {
    const size_t close = text.find(']');
    if (close == std::string_view::npos) return false;
    *host = text.substr(1, close - 1);
    host_end = close + 1;
    if (host_end < text.size() && text[host_end] != ':') return false;
  } else {
    *host = text.substr(0, host_end);
  }
  *port = port_default;
  if (host_end >= text.size()) return !host->empty() && port_default >= 0;
  return !host->empty() && ParsePort(text.substr(host_end + 1), port);
}

bool HasNoBlanksOrControls(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return c > 0x20 && c != 0x7f; });
}

Result<HttpTarget> ParseUrl(const std::string& url) {
  HttpTarget target;
  target.is_tls = url.starts_with("https://");
  const size_t begin = target.is_tls ? 8 : 7;
  const bool known = target.is_tls || url.starts_with("http://");
  if (known && HasNoBlanksOrControls(url)) {
    const size_t end = std::min(url.find_first_of("/?#", begin), url.size());
    const std::string_view authority = std::string_view(url).substr(begin, end - begin);
    if (authority.find('@') != std::string_view::npos) {
      return MakeError(ErrorKind::kInvalidConfig, 741,
                       "a name and password inside a URL are not taken; put them into a header "
                       "such as Authorization");
    }
    if (SplitHostAndPort(authority, target.is_tls ? 443 : 80, &target.host, &target.port) &&
        target.port > 0) {
      const std::string rest = url.substr(end, url.find('#', end) - end);
      target.path = rest.starts_with('/') ? rest : "/" + rest;
      return target;
    }
  }
  // The text itself may be a secret.
  return MakeError(ErrorKind::kInvalidConfig, 741,
                   "this is no URL to post to; write https://host/path or http://host:port/path, "
                   "without blanks");
}

std::string HostText(const HttpTarget& target) {
  return target.host.find(':') == std::string::npos
             ? fmt::format("{}:{}", target.host, target.port)
             : fmt::format("[{}]:{}", target.host, target.port);
}

}  // namespace

Status LoadHttpModule() { return Module().status(); }

Result<std::string> HttpHostOf(const std::string& url) {
  ARROW_ASSIGN_OR_RAISE(const HttpTarget target, ParseUrl(url));
  return HostText(target);
}

Result<int> PostHttp(const HttpPost& post) {
  ARROW_ASSIGN_OR_RAISE(const HttpTarget target, ParseUrl(post.url));
  ARROW_ASSIGN_OR_RAISE(const HttpModuleTable* module, Module());
  PostUnderWay under_way;
  std::string error;
  const int status = module->post(target, post, &error);
  if (status > 0) return status;
  return MakeError(ErrorKind::kNetwork, 744, "no answer from {}: {}", HostText(target), error);
}

Result<HttpListenAddress> ParseListenAddress(const std::string& address) {
  HttpListenAddress parsed;
  std::string host;
  int port = 0;
  if (SplitHostAndPort(address, -1, &host, &port)) {
    if (host == "localhost") host = "127.0.0.1";
    parsed.is_ipv6 = host == "::1" && address.starts_with('[');
    parsed.port = static_cast<uint16_t>(port);
    in_addr ipv4{};
    const bool is_ipv4 = ::inet_pton(AF_INET, host.c_str(), &ipv4) == 1;
    if (is_ipv4) parsed.ipv4 = ntohl(ipv4.s_addr);
    if (parsed.is_ipv6 || (is_ipv4 && parsed.ipv4 >> 24 == 127)) return parsed;
  }
  return MakeError(ErrorKind::kInvalidConfig, 742,
                   "'{}' is no loopback address to serve on; write 127.0.0.1:9464 or [::1]:9464, "
                   "port 0 for any free one",
                   address);
}

Result<std::unique_ptr<HttpServer>> StartHttpServer(const std::string& address, HttpRoutes routes) {
  ARROW_ASSIGN_OR_RAISE(const HttpListenAddress parsed, ParseListenAddress(address));
  ARROW_ASSIGN_OR_RAISE(const HttpModuleTable* module, Module());
  std::string error;
  auto server = module->start_server(parsed, std::move(routes), &error);
  if (server) return server;
  return MakeError(ErrorKind::kNetwork, 743,
                   "cannot serve on {}: {}; choose another port, or 0 for any free one", address,
                   error);
}

}  // namespace headrace
