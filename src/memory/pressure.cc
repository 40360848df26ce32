#include "memory/pressure.h"

#include <algorithm>
#include <cmath>

#include "base/units.h"

namespace headrace {
namespace {

// How much less than what raises a level still holds it.
struct Slackening {
  double share = 0;   // taken off the marks
  double factor = 1;  // times the stalls and swapping
};
constexpr Slackening kRise = {};
constexpr Slackening kHold = {kMarkHysteresis, 0.5};

constexpr std::array<std::string_view, kPressureLevels> kNames = {"normal", "elevated", "high",
                                                                  "critical"};

size_t IndexOf(PressureLevel level) { return static_cast<size_t>(level); }
PressureLevel LevelAt(size_t index) { return static_cast<PressureLevel>(index); }

double MarkOf(const PressureMarks& marks, PressureLevel level) {
  switch (level) {
    case PressureLevel::kNormal:
      return 0;
    case PressureLevel::kElevated:
      return marks.elevated;
    case PressureLevel::kHigh:
      return marks.high;
    case PressureLevel::kCritical:
      return marks.critical;
  }
  return 0;
}

PressureLevel LevelByShare(const PressureInputs& inputs, const PressureMarks& marks, double slack) {
  for (size_t index = kPressureLevels - 1; index > 0; --index) {
    if (inputs.used_share >= MarkOf(marks, LevelAt(index)) - slack) return LevelAt(index);
  }
  return PressureLevel::kNormal;
}

bool MemoryIsScarce(const PressureInputs& inputs) {
  return inputs.used_of.empty() || inputs.used_share >= kScarceShare;
}

PressureLevel LevelByStalls(const PressureInputs& inputs, double factor) {
  if (!MemoryIsScarce(inputs)) return PressureLevel::kNormal;
  if (inputs.stall_full_share >= kFullStallHigh * factor) return PressureLevel::kHigh;
  if (inputs.stall_some_share >= kSomeStallElevated * factor) return PressureLevel::kElevated;
  return PressureLevel::kNormal;
}

PressureLevel LevelBySwapping(const PressureInputs& inputs, double factor) {
  if (!MemoryIsScarce(inputs)) return PressureLevel::kNormal;
  if (inputs.swap_pages_per_second >= kSwapPagesHigh * factor) return PressureLevel::kHigh;
  if (inputs.swap_pages_per_second >= kSwapPagesElevated * factor) return PressureLevel::kElevated;
  return PressureLevel::kNormal;
}

PressureLevel Classify(const PressureInputs& inputs, const PressureMarks& marks,
                       const Slackening& slackening) {
  return std::max({LevelByShare(inputs, marks, slackening.share),
                   LevelByStalls(inputs, slackening.factor),
                   LevelBySwapping(inputs, slackening.factor)});
}

// "anonymous memory of cgroup v2 /a: 3.10 GiB of 4.00 GiB (77 %)". Rounded down, so that a text
// never names a mark that was not reached.
std::string UseText(const PressureInputs& inputs) {
  if (inputs.used_of.empty()) return "use of memory unknown";
  return fmt::format("{}: {} of {} ({} %)", inputs.used_of, FormatBytes(inputs.used_bytes),
                     FormatBytes(inputs.limit_bytes),
                     static_cast<int>(std::floor(inputs.used_share * 100 + 1e-9)));
}

// What speaks for `to`; the share first, because that is what a user can act on.
std::string RiseCause(const PressureInputs& inputs, const PressureMarks& marks, PressureLevel to) {
  if (LevelByShare(inputs, marks, 0) >= to) return UseText(inputs);
  if (LevelByStalls(inputs, 1) >= to) {
    return fmt::format(
        "tasks wait for memory {:.0f} % of the time, all of them {:.0f} % (PSI over 10 s); {}",
        inputs.stall_some_share * 100, inputs.stall_full_share * 100, UseText(inputs));
  }
  return fmt::format("{} pages swapped per second; {}",
                     FormatCount(static_cast<int64_t>(inputs.swap_pages_per_second)),
                     UseText(inputs));
}

}  // namespace

std::string_view PressureLevelName(PressureLevel level) { return kNames[IndexOf(level)]; }

Result<PressureLevel> ParsePressureLevel(std::string_view text) {
  for (size_t index = 0; index < kPressureLevels; ++index) {
    if (kNames[index] == text) return LevelAt(index);
  }
  return MakeError(ErrorKind::kInvalidConfig, 731,
                   "not a level of memory pressure: '{}'; write normal, elevated, high or critical",
                   text);
}

Status CheckPressureMarks(const PressureMarks& marks) {
  // Written so that NaN fails as well.
  if (0 < marks.elevated && marks.elevated < marks.high && marks.high < marks.critical &&
      marks.critical <= 1) {
    return Status::OK();
  }
  return MakeError(ErrorKind::kInvalidConfig, 730,
                   "pressure marks out of order: elevated {:g} %, high {:g} %, critical {:g} %; "
                   "each must be above 0 %, above the one before, and at most 100 %",
                   marks.elevated * 100, marks.high * 100, marks.critical * 100);
}

PressureLevel ClassifyPressure(const PressureInputs& inputs, const PressureMarks& marks) {
  return Classify(inputs, marks, kRise);
}

std::optional<PressureTransition> PressureTracker::Update(const PressureInputs& inputs) {
  PassTime(inputs.seconds);
  const PressureLevel spoken_for = Classify(inputs, marks_, kRise);
  for (size_t index = 1; index < kPressureLevels; ++index) {
    held_samples_[index] =
        LevelAt(index) <= spoken_for ? std::min(held_samples_[index] + 1, kRiseSamples) : 0;
  }
  const size_t next = IndexOf(level_) + 1;
  if (next < kPressureLevels && held_samples_[next] >= kRiseSamples) {
    return Move(LevelAt(next), inputs);
  }

  if (level_ == PressureLevel::kNormal || Classify(inputs, marks_, kHold) >= level_) {
    held_until_ = inputs.seconds;
    return std::nullopt;
  }
  if (inputs.seconds - held_until_ < kFallSeconds) return std::nullopt;
  return Move(LevelAt(IndexOf(level_) - 1), inputs);
}

void PressureTracker::PassTime(double seconds) {
  if (last_seconds_) seconds_[IndexOf(level_)] += std::max(0.0, seconds - *last_seconds_);
  last_seconds_ = seconds;
}

PressureTransition PressureTracker::Move(PressureLevel to, const PressureInputs& inputs) {
  std::string cause =
      to > level_ ? RiseCause(inputs, marks_, to) : fmt::format("eased: {}", UseText(inputs));
  PressureTransition transition{inputs.seconds, level_, to, std::move(cause)};
  level_ = to;
  held_until_ = inputs.seconds;
  return transition;
}

PressureSeconds PressureTracker::seconds_per_level() const {
  return {seconds_[0], seconds_[1], seconds_[2], seconds_[3]};
}

}  // namespace headrace
