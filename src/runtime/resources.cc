#include "runtime/resources.h"

#include <arrow/compute/initialize.h>
#include <arrow/io/interfaces.h>
#include <arrow/util/thread_pool.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <optional>

#include "base/units.h"
#include "env/process.h"
#include "memory/process_memory.h"

namespace headrace {
namespace {

std::atomic<int64_t> process_base_bytes{0};

// Least budget given when the user names none: a quarter of a small container would be below every
// floor.
constexpr int64_t kDefaultBudgetMin = 128 * kMiB;
constexpr double kDefaultShare = 0.25;

}  // namespace

Status PrepareProcess(ProcessOwner owner) {
  static std::mutex mutex;
  std::lock_guard lock(mutex);
  if (process_base_bytes.load() != 0) return Status::OK();
  if (owner == ProcessOwner::kCommand) ConfigureProcessAllocator();
  ARROW_RETURN_NOT_OK(arrow::compute::Initialize());
  // Workers are ours; Arrow's own pools stay at one thread each and start only if a call insists on
  // them.
  ARROW_RETURN_NOT_OK(arrow::SetCpuThreadPoolCapacity(1));
  ARROW_RETURN_NOT_OK(arrow::io::SetIOThreadPoolCapacity(1));
  process_base_bytes.store(std::max<int64_t>(1, MeasureBaseBytes()));
  return Status::OK();
}

int64_t ProcessBaseBytes() { return process_base_bytes.load(); }

void RaiseProcessBase() {
  const int64_t now = MeasureBaseBytes();
  if (now > process_base_bytes.load()) process_base_bytes.store(now);
}

namespace {

// What was read at most a second ago. A program that makes many small runs would spend a tenth of
// each on reading the same files; a run that lasts reads limits again by itself.
template <typename T>
class Recent {
 public:
  template <typename Read>
  T Get(Read read) {
    const auto now = std::chrono::steady_clock::now();
    std::lock_guard lock(mutex_);
    if (!value_.has_value() || now - read_at_ > std::chrono::seconds(1)) {
      value_.emplace(read());
      read_at_ = now;
    }
    return *value_;
  }

 private:
  std::mutex mutex_;
  std::optional<T> value_;
  std::chrono::steady_clock::time_point read_at_;
};

int RecentUsableCores() {
  static Recent<int> recent;
  return recent.Get([] { return ReadUsableCores(); });
}

Result<EffectiveMemoryLimit> RecentMemoryLimit() {
  static Recent<Result<EffectiveMemoryLimit>> recent;
  return recent.Get([] { return ReadEffectiveMemoryLimit(); });
}

}  // namespace

int ResolveThreads(const ResourceSpec& resources) {
  constexpr int kThreadsMax = 256;
  const int wanted = resources.threads > 0 ? resources.threads : RecentUsableCores();
  return std::clamp(wanted, 1, kThreadsMax);
}

Result<BudgetSettings> ResolveBudget(const ResourceSpec& resources, int threads) {
  ARROW_ASSIGN_OR_RAISE(const EffectiveMemoryLimit limit, RecentMemoryLimit());
  BudgetSettings settings;
  const std::string limit_text = fmt::format("{} ({})", limit.origin, FormatBytes(limit.bytes));
  if (resources.memory.empty()) {
    const auto share = static_cast<int64_t>(static_cast<double>(limit.bytes) * kDefaultShare);
    settings.total_bytes = std::max(share, std::min(kDefaultBudgetMin, limit.bytes));
    settings.origin = fmt::format("default: 25 % of {}", limit_text);
  } else if (resources.memory.ends_with('%')) {
    ARROW_ASSIGN_OR_RAISE(const double share, ParsePercent(resources.memory));
    settings.total_bytes = static_cast<int64_t>(static_cast<double>(limit.bytes) * share);
    settings.origin = fmt::format("{} of {}", resources.memory, limit_text);
  } else {
    ARROW_ASSIGN_OR_RAISE(settings.total_bytes, ParseBytes(resources.memory));
    settings.origin = "set by the user";
  }
  if (settings.total_bytes > limit.bytes) {
    settings.total_bytes = limit.bytes;
    settings.origin = fmt::format("{}, below the {} asked for", limit_text, resources.memory);
  }
  settings.base_bytes = ProcessBaseBytes();
  settings.slack_bytes = SlackBytes(threads);
  return settings;
}

namespace {

// Pages kept for reuse, about the row groups that workers just encoded. They count as accounted
// bytes in reports, and give way to whoever needs room.
int64_t CacheBytes(int64_t lendable) { return lendable / 2; }

}  // namespace

RunMemory::RunMemory(BudgetSettings settings)
    : budget_(std::move(settings)),
      extents_(budget_.lendable_bytes(), CacheBytes(budget_.lendable_bytes())) {}

Result<std::unique_ptr<StagePool>> RunMemory::MakePool(std::string name, int64_t floor_bytes) {
  return StagePool::Make(&budget_, &extents_, std::move(name), floor_bytes);
}

void RunMemory::ReturnUnused() {
  extents_.Trim(0);
  ReturnHeapMemory();
}

}  // namespace headrace
