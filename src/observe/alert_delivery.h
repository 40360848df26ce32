// Carries alerts to their targets beside a run.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "env/env.h"
#include "headrace/job.h"
#include "headrace/run_report.h"
#include "observe/alert_rules.h"

namespace headrace {

// Takes one line; called from the thread of the delivery, never after Finish.
using LogLine = std::function<void(const std::string&)>;

struct DeliveryLimits {
  size_t queue_max = 256;         // deliveries that wait; the oldest goes when one more comes
  size_t events_max = 1000;       // alerts kept for the report; later ones are delivered only
  double post_seconds = 5;        // one attempt at a webhook
  double command_seconds = 30;    // a command, then it is killed
  int attempts_max = 5;           // at a webhook
  double backoff_seconds = 0.5;   // before the second attempt; doubles each time
  double retry_seconds_max = 60;  // after that long no further attempt begins
};

// Role: a queue and a thread that empties it: log, file, command, webhook with further attempts.
// Owner: the observer of a run. Threads: Send from one thread, which never waits; the deliveries
// have a thread of their own. Errors: none reach the run; what was not delivered is counted, and a
// line per target goes to the log. Nothing that is said holds an address beyond host and port.
class AlertDelivery {
 public:
  AlertDelivery(std::vector<AlertSpec> alerts, LogLine log, Env* env = Env::Default(),
                DeliveryLimits limits = {});
  ~AlertDelivery();  // Finish(0) if nobody did

  // Queues the alert for every target of its spec.
  void Send(const FiredAlert& alert, const RunSnapshot& snapshot);

  // Waits at most so long (and a moment for what must be broken off) for what is queued; the rest
  // counts as failed. What was sent, in order.
  std::vector<AlertEvent> Finish(double seconds_max);

 private:
  struct State;

  // Outlives this object when a delivery hangs in a call that cannot be broken off.
  std::shared_ptr<State> state_;
  std::vector<std::thread> threads_;
};

}  // namespace headrace
