// The web page of the registry: /, /runs.json and a stream of the same at /events, on loopback.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "observe/http_module.h"
#include "observe/registry.h"

namespace headrace {

struct MonitorServiceOptions {
  RegistryOptions registry;
  // How long one reading of the registry serves everybody, and how often a stream looks.
  std::chrono::milliseconds refresh{500};
};

// Role: what the server's threads ask for; reads the registry for all clients together. Owner:
// ServeMonitor or a test. Threads: all methods from any. Errors: a registry that cannot be read is
// an empty list for the page, and its message for /runs.json with status 500.
class MonitorService {
 public:
  explicit MonitorService(MonitorServiceOptions options);

  HttpPage Page(const std::string& path);
  // The events of one client: the runs when they changed, else now and then a beat, which tells the
  // page that the connection stands. Ends after Stop.
  std::function<std::optional<std::string>()> OpenStream();
  // Wakes the streams and ends them.
  void Stop();

 private:
  class Stream;
  Result<std::string> Runs();
  // False when the service was stopped meanwhile.
  bool Pause(std::chrono::milliseconds time);

  const MonitorServiceOptions options_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::mutex reading_;  // one reads, the others take what it read
  Result<std::string> runs_;
  std::chrono::steady_clock::time_point read_at_{};
  bool was_read_ = false;
};

// Role: the service and the server that calls it. Owner: the caller; the destructor stops both.
class MonitorServer {
 public:
  static Result<std::unique_ptr<MonitorServer>> Start(const std::string& address,
                                                      MonitorServiceOptions options = {});
  ~MonitorServer();
  const std::string& url() const { return url_; }

 private:
  explicit MonitorServer(MonitorServiceOptions options) : service_(std::move(options)) {}

  MonitorService service_;
  std::unique_ptr<HttpServer> server_;  // calls service_, so it goes first
  std::string url_;
};

}  // namespace headrace
