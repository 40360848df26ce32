#include "memory/budget.h"

#include <algorithm>

#include "base/units.h"

namespace headrace {

struct Reservation::Holder {
  explicit Holder(std::string holder_name) : name(std::move(holder_name)) {}
  const std::string name;
  std::atomic<int64_t> bytes{0};
  std::atomic<int64_t> peak_bytes{0};
};

namespace {

void RaisePeak(std::atomic<int64_t>* peak, int64_t now) {
  int64_t seen = peak->load(std::memory_order_relaxed);
  while (now > seen && !peak->compare_exchange_weak(seen, now, std::memory_order_relaxed)) {
  }
}

}  // namespace

Reservation::Reservation(MemoryBudget* budget, std::shared_ptr<Holder> holder, int64_t bytes)
    : budget_(budget), holder_(std::move(holder)), bytes_(bytes) {}

Reservation::Reservation(Reservation&& other) noexcept
    : budget_(other.budget_), holder_(std::move(other.holder_)), bytes_(other.bytes_) {
  other.budget_ = nullptr;
  other.bytes_ = 0;
}

Reservation& Reservation::operator=(Reservation&& other) noexcept {
  if (this != &other) {
    Release();
    budget_ = other.budget_;
    holder_ = std::move(other.holder_);
    bytes_ = other.bytes_;
    other.budget_ = nullptr;
    other.bytes_ = 0;
  }
  return *this;
}

Reservation::~Reservation() { Release(); }

const std::string& Reservation::name() const {
  static const std::string kNone = "(none)";
  return holder_ ? holder_->name : kNone;
}

bool Reservation::TryGrow(int64_t more_bytes) {
  HEADRACE_CHECK(budget_ != nullptr && more_bytes >= 0);
  if (!budget_->TryTake(holder_.get(), more_bytes)) return false;
  bytes_ += more_bytes;
  return true;
}

void Reservation::Shrink(int64_t less_bytes) {
  HEADRACE_CHECK(less_bytes >= 0 && less_bytes <= bytes_);
  if (less_bytes == 0) return;
  budget_->GiveBack(holder_.get(), less_bytes);
  bytes_ -= less_bytes;
}

Reservation Reservation::Split(int64_t bytes) {
  HEADRACE_CHECK(bytes >= 0 && bytes <= bytes_);
  bytes_ -= bytes;
  return Reservation(budget_, holder_, bytes);
}

void Reservation::Release() {
  if (budget_ != nullptr && bytes_ > 0) budget_->GiveBack(holder_.get(), bytes_);
  budget_ = nullptr;
  bytes_ = 0;
  holder_.reset();
}

MemoryBudget::MemoryBudget(BudgetSettings settings)
    : settings_(std::move(settings)),
      slack_bytes_(settings_.slack_bytes),
      planned_lendable_bytes_(std::max<int64_t>(
          0, settings_.total_bytes - settings_.base_bytes - settings_.slack_bytes)),
      lendable_bytes_(planned_lendable_bytes()) {}

MemoryBudget::~MemoryBudget() { HEADRACE_CHECK(used_bytes() == 0); }

void MemoryBudget::LowerSlack(int64_t bytes) {
  HEADRACE_CHECK(bytes <= slack_bytes());
  slack_bytes_.store(bytes, std::memory_order_relaxed);
  const int64_t planned =
      std::max<int64_t>(0, settings_.total_bytes - settings_.base_bytes - bytes);
  planned_lendable_bytes_.store(planned, std::memory_order_relaxed);
  lendable_bytes_.store(planned, std::memory_order_relaxed);
}

void MemoryBudget::SetLendable(int64_t bytes, const std::string& cause) {
  {
    std::lock_guard lock(mutex_);
    if (lowered_because_ != cause) lowered_because_ = cause;
  }
  lendable_bytes_.store(std::clamp<int64_t>(bytes, 0, planned_lendable_bytes()),
                        std::memory_order_relaxed);
}

Result<Reservation> MemoryBudget::Reserve(std::string name, int64_t bytes) {
  std::shared_ptr<Reservation::Holder> holder;
  {
    std::lock_guard lock(mutex_);
    const auto found = std::find_if(holders_.begin(), holders_.end(),
                                    [&](const auto& known) { return known->name == name; });
    if (found != holders_.end()) {
      holder = *found;
    } else {
      holder = std::make_shared<Reservation::Holder>(name);
      holders_.push_back(holder);
    }
  }
  if (!TryTake(holder.get(), bytes)) return Refusal(name, bytes);
  return Reservation(this, std::move(holder), bytes);
}

bool MemoryBudget::TryTake(Reservation::Holder* holder, int64_t bytes) {
  if (settings_.refused_grow > 0 && bytes > 0 && ++grows_ == settings_.refused_grow) return false;
  int64_t used = used_bytes_.load(std::memory_order_relaxed);
  do {
    // Written so that a huge request cannot overflow the sum.
    if (bytes > lendable_bytes() - used) return false;
  } while (!used_bytes_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
  RaisePeak(&peak_bytes_, used + bytes);
  const int64_t held = holder->bytes.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  RaisePeak(&holder->peak_bytes, held);
  return true;
}

void MemoryBudget::GiveBack(Reservation::Holder* holder, int64_t bytes) {
  holder->bytes.fetch_sub(bytes, std::memory_order_relaxed);
  const int64_t before = used_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
  HEADRACE_CHECK(before >= bytes);
}

std::vector<HolderBytes> MemoryBudget::Holders() const {
  std::vector<HolderBytes> held;
  {
    std::lock_guard lock(mutex_);
    held.reserve(holders_.size());
    for (const auto& holder : holders_) {
      held.push_back({holder->name, holder->bytes.load(std::memory_order_relaxed),
                      holder->peak_bytes.load(std::memory_order_relaxed)});
    }
  }
  std::stable_sort(held.begin(), held.end(),
                   [](const auto& a, const auto& b) { return a.bytes > b.bytes; });
  return held;
}

Status MemoryBudget::Refusal(const std::string& what, int64_t bytes) const {
  refusals_.fetch_add(1, std::memory_order_relaxed);
  constexpr size_t kHoldersNamed = 4;
  std::string held;
  for (const auto& holder : Holders()) {
    if (holder.bytes == 0) break;
    if (std::count(held.begin(), held.end(), ',') + 1 > static_cast<int64_t>(kHoldersNamed)) break;
    held +=
        fmt::format("{}{} {}", held.empty() ? "" : ", ", holder.name, FormatBytes(holder.bytes));
  }
  std::string lowered;
  {
    std::lock_guard lock(mutex_);
    lowered = lowered_because_;
  }
  if (!lowered.empty()) {
    return MakeError(ErrorKind::kOutOfMemory, 707,
                     "{} while the run lasted, and what it holds does not come down far enough: no "
                     "room for {} for '{}' ({} may be lent of {} at the start; held: {}); run it "
                     "again with the lower budget from the start",
                     lowered, FormatBytes(bytes), what, FormatBytes(lendable_bytes()),
                     FormatBytes(planned_lendable_bytes()), held.empty() ? "nothing" : held);
  }
  return MakeError(
      ErrorKind::kOutOfMemory, 701,
      "the memory budget cannot cover {} for '{}': {} of {} are free (budget {}, process base {}, "
      "slack {}; held: {}); raise --memory or lower --threads",
      FormatBytes(bytes), what, FormatBytes(std::max<int64_t>(0, free_bytes())),
      FormatBytes(lendable_bytes()), FormatBytes(settings_.total_bytes),
      FormatBytes(settings_.base_bytes), FormatBytes(slack_bytes()),
      held.empty() ? "nothing" : held);
}

}  // namespace headrace
