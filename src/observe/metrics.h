// The numbers of a run for Prometheus: as text, on a loopback port, and in a file.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "env/env.h"
#include "headrace/run_snapshot.h"
#include "observe/http_module.h"

namespace headrace {

inline constexpr char kMetricsContentType[] = "text/plain; version=0.0.4; charset=utf-8";

// Prometheus' text format 0.0.4; every name is in docs/metrics.md.
std::string MetricsText(const RunSnapshot& snapshot);

// Role: shows the newest snapshot at /metrics and in a text file that is replaced whole at most
// once a second and at the end. Owner: the observer of a run. Threads: On from one thread, which
// only hands the snapshot over; a thread of its own writes the file, the server has its own.
// Errors: Make says what cannot work from the start; later the first failure goes to the log and
// the run goes on.
class MetricsOutputs {
 public:
  // Each of the two may be empty. Writes the file once, so that a wrong path is told now: Sink.
  static Result<std::unique_ptr<MetricsOutputs>> Make(const std::string& address,
                                                      const std::string& file,
                                                      std::function<void(const std::string&)> log,
                                                      Env* env = Env::Default());
  ~MetricsOutputs();

  void On(const RunSnapshot& snapshot);
  // Lets the last snapshot reach the file, for a bounded time, and stops the server.
  void Finish();

  int port() const { return server_ ? server_->port() : 0; }  // 0 = not served

 private:
  // Shared with the thread that writes, which may hang in a disk that does not answer.
  struct Writer;

  MetricsOutputs() = default;

  std::shared_ptr<Writer> writer_;
  std::vector<std::thread> threads_;
  std::unique_ptr<HttpServer> server_;  // goes first: its page reads the writer
};

}  // namespace headrace
