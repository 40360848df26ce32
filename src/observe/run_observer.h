// What watches one run from outside its pipeline: alerts, metrics, and whoever else listens.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "env/env.h"
#include "headrace/job.h"
#include "headrace/run_report.h"
#include "headrace/run_snapshot.h"
#include "observe/alert_delivery.h"
#include "observe/alert_rules.h"
#include "observe/metrics.h"

namespace headrace {

struct RunObserverOptions {
  std::vector<AlertSpec> alerts;
  std::string metrics_address;  // "127.0.0.1:9464"; "" = nowhere
  std::string metrics_file;     // "" = none
  LogLine log;                  // one line for people; may be empty
  // Called with every snapshot, on the observing thread, after the alerts; must not block.
  std::vector<std::function<void(const RunSnapshot&)>> listeners;
  Env* env = Env::Default();
};

// Whether the HTTP module is going to be loaded for these.
bool UsesHttp(const RunObserverOptions& options);

// Role: passes each snapshot to the rules, the metrics and the listeners. Owner: the run. Threads:
// On from the observing thread, Finish from the caller after the last On. Errors: those of Make
// end the run before it begins; afterwards nothing here fails or holds up the run.
class RunObserver {
 public:
  // InvalidConfig: alerts or an address that make no sense. Network: the port is taken. Sink: the
  // metrics file cannot be written.
  static Result<std::unique_ptr<RunObserver>> Make(RunObserverOptions options);

  // About ten times a second, and once with `ended`. Never waits.
  void On(const RunSnapshot& snapshot);
  // Waits at most 2 s for deliveries, 5 s after a failed run. The alerts of the run.
  std::vector<AlertEvent> Finish();

  int metrics_port() const { return metrics_ ? metrics_->port() : 0; }  // 0 = not served

 private:
  explicit RunObserver(RunObserverOptions options);

  RunObserverOptions options_;
  AlertRules rules_;
  std::unique_ptr<AlertDelivery> delivery_;  // with alerts only: no thread without need
  std::unique_ptr<MetricsOutputs> metrics_;
  std::vector<std::string> shown_alerts_;  // the last few, for those who look
  bool run_failed_ = false;
};

}  // namespace headrace
