#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>

#include "base/nearest_name.h"
#include "observe/alert_rules.h"
#include "observe/http_module.h"

namespace headrace {
namespace {

constexpr size_t kAlertsMax = 64;
constexpr size_t kTargetsMax = 16;
constexpr size_t kHeadersMax = 32;
constexpr double kDaySeconds = 24 * 3600;

template <typename... Args>
Status Refuse(fmt::format_string<Args...> text, Args&&... args) {
  return MakeError(ErrorKind::kInvalidConfig, 745, text, std::forward<Args>(args)...);
}

bool IsHeaderName(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string::npos;
  });
}

bool IsHeaderValue(const std::string& value) {
  return std::none_of(value.begin(), value.end(),
                      [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; });
}

Status ValidateRule(const std::string& rule) {
  const auto& names = AlertRuleNames();
  if (std::find(names.begin(), names.end(), rule) != names.end()) return Status::OK();
  return Refuse("unknown alert '{}'{}; alerts are: {}", rule, DidYouMean(rule, names),
                fmt::join(names, ", "));
}

Status ValidateWebhook(const AlertTarget& target) {
  ARROW_RETURN_NOT_OK(HttpHostOf(target.address).status());
  if (target.headers.size() > kHeadersMax) {
    return Refuse("a webhook has at most {} headers", kHeadersMax);
  }
  for (const auto& [name, value] : target.headers) {
    if (!IsHeaderName(name)) return Refuse("'{}' cannot name a header of a webhook", name);
    if (!IsHeaderValue(value)) {
      return Refuse("the header '{}' of a webhook holds a line break or another control character",
                    name);
    }
  }
  return Status::OK();
}

Status ValidateTarget(const AlertTarget& target) {
  switch (target.kind) {
    case AlertTarget::Kind::kLog:
      return Status::OK();
    case AlertTarget::Kind::kFile:
      return target.address.empty() ? Refuse("the path of an alert file is empty") : Status::OK();
    case AlertTarget::Kind::kCommand:
      return target.address.empty() ? Refuse("the command of an alert is empty") : Status::OK();
    case AlertTarget::Kind::kWebhook:
      return ValidateWebhook(target);
  }
  return Status::OK();
}

Status ValidateSpec(const AlertSpec& spec) {
  if (spec.on.empty())
    return Refuse("an alert needs 'on', a list of: {}", fmt::join(AlertRuleNames(), ", "));
  for (const std::string& rule : spec.on) {
    ARROW_RETURN_NOT_OK(ValidateRule(rule));
    if (std::count(spec.on.begin(), spec.on.end(), rule) > 1) {
      return Refuse("the alert '{}' stands twice in one list; remove one", rule);
    }
  }
  if (spec.level != "elevated" && spec.level != "high" && spec.level != "critical") {
    return Refuse("'{}' is no level of memory pressure to alert at; use elevated, high or critical",
                  spec.level);
  }
  // Written so that a NaN is refused too.
  if (!(spec.for_seconds >= 0 && spec.for_seconds <= kDaySeconds)) {
    return Refuse("'for' of an alert is between 0 s and 1 day");
  }
  if (!(spec.cool_down_seconds >= 0 && spec.cool_down_seconds <= 7 * kDaySeconds)) {
    return Refuse("'cool_down' of an alert is between 0 s and 7 days");
  }
  if (!(spec.seconds >= 1 && spec.seconds <= kDaySeconds)) {
    return Refuse("'no_progress' of an alert is between 1 s and 1 day");
  }
  if (spec.bytes < 0) return Refuse("'volume' of an alert is at least 0 bytes");
  if (spec.targets.empty()) {
    return Refuse("an alert needs somebody to tell: log, file, command or webhook");
  }
  if (spec.targets.size() > kTargetsMax) {
    return Refuse("an alert has at most {} targets", kTargetsMax);
  }
  for (const AlertTarget& target : spec.targets) ARROW_RETURN_NOT_OK(ValidateTarget(target));
  return Status::OK();
}

}  // namespace

const std::vector<std::string>& AlertRuleNames() {
  static const std::vector<std::string> names = {
      "failure",    "memory_pressure", "budget_refusal", "spill_volume",
      "spill_disk", "no_progress",     "leak",           "quarantine"};
  return names;
}

Status ValidateAlerts(const std::vector<AlertSpec>& alerts) {
  if (alerts.size() > kAlertsMax) return Refuse("a run has at most {} alerts", kAlertsMax);
  for (const AlertSpec& spec : alerts) ARROW_RETURN_NOT_OK(ValidateSpec(spec));
  return Status::OK();
}

}  // namespace headrace
