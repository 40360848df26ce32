#include "runtime/run_governor.h"

#include <algorithm>

#include "base/units.h"

namespace headrace {
namespace {

// Distance of RSS from the budget at which cached pages go back.
constexpr int64_t kNearBudgetBytes = 4 * kMiB;
// Pages that come back to be reused are not given away more often than this.
constexpr double kReturnSeconds = 1;

constexpr const char* kReturnPages = "return cached pages";
constexpr const char* kSmallerShares = "smaller shares";
constexpr const char* kRestWorkers = "rest workers";
constexpr const char* kLowerLending = "lower the budget";
constexpr const char* kRefuseWork = "refuse new work";

}  // namespace

RunGovernor::RunGovernor(RunGovernorOptions options)
    : options_(options), monitor_({options.marks, options.thresholds, ""}) {}

void RunGovernor::Begin(std::vector<StageNeeds> needs, std::vector<StagePool*> pools, int threads) {
  std::lock_guard lock(mutex_);
  needs_ = std::move(needs);
  pools_ = std::move(pools);
  threads_ = threads;
  allowance_.Begin(threads);
  governing_ = true;
}

void RunGovernor::End() {
  std::lock_guard lock(mutex_);
  governing_ = false;
}

int64_t RunGovernor::budget_now() const {
  const int64_t planned = options_.memory->budget()->settings().total_bytes;
  const int64_t wish =
      options_.budget_bytes != nullptr ? options_.budget_bytes->load(std::memory_order_relaxed) : 0;
  return wish > 0 ? std::min(wish, planned) : planned;
}

void RunGovernor::Sample(double seconds, int64_t spilled_bytes) {
  const MemoryBudget& budget = *options_.memory->budget();
  AccountReading account;
  account.seconds = seconds;
  account.accounted_bytes = options_.memory->AccountedBytes();
  account.expected_rss_bytes = budget.settings().base_bytes + account.accounted_bytes;
  account.budget_bytes = budget_now();
  account.spilled_bytes = spilled_bytes;
  monitor_.Sample(account);
  level_.store(monitor_.level(), std::memory_order_relaxed);
}

void RunGovernor::Look(double seconds, int64_t spilled_bytes) {
  std::lock_guard lock(mutex_);
  Sample(seconds, spilled_bytes);
  if (monitor_.readings().process.rss_bytes > budget_now() - kNearBudgetBytes) {
    ReturnPages(seconds, "resident memory is near the budget");
  }
  if (governing_) Apply(seconds, memory_.Follow(seconds, Decide(MakeSnapshot())));
}

PressureLevel RunGovernor::LevelByReading(double seconds) {
  std::lock_guard lock(mutex_);
  Sample(seconds, 0);
  const PressureLevel spoken_for =
      ClassifyPressure(PressureInputsOf(monitor_.readings(), seconds, 0), options_.marks);
  return std::max(spoken_for, monitor_.level());
}

// Workers wait for the allocator meanwhile, so not at every look.
void RunGovernor::ReturnPages(double seconds, const std::string& cause) {
  const int64_t bytes = options_.memory->extents()->cached_bytes();
  if (returned_at_ >= 0 && seconds - returned_at_ < kReturnSeconds) return;
  returned_at_ = seconds;
  options_.memory->ReturnUnused();
  if (bytes > 0) Note(seconds, kReturnPages, cause, bytes, true);
}

GovernorSnapshot RunGovernor::MakeSnapshot() const {
  const BudgetSettings& settings = options_.memory->budget()->settings();
  const MemoryReadings& readings = monitor_.readings();
  GovernorSnapshot snapshot;
  snapshot.level = monitor_.level();
  snapshot.cause = monitor_.cause();
  snapshot.budget_bytes = budget_now();
  snapshot.base_bytes = settings.base_bytes;
  snapshot.slack_bytes = options_.memory->budget()->slack_bytes();
  snapshot.limit_bytes = readings.limit.bytes;
  // The pressure is of whatever is closest to its limit; that limit is what has to be kept.
  if (readings.closest) {
    const MemoryUse& closest = readings.uses[*readings.closest];
    snapshot.pressed_limit_bytes = closest.limit_bytes;
    snapshot.used_bytes = closest.used_bytes;
    snapshot.own_bytes = readings.process.rss_anonymous_bytes;
  }
  snapshot.high_share = options_.marks.high;
  snapshot.elevated_share = options_.marks.elevated;
  snapshot.threads = threads_;
  snapshot.needs = needs_;
  snapshot.planned_bytes = options_.memory->budget()->planned_lendable_bytes();
  return snapshot;
}

void RunGovernor::Apply(double seconds, const GovernorActions& actions) {
  if (actions.below_floor) {
    const MemoryBudget& budget = *options_.memory->budget();
    options_.cancellation->Cancel(MakeError(
        ErrorKind::kOutOfMemory, 708,
        "{}, below the {} that this run needs with one thread; nothing was published, run it again "
        "when there is more room, or with smaller morsels",
        actions.cause,
        FormatBytes(budget.settings().base_bytes + budget.slack_bytes() + FloorSum(needs_, 1))));
    return;
  }
  if (actions.return_cached) {
    ReturnPages(seconds, actions.cause.empty() ? monitor_.cause() : actions.cause);
  } else {
    Note(seconds, kReturnPages, "", 0, false);
  }
  // What may be lent comes before the floors that are to be taken of it again.
  LowerLending(seconds, actions);
  FollowFloors(actions.workers);
  allowance_.Set(allowance_.workers(), actions.share);
  Note(seconds, kSmallerShares, actions.cause, actions.allowed_bytes, actions.share < 1);
  Note(seconds, kRestWorkers, actions.cause, allowance_.workers(), allowance_.workers() < threads_);
  Note(seconds, kRefuseWork, monitor_.cause(), 0, actions.refuse_new_work);
}

// Floors of resting workers go back. They are taken again before the workers work again; where that
// is refused, fewer do.
void RunGovernor::FollowFloors(int workers) {
  const int before = allowance_.workers();
  if (workers < before) {
    allowance_.Set(workers, allowance_.share());
    for (size_t i = 0; i < pools_.size(); ++i) pools_[i]->LowerFloor(needs_[i].FloorBytes(workers));
    return;
  }
  for (int next = before + 1; next <= workers; ++next) {
    for (size_t i = 0; i < pools_.size(); ++i) {
      if (pools_[i]->TryRaiseFloor(needs_[i].FloorBytes(next))) continue;
      for (size_t back = 0; back < i; ++back)
        pools_[back]->LowerFloor(needs_[back].FloorBytes(next - 1));
      return;
    }
    allowance_.Set(next, allowance_.share());
  }
}

void RunGovernor::LowerLending(double seconds, const GovernorActions& actions) {
  MemoryBudget* budget = options_.memory->budget();
  const bool lowered = actions.hard_bytes < budget->planned_lendable_bytes();
  Note(seconds, kLowerLending, actions.hard_cause, actions.hard_bytes, lowered);
  if (!lowered) {
    lowered_at_ = -1;
    budget->SetLendable(budget->planned_lendable_bytes(), "");
    options_.memory->extents()->SetCap(budget->planned_lendable_bytes());
    return;
  }
  // A further lowering gets its own time to be followed.
  if (lowered_at_ < 0 || actions.hard_bytes < hard_bytes_) lowered_at_ = seconds;
  hard_bytes_ = actions.hard_bytes;
  int64_t lendable = actions.hard_bytes;
  if (seconds - lowered_at_ < kGraceSeconds) {
    // What one more worker's morsel takes may still be lent on top of what is out.
    const int64_t needed = budget->used_bytes() + FloorSum(needs_, 1);
    lendable = std::max(lendable, std::min(needed, budget->lendable_bytes()));
  }
  budget->SetLendable(lendable, actions.hard_cause);
  options_.memory->extents()->SetCap(std::max(lendable, budget->used_bytes()));
}

// Opens, keeps or closes the entry of this kind of action.
void RunGovernor::Note(double seconds, const char* what, const std::string& cause, int64_t bytes,
                       bool holds) {
  const auto open = std::find_if(actions_.rbegin(), actions_.rend(), [&](const auto& action) {
    return action.what == what && action.duration_seconds < 0;
  });
  if (open != actions_.rend()) {
    if (!holds) open->duration_seconds = seconds - open->seconds;
    return;
  }
  if (!holds || actions_.size() == kActionsMax) return;
  actions_.push_back({seconds, what, cause, bytes, -1});
}

void RunGovernor::FillReport(double seconds, MemoryReport* report) {
  std::lock_guard lock(mutex_);
  monitor_.FillReport(report);
  report->refused_grants = options_.memory->budget()->refusals();
  report->actions = actions_;
  for (MemoryAction& action : report->actions) {
    if (action.duration_seconds < 0) action.duration_seconds = seconds - action.seconds;
  }
}

void RunGovernor::FillSnapshot(RunSnapshot* snapshot) const {
  std::lock_guard lock(mutex_);
  monitor_.FillSnapshot(snapshot);
  const MemoryBudget& budget = *options_.memory->budget();
  snapshot->budget_bytes = budget_now();
  snapshot->accounted_bytes = options_.memory->AccountedBytes();
  snapshot->budget_origin = budget.settings().origin;
  snapshot->base_bytes = budget.settings().base_bytes;
  snapshot->slack_bytes = budget.slack_bytes();
  snapshot->refused_grants = budget.refusals();
  snapshot->active_threads = allowance_.workers();
  for (const HolderBytes& holder : budget.Holders()) {
    snapshot->stages.push_back({holder.name, holder.bytes, holder.peak_bytes});
  }
}

}  // namespace headrace
