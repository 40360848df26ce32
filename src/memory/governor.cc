#include "memory/governor.h"

#include <algorithm>

#include "base/units.h"

namespace headrace {
namespace {

// What this process may have of the limit so that everybody's use comes down to `share` of it.
int64_t OwnBytesAtShare(const GovernorSnapshot& snapshot, double share) {
  const int64_t others = std::max<int64_t>(0, snapshot.used_bytes - snapshot.own_bytes);
  return static_cast<int64_t>(static_cast<double>(snapshot.pressed_limit_bytes) * share) - others;
}

void Lower(int64_t bytes, std::string cause, GovernorActions* actions) {
  if (bytes >= actions->allowed_bytes) return;
  actions->allowed_bytes = bytes;
  actions->cause = std::move(cause);
}

}  // namespace

GovernorActions Decide(const GovernorSnapshot& snapshot) {
  GovernorActions actions;
  const int64_t apart = snapshot.base_bytes + snapshot.slack_bytes;
  actions.allowed_bytes = apart + snapshot.planned_bytes;
  Lower(snapshot.budget_bytes,
        fmt::format("the budget was lowered to {}", FormatBytes(snapshot.budget_bytes)), &actions);
  if (snapshot.limit_bytes > 0) {
    Lower(snapshot.limit_bytes,
          fmt::format("the effective limit fell to {}", FormatBytes(snapshot.limit_bytes)),
          &actions);
  }
  const int64_t floor_bytes = apart + FloorSum(snapshot.needs, 1);
  actions.below_floor = actions.allowed_bytes < floor_bytes;

  actions.hard_bytes = std::max<int64_t>(0, actions.allowed_bytes - apart);
  actions.hard_cause = actions.cause;
  if (snapshot.pressed_limit_bytes > 0 && snapshot.level >= PressureLevel::kHigh) {
    const bool is_critical = snapshot.level == PressureLevel::kCritical;
    const double share = is_critical ? snapshot.elevated_share : snapshot.high_share;
    Lower(std::max(floor_bytes, OwnBytesAtShare(snapshot, share)), snapshot.cause, &actions);
  }
  actions.return_cached = snapshot.level >= PressureLevel::kElevated || !actions.is_full();
  actions.refuse_new_work = snapshot.level == PressureLevel::kCritical;

  actions.lendable_bytes = std::max<int64_t>(0, actions.allowed_bytes - apart);
  actions.workers = std::max(1, snapshot.threads);
  while (actions.workers > 1 &&
         FloorSum(snapshot.needs, actions.workers) > actions.lendable_bytes) {
    --actions.workers;
  }
  const int64_t planned_above = snapshot.planned_bytes - FloorSum(snapshot.needs, snapshot.threads);
  const int64_t above = actions.lendable_bytes - FloorSum(snapshot.needs, actions.workers);
  actions.share =
      planned_above <= 0 || actions.is_full()
          ? 1.0
          : std::clamp(static_cast<double>(above) / static_cast<double>(planned_above), 0.0, 1.0);
  return actions;
}

GovernorActions GovernorMemory::Follow(double seconds, const GovernorActions& decided) {
  const bool is_less = !started_ || decided.allowed_bytes <= in_force_.allowed_bytes;
  if (is_less) {
    if (started_ && !decided.is_full()) lowered_at_ = seconds;
    in_force_ = decided;
    started_ = true;
  } else if (seconds - lowered_at_ >= hold_seconds_) {
    in_force_ = decided;
  } else {
    // What is no question of bytes follows at once.
    in_force_.return_cached = in_force_.return_cached || decided.return_cached;
    in_force_.refuse_new_work = decided.refuse_new_work;
    in_force_.below_floor = decided.below_floor;
    if (decided.hard_bytes < in_force_.hard_bytes) {
      in_force_.hard_bytes = decided.hard_bytes;
      in_force_.hard_cause = decided.hard_cause;
    }
  }
  return in_force_;
}

}  // namespace headrace
