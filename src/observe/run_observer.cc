#include "observe/run_observer.h"

namespace headrace {
namespace {

constexpr double kFinishSeconds = 2;
constexpr double kFinishSecondsFailed = 5;
constexpr size_t kAlertsShown = 5;

bool HasWebhook(const std::vector<AlertSpec>& alerts) {
  for (const AlertSpec& alert : alerts) {
    for (const AlertTarget& target : alert.targets) {
      if (target.kind == AlertTarget::Kind::kWebhook) return true;
    }
  }
  return false;
}

}  // namespace

bool UsesHttp(const RunObserverOptions& options) {
  return !options.metrics_address.empty() || HasWebhook(options.alerts);
}

RunObserver::RunObserver(RunObserverOptions options)
    : options_(std::move(options)), rules_(options_.alerts) {}

Result<std::unique_ptr<RunObserver>> RunObserver::Make(RunObserverOptions options) {
  ARROW_RETURN_NOT_OK(ValidateAlerts(options.alerts));
  if (HasWebhook(options.alerts)) ARROW_RETURN_NOT_OK(LoadHttpModule());
  std::unique_ptr<RunObserver> observer(new RunObserver(std::move(options)));
  const RunObserverOptions& chosen = observer->options_;
  if (!chosen.metrics_address.empty() || !chosen.metrics_file.empty()) {
    ARROW_ASSIGN_OR_RAISE(
        observer->metrics_,
        MetricsOutputs::Make(chosen.metrics_address, chosen.metrics_file, chosen.log, chosen.env));
  }
  if (!chosen.alerts.empty()) {
    observer->delivery_ = std::make_unique<AlertDelivery>(chosen.alerts, chosen.log, chosen.env);
  }
  return observer;
}

void RunObserver::On(const RunSnapshot& snapshot) {
  run_failed_ = snapshot.ended && snapshot.status == "failed";
  if (delivery_) {
    for (const FiredAlert& alert : rules_.Update(snapshot)) {
      delivery_->Send(alert, snapshot);
      if (shown_alerts_.size() == kAlertsShown) shown_alerts_.erase(shown_alerts_.begin());
      shown_alerts_.push_back(fmt::format("{} {}: {}", alert.level, alert.rule, alert.message));
    }
  }
  if (metrics_) metrics_->On(snapshot);
  if (options_.listeners.empty()) return;
  RunSnapshot told = snapshot;
  told.alerts = shown_alerts_;
  for (const auto& listener : options_.listeners) {
    // Code of the calling program: what it throws may not keep the others from being told, nor,
    // with the last snapshot, take the outcome of a published run away.
    try {
      listener(told);
    } catch (...) {  // NOLINT(bugprone-empty-catch)
    }
  }
}

std::vector<AlertEvent> RunObserver::Finish() {
  std::vector<AlertEvent> events;
  if (delivery_) {
    events = delivery_->Finish(run_failed_ ? kFinishSecondsFailed : kFinishSeconds);
  }
  if (metrics_) metrics_->Finish();
  return events;
}

}  // namespace headrace
