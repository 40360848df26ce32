#include "observe/alert_delivery.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>

#include "base/threads.h"
#include "observe/alert_targets.h"
#include "observe/http_module.h"

namespace headrace {
namespace {

using Clock = std::chrono::steady_clock;
using Kind = AlertTarget::Kind;

constexpr size_t kNoEvent = static_cast<size_t>(-1);
// For what was told to stop at the end.
constexpr auto kStopTime = std::chrono::milliseconds(300);
// Between attempts once the run waits for its end.
constexpr double kLastBackoffSeconds = 0.2;

Clock::duration Seconds(double seconds) {
  return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

const char* NameOf(Kind kind) {
  switch (kind) {
    case Kind::kLog:
      return "log";
    case Kind::kFile:
      return "file";
    case Kind::kCommand:
      return "command";
    case Kind::kWebhook:
      return "webhook";
  }
  return "target";
}

struct Target {
  AlertTarget what;
  size_t spec = 0;
  std::string name;  // "webhook 2 (hooks.example.org:443)", "command 1"
  int64_t failed = 0;
};

// One alert on its way to one target.
struct Item {
  size_t target = 0;
  size_t event = kNoEvent;
  std::shared_ptr<const std::string> json;
  std::shared_ptr<const std::string> line;  // for the log
  int attempts = 0;
  Clock::time_point sent;
  Clock::time_point not_before;
};

std::vector<Target> TargetsOf(const std::vector<AlertSpec>& alerts) {
  std::vector<Target> targets;
  int counts[4] = {};
  for (size_t spec = 0; spec < alerts.size(); ++spec) {
    for (const AlertTarget& what : alerts[spec].targets) {
      Target& target = targets.emplace_back();
      target.what = what;
      target.spec = spec;
      target.name =
          fmt::format("{} {}", NameOf(what.kind), ++counts[static_cast<size_t>(what.kind)]);
      if (what.kind != Kind::kWebhook) continue;
      if (const auto host = HttpHostOf(what.address); host.ok()) {
        target.name += fmt::format(" ({})", *host);
      }
    }
  }
  return targets;
}

}  // namespace

struct AlertDelivery::State {
  State(std::vector<AlertSpec> alerts, LogLine log_line, Env* the_env, DeliveryLimits the_limits)
      : log(std::move(log_line)), env(the_env), limits(the_limits), targets(TargetsOf(alerts)) {}

  // The thread of the delivery.
  void Loop();
  // The next item whose time has come; nullopt = none now, and *wake_at says when.
  std::optional<Item> TakeReady(Clock::time_point* wake_at);
  Attempt Deliver(const Item& item, double seconds_left);
  void Settle(Item item, const Attempt& attempt, std::unique_lock<std::mutex>* lock);
  void CountFailure(const Item& item);
  // Calls the log without the lock, and not after the end.
  void Log(const std::string& line, std::unique_lock<std::mutex>* lock);

  const LogLine log;
  Env* const env;
  const DeliveryLimits limits;

  std::mutex mutex;
  std::condition_variable wake;     // of the thread
  std::condition_variable changed;  // of Finish: the thread ended, or left the log
  std::vector<Target> targets;      // `failed` under the mutex, the rest constant
  std::deque<Item> queue;
  std::vector<AlertEvent> events;
  std::optional<Item> under_way;
  bool finishing = false;
  Clock::time_point finish_by;
  bool ended = false;
  bool logging = false;
  bool log_open = true;
  std::atomic<bool> stop{false};
};

void AlertDelivery::State::Loop() {
  std::unique_lock lock(mutex);
  while (!stop) {
    auto wake_at = Clock::now() + std::chrono::hours(1);
    std::optional<Item> item = TakeReady(&wake_at);
    if (!item) {
      if (finishing && queue.empty()) break;
      wake.wait_until(lock, wake_at);
      continue;
    }
    under_way = item;
    const double seconds_left =
        finishing ? std::chrono::duration<double>(finish_by - Clock::now()).count()
                  : limits.command_seconds;
    lock.unlock();
    const Attempt attempt = Deliver(*item, seconds_left);
    lock.lock();
    // Empty when Finish has given it up meanwhile.
    const bool counts = under_way.has_value();
    under_way.reset();
    if (counts) Settle(std::move(*item), attempt, &lock);
  }
  ended = true;
  changed.notify_all();
}

std::optional<Item> AlertDelivery::State::TakeReady(Clock::time_point* wake_at) {
  const auto now = Clock::now();
  auto chosen = queue.end();
  for (auto at = queue.begin(); at != queue.end(); ++at) {
    if (at->not_before > now) {
      *wake_at = std::min(*wake_at, at->not_before);
      continue;
    }
    // What needs no network goes first: a slow web server must not keep the log from being told.
    const bool is_local = targets[at->target].what.kind != Kind::kWebhook;
    if (is_local || chosen == queue.end()) chosen = at;
    if (is_local) break;
  }
  if (chosen == queue.end()) return std::nullopt;
  Item item = std::move(*chosen);
  queue.erase(chosen);
  return item;
}

Attempt AlertDelivery::State::Deliver(const Item& item, double seconds_left) {
  const AlertTarget& what = targets[item.target].what;
  const double seconds = std::max(seconds_left, 0.05);
  switch (what.kind) {
    case Kind::kLog: {
      std::unique_lock lock(mutex);
      Log(*item.line, &lock);
      return {};
    }
    case Kind::kFile:
      return AppendToAlertFile(env, what.address, *item.json);
    case Kind::kCommand:
      return RunAlertCommand(what.address, *item.json,
                             {std::min(limits.command_seconds, seconds), &stop});
    case Kind::kWebhook:
      return PostToWebhook(what, *item.json, {std::min(limits.post_seconds, seconds), &stop});
  }
  return {};
}

void AlertDelivery::State::Settle(Item item, const Attempt& attempt,
                                  std::unique_lock<std::mutex>* lock) {
  if (attempt.result == AttemptResult::kDelivered) {
    if (item.event != kNoEvent) ++events[item.event].deliveries;
    return;
  }
  const auto now = Clock::now();
  ++item.attempts;
  const double backoff = limits.backoff_seconds * std::ldexp(1.0, item.attempts - 1);
  const bool in_time = now + Seconds(backoff) < item.sent + Seconds(limits.retry_seconds_max);
  if (attempt.result == AttemptResult::kTryAgain && item.attempts < limits.attempts_max &&
      in_time && !stop) {
    item.not_before = now + Seconds(finishing ? std::min(backoff, kLastBackoffSeconds) : backoff);
    queue.push_back(std::move(item));
    return;
  }
  CountFailure(item);
  Target& target = targets[item.target];
  // The first of a target is told at once, their number at the end.
  if (target.failed == 1) {
    Log(fmt::format("an alert did not reach {}: {}", target.name, attempt.why), lock);
  }
}

void AlertDelivery::State::CountFailure(const Item& item) {
  if (item.event != kNoEvent) ++events[item.event].failed_deliveries;
  ++targets[item.target].failed;
}

void AlertDelivery::State::Log(const std::string& line, std::unique_lock<std::mutex>* lock) {
  if (!log || !log_open) return;
  logging = true;
  lock->unlock();
  log(line);
  lock->lock();
  logging = false;
  changed.notify_all();
}

AlertDelivery::AlertDelivery(std::vector<AlertSpec> alerts, LogLine log, Env* env,
                             DeliveryLimits limits)
    : state_(std::make_shared<State>(std::move(alerts), std::move(log), env, limits)) {
  const bool started = StartThread(&threads_, [state = state_] { state->Loop(); });
  if (!started && state_->log) {
    state_->log("no alert will be delivered: the system gives no more threads");
  }
}

AlertDelivery::~AlertDelivery() {
  if (!threads_.empty()) Finish(0);
}

void AlertDelivery::Send(const FiredAlert& alert, const RunSnapshot& snapshot) {
  const auto json = std::make_shared<const std::string>(AlertJson(alert, snapshot));
  const auto line = std::make_shared<const std::string>(
      fmt::format("alert {} ({}): {}", alert.rule, alert.level, alert.message));
  std::lock_guard lock(state_->mutex);
  size_t event = kNoEvent;
  if (state_->events.size() < state_->limits.events_max) {
    event = state_->events.size();
    AlertEvent& told = state_->events.emplace_back();
    told.seconds = snapshot.seconds;
    told.rule = alert.rule;
    told.level = alert.level;
    told.message = alert.message;
  }
  const auto now = Clock::now();
  for (size_t target = 0; target < state_->targets.size(); ++target) {
    if (state_->targets[target].spec != alert.spec) continue;
    Item item{target, event, json, line, 0, now, now};
    if (threads_.empty()) {
      state_->CountFailure(item);
      continue;
    }
    if (state_->queue.size() >= state_->limits.queue_max) {
      state_->CountFailure(state_->queue.front());
      state_->queue.pop_front();
    }
    state_->queue.push_back(std::move(item));
  }
  state_->wake.notify_one();
}

std::vector<AlertEvent> AlertDelivery::Finish(double seconds_max) {
  State& state = *state_;
  std::unique_lock lock(state.mutex);
  if (!threads_.empty()) {
    state.finishing = true;
    state.finish_by = Clock::now() + Seconds(seconds_max);
    for (Item& item : state.queue) {
      item.not_before = std::min(item.not_before, Clock::now() + Seconds(kLastBackoffSeconds));
    }
    state.wake.notify_all();
    if (!state.changed.wait_until(lock, state.finish_by, [&] { return state.ended; })) {
      state.stop = true;
      state.wake.notify_all();
      state.changed.wait_for(lock, kStopTime, [&] { return state.ended; });
    }
    if (state.under_way) state.CountFailure(*state.under_way);
    state.under_way.reset();
    for (const Item& item : state.queue) state.CountFailure(item);
    state.queue.clear();
    for (const Target& target : state.targets) {
      if (target.failed > 1 && !state.logging) {
        state.Log(fmt::format("{} alerts did not reach {}", target.failed, target.name), &lock);
      }
    }
    state.log_open = false;
    const bool ended = state.ended;
    lock.unlock();
    if (ended) {
      threads_.front().join();
    } else {
      // In a call that knows no end, such as a name service or a hung disk: it holds the state.
      threads_.front().detach();
    }
    threads_.clear();
    lock.lock();
  }
  return std::move(state.events);
}

}  // namespace headrace
