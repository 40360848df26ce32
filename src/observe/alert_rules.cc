#include "observe/alert_rules.h"

#include <algorithm>
#include <cmath>

#include "base/units.h"

namespace headrace {
namespace {

// Spill disk: the rate is that of the last half minute, known after five seconds.
constexpr double kSpillSampleSeconds = 1;
constexpr double kSpillWindowSeconds = 30;
constexpr double kSpillRateSecondsMin = 5;
constexpr double kSpillForecastSeconds = 60;
constexpr double kSpillRoomShareMin = 0.05;
// Leak: the least gap of each ten seconds, so that what a chunk holds for a moment does not count.
constexpr double kGapBucketSeconds = 10;
constexpr size_t kGapBucketsMin = 12;  // two minutes
constexpr size_t kGapBucketsMax = 30;  // five minutes
constexpr int64_t kLeakBytesMin = 64 * kMiB;
constexpr double kLeakFitMin = 0.8;  // of the variance that a straight line has to explain

int PressureRank(std::string_view level) {
  if (level == "critical") return 3;
  if (level == "high") return 2;
  return level == "elevated" ? 1 : 0;
}

// What the next alert of a rule is held against.
int64_t CountOf(std::string_view rule, const RunSnapshot& snapshot) {
  if (rule == "spill_volume") return snapshot.spilled_total_bytes;
  return rule == "quarantine" ? snapshot.rows_rejected : snapshot.refused_grants;
}

bool Reads(std::string_view phase) { return phase == "inferring types" || phase == "converting"; }

// Least squares over the samples of a window.
struct Line {
  double slope = 0;  // per second
  double fit = 0;    // r squared
};

Line FitLine(const std::deque<TimedValue>& samples) {
  double mean_time = 0;
  double mean_value = 0;
  for (const auto& sample : samples) {
    mean_time += sample.seconds / static_cast<double>(samples.size());
    mean_value += static_cast<double>(sample.value) / static_cast<double>(samples.size());
  }
  double time_squares = 0;
  double value_squares = 0;
  double products = 0;
  for (const auto& sample : samples) {
    const double time = sample.seconds - mean_time;
    const double value = static_cast<double>(sample.value) - mean_value;
    time_squares += time * time;
    value_squares += value * value;
    products += time * value;
  }
  if (time_squares <= 0 || value_squares <= 0) return {};
  return {products / time_squares, products * products / (time_squares * value_squares)};
}

}  // namespace

AlertRules::AlertRules(std::vector<AlertSpec> alerts) : alerts_(std::move(alerts)) {
  for (size_t spec = 0; spec < alerts_.size(); ++spec) {
    for (const std::string& rule : alerts_[spec].on) {
      Watch& watch = watches_.emplace_back();
      watch.spec = spec;
      watch.rule = rule;
    }
  }
}

std::vector<FiredAlert> AlertRules::Update(const RunSnapshot& snapshot) {
  Remember(snapshot);
  std::vector<FiredAlert> fired;
  for (Watch& watch : watches_) {
    Finding finding = Look(watch, snapshot);
    if (finding.message.empty()) {
      watch.holds_since = -1;
      continue;
    }
    if (watch.holds_since < 0) watch.holds_since = snapshot.seconds;
    if (!IsDue(watch, snapshot)) continue;
    watch.fired_at = snapshot.seconds;
    watch.level_told = PressureRank(snapshot.pressure);
    watch.told = CountOf(watch.rule, snapshot);
    fired.push_back({watch.rule, std::move(finding.level), std::move(finding.message), watch.spec});
  }
  return fired;
}

void AlertRules::Remember(const RunSnapshot& snapshot) {
  const double now = snapshot.seconds;
  if (spilled_.empty() || now - spilled_.back().seconds >= kSpillSampleSeconds) {
    spilled_.push_back({now, snapshot.spilled_total_bytes});
    while (now - spilled_.front().seconds > kSpillWindowSeconds) spilled_.pop_front();
  }

  const int64_t gap = snapshot.rss_bytes - snapshot.base_bytes - snapshot.accounted_bytes;
  if (snapshot.rss_bytes > 0) {
    if (gap_bucket_begin_ < 0 || now - gap_bucket_begin_ >= kGapBucketSeconds) {
      gap_bucket_begin_ = now;
      gaps_.push_back({now, gap});
      // One more than the window: the last is still being filled.
      if (gaps_.size() > kGapBucketsMax + 1) gaps_.pop_front();
    }
    gaps_.back().value = std::min(gaps_.back().value, gap);
  }

  if (snapshot.rows != progress_rows_ || snapshot.bytes != progress_bytes_ ||
      snapshot.phase != progress_phase_) {
    progress_rows_ = snapshot.rows;
    progress_bytes_ = snapshot.bytes;
    progress_phase_ = snapshot.phase;
    progress_at_ = now;
  }
}

bool AlertRules::IsDue(const Watch& watch, const RunSnapshot& snapshot) const {
  const AlertSpec& spec = alerts_[watch.spec];
  // The end of a run happens once, and waits for nothing.
  if (watch.rule == "failure") return watch.fired_at < 0;
  if (snapshot.seconds - watch.holds_since < spec.for_seconds) return false;
  if (watch.fired_at < 0 || snapshot.seconds - watch.fired_at >= spec.cool_down_seconds) {
    return true;
  }
  // Silence is for more of the same: a rise of the level is news.
  return watch.rule == "memory_pressure" && PressureRank(snapshot.pressure) > watch.level_told;
}

AlertRules::Finding AlertRules::Look(const Watch& watch, const RunSnapshot& snapshot) const {
  const AlertSpec& spec = alerts_[watch.spec];
  if (watch.rule == "failure") {
    if (!snapshot.ended || snapshot.status != "failed") return {};
    return {fmt::format("the run failed{}{} while {}; its report and its last line say why",
                        snapshot.error_code.empty() ? "" : " with ", snapshot.error_code,
                        snapshot.phase.empty() ? "starting" : snapshot.phase),
            "critical"};
  }
  if (watch.rule == "memory_pressure") return LookAtPressure(spec, snapshot);
  if (watch.rule == "budget_refusal") {
    const int64_t news = snapshot.refused_grants - watch.told;
    if (news <= 0) return {};
    return {
        fmt::format("{} requests for memory found no room in the budget of {}; more memory or "
                    "fewer threads make the run faster",
                    FormatCount(news), FormatBytes(snapshot.budget_bytes))};
  }
  if (watch.rule == "spill_volume") {
    // After an alert again at twice as much: the volume never falls.
    const int64_t mark = std::max({spec.bytes, int64_t{1}, watch.told * 2});
    if (snapshot.spilled_total_bytes < mark) return {};
    return {
        fmt::format("{} were spilled to disk so far under a budget of {}; more memory spares "
                    "that",
                    FormatBytes(snapshot.spilled_total_bytes), FormatBytes(snapshot.budget_bytes))};
  }
  if (watch.rule == "spill_disk") return LookAtSpillDisk(snapshot);
  if (watch.rule == "no_progress") return LookForProgress(spec, snapshot);
  if (watch.rule == "leak") return LookForLeak();
  if (watch.rule == "quarantine") {
    // After an alert again at ten times as many.
    if (snapshot.rows_rejected <= 0 || snapshot.rows_rejected < watch.told * 10) return {};
    return {
        fmt::format("{} of {} rows read so far do not fit and were put aside; the quarantine file "
                    "named by the report says why",
                    FormatCount(snapshot.rows_rejected), FormatCount(snapshot.rows))};
  }
  return {};
}

AlertRules::Finding AlertRules::LookAtPressure(const AlertSpec& spec,
                                               const RunSnapshot& snapshot) const {
  if (snapshot.ended || PressureRank(snapshot.pressure) < PressureRank(spec.level)) return {};
  std::string cause = fmt::format("RSS {} of a budget of {}", FormatBytes(snapshot.rss_bytes),
                                  FormatBytes(snapshot.budget_bytes));
  if (!snapshot.used_of.empty()) {
    cause = fmt::format("{} at {:.0f} %, {}", snapshot.used_of, snapshot.used_share * 100, cause);
  }
  return {fmt::format("memory pressure is {}: {}", snapshot.pressure, cause),
          snapshot.pressure == "critical" ? "critical" : "warning"};
}

AlertRules::Finding AlertRules::LookAtSpillDisk(const RunSnapshot& snapshot) const {
  const int64_t room = snapshot.spill_room_bytes;
  if (snapshot.ended || room < 0 || snapshot.spilled_bytes <= 0) return {};
  constexpr char kAdvice[] = "free disk space, or name another place or more room for the spill";
  const auto& past = spilled_;
  const double span = snapshot.seconds - past.front().seconds;
  const double rate =
      span < kSpillRateSecondsMin
          ? 0
          : static_cast<double>(snapshot.spilled_total_bytes - past.front().value) / span;
  if (rate > 0 && static_cast<double>(room) / rate < kSpillForecastSeconds) {
    return {fmt::format("spilling {} a second, the {} left on disk are full in about {}; {}",
                        FormatBytes(std::llround(rate)), FormatBytes(room),
                        FormatSeconds(static_cast<double>(room) / rate), kAdvice),
            "critical"};
  }
  const int64_t whole = room + snapshot.spilled_bytes;
  if (static_cast<double>(room) < kSpillRoomShareMin * static_cast<double>(whole)) {
    return {fmt::format("{} of {} for spilled rows are left; {}", FormatBytes(room),
                        FormatBytes(whole), kAdvice),
            "critical"};
  }
  return {};
}

AlertRules::Finding AlertRules::LookForProgress(const AlertSpec& spec,
                                                const RunSnapshot& snapshot) const {
  const double idle = snapshot.seconds - progress_at_;
  if (snapshot.ended || !Reads(snapshot.phase) || idle < spec.seconds) return {};
  return {
      fmt::format("no row and no byte came in for {} while {}, at {} rows; see whether the "
                  "input, the disk or a lock holds it up",
                  FormatSeconds(idle), snapshot.phase, FormatCount(snapshot.rows))};
}

AlertRules::Finding AlertRules::LookForLeak() const {
  // Without the bucket that is being filled, whose least value is not known yet.
  auto samples = gaps_;
  if (samples.size() <= kGapBucketsMin) return {};
  samples.pop_back();
  const Line line = FitLine(samples);
  const double growth = line.slope * (samples.back().seconds - samples.front().seconds);
  if (line.fit < kLeakFitMin || growth < static_cast<double>(kLeakBytesMin)) return {};
  return {
      fmt::format("memory outside the account grew by {} in {}, to {}; headrace or a library "
                  "may be losing memory: please report it with the run's report",
                  FormatBytes(std::llround(growth)),
                  FormatSeconds(samples.back().seconds - samples.front().seconds),
                  FormatBytes(samples.back().value))};
}

}  // namespace headrace
