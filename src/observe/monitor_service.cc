#include "observe/monitor_service.h"

#include <fmt/format.h>

#include <random>

#include "observe/run_entry.h"
#include "observe/web_page.h"

namespace headrace {
namespace {

constexpr char kEmptyRuns[] = "{\"runs\":[]}";
// A page takes silence of six seconds for a lost connection.
constexpr auto kBeatEvery = std::chrono::seconds(2);

// 128 random bits: nobody can know it before the page is made.
std::string NewNonce() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", random(), random(), random(), random());
}

std::string UrlOf(const HttpListenAddress& address, int port) {
  if (address.is_ipv6) return fmt::format("http://[::1]:{}/", port);
  const uint32_t ip = address.ipv4;
  return fmt::format("http://{}.{}.{}.{}:{}/", ip >> 24, ip >> 16 & 255, ip >> 8 & 255, ip & 255,
                     port);
}

}  // namespace

// Role: one client's place in the stream. Owner: the server's thread for that client.
class MonitorService::Stream {
 public:
  explicit Stream(MonitorService* service) : service_(service) {}

  std::optional<std::string> Next() {
    if (!first_ && !service_->Pause(service_->options_.refresh)) return std::nullopt;
    std::string runs = service_->Runs().ValueOr(kEmptyRuns);
    const auto now = std::chrono::steady_clock::now();
    if (first_ || runs != sent_) {
      first_ = false;
      said_at_ = now;
      sent_ = std::move(runs);
      return "data: " + sent_ + "\n\n";
    }
    if (now - said_at_ < kBeatEvery) return "";
    said_at_ = now;
    return "event: beat\ndata:\n\n";
  }

 private:
  MonitorService* service_;
  bool first_ = true;
  std::string sent_;
  std::chrono::steady_clock::time_point said_at_;
};

MonitorService::MonitorService(MonitorServiceOptions options)
    : options_(std::move(options)), runs_(std::string(kEmptyRuns)) {}

HttpPage MonitorService::Page(const std::string& path) {
  const std::string route = path.substr(0, path.find('?'));
  if (route == "/") {
    return {200, "text/html; charset=utf-8", MonitorPage(NewNonce(), Runs().ValueOr(kEmptyRuns))};
  }
  if (route == "/runs.json") {
    Result<std::string> runs = Runs();
    if (!runs.ok()) return {500, "text/plain; charset=utf-8", runs.status().message() + "\n"};
    return {200, "application/json", std::move(*runs)};
  }
  return {404, "text/plain; charset=utf-8", "there are /, /runs.json and /events\n"};
}

std::function<std::optional<std::string>()> MonitorService::OpenStream() {
  auto stream = std::make_shared<Stream>(this);
  return [stream] { return stream->Next(); };
}

void MonitorService::Stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
}

Result<std::string> MonitorService::Runs() {
  std::lock_guard lock(reading_);
  const auto now = std::chrono::steady_clock::now();
  // A little less than the pause of a stream, so that each of its looks sees something new.
  if (was_read_ && now - read_at_ < options_.refresh * 4 / 5) return runs_;
  const Result<std::vector<RegisteredRun>> runs = ListRegisteredRuns(options_.registry);
  runs_ = runs.ok() ? Result<std::string>(RunsToJson(*runs)) : runs.status();
  read_at_ = now;
  was_read_ = true;
  return runs_;
}

bool MonitorService::Pause(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(lock, time, [&] { return stopping_; });
}

Result<std::unique_ptr<MonitorServer>> MonitorServer::Start(const std::string& address,
                                                            MonitorServiceOptions options) {
  ARROW_ASSIGN_OR_RAISE(const HttpListenAddress parsed, ParseListenAddress(address));
  std::unique_ptr<MonitorServer> server(new MonitorServer(std::move(options)));
  MonitorService* service = &server->service_;
  HttpRoutes routes;
  routes.page = [service](const std::string& path) { return service->Page(path); };
  routes.stream_path = "/events";
  routes.open_stream = [service] { return service->OpenStream(); };
  ARROW_ASSIGN_OR_RAISE(server->server_, StartHttpServer(address, std::move(routes)));
  server->url_ = UrlOf(parsed, server->server_->port());
  return server;
}

MonitorServer::~MonitorServer() { service_.Stop(); }

}  // namespace headrace
