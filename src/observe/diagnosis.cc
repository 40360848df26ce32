#include "observe/diagnosis.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"

namespace headrace {
namespace {

// Above this share of what limits it, memory is the first suspect.
constexpr double kNearLimitShare = 0.9;

std::string LastSample(const RunSnapshot& last, const std::string& seen_at) {
  return fmt::format(
      "last sample: {}, {} after its start: {}, {} rows read, {} resident of a budget of {}, "
      "pressure {}",
      seen_at, FormatSeconds(last.seconds), last.phase.empty() ? "starting" : last.phase,
      FormatCount(last.rows), FormatBytes(last.rss_bytes), FormatBytes(last.budget_bytes),
      last.pressure);
}

std::string LargestStage(const RunSnapshot& last) {
  const auto largest = std::max_element(last.stages.begin(), last.stages.end(),
                                        [](const StageSnapshot& a, const StageSnapshot& b) {
                                          return a.reserved_bytes < b.reserved_bytes;
                                        });
  if (largest == last.stages.end() || largest->reserved_bytes == 0) {
    return "stages: none held memory of the budget then";
  }
  return fmt::format("stage that held most: {}, {} of {} accounted", largest->name,
                     FormatBytes(largest->reserved_bytes), FormatBytes(last.accounted_bytes));
}

bool WasNearLimit(const RunSnapshot& last) {
  return last.used_share >= kNearLimitShare || last.pressure == "critical";
}

std::string NearLimitText(const RunSnapshot& last) {
  return fmt::format("{} was {:.0f} % full", last.used_of.empty() ? "memory" : last.used_of,
                     last.used_share * 100);
}

struct Cause {
  std::string text;
  bool is_memory = false;
};

Cause LikelyCause(const RunSnapshot& last, const DeathEvidence& evidence) {
  if (evidence.machine_restarted) return {"the machine was restarted while it ran"};
  if (!evidence.killed_in.empty()) {
    const std::string kills =
        evidence.kills == 1 ? "once" : fmt::format("{} times", evidence.kills);
    const std::string near = WasNearLimit(last) ? ", and " + NearLimitText(last) : "";
    return {fmt::format("killed by the kernel for lack of memory: it killed {} in {} since the run "
                        "began{}",
                        kills, evidence.killed_in, near),
            true};
  }
  if (WasNearLimit(last)) {
    return {fmt::format("probably lack of memory: {}; no kill was counted where we can look",
                        NearLimitText(last)),
            true};
  }
  if (evidence.cgroup_gone) {
    return {
        "its container or cgroup is gone, and with it the count of kills for lack of memory; its "
        "last sample does not point to memory"};
  }
  return {"killed by a signal, or the machine stopped; nothing points to memory"};
}

std::string TargetText(const RunSnapshot& last) {
  if (last.phase == "publishing") {
    return fmt::format(
        "target: {} is whole, as it was or already new; the next run on it finds out and cleans up",
        last.output);
  }
  return fmt::format("target: {} is as it was; the next run on it removes what was left",
                     last.output);
}

std::string MemoryAdvice(const RunSnapshot& last) {
  if (last.limit_bytes > 0 && last.budget_bytes < last.limit_bytes / 2) {
    return fmt::format(
        "what to do: the budget of {} is small beside the limit of {} ({}); see what else uses "
        "memory there, or raise the limit",
        FormatBytes(last.budget_bytes), FormatBytes(last.limit_bytes), last.limit_origin);
  }
  return fmt::format("what to do: run it with less --memory than {}, or where there is more memory",
                     FormatBytes(last.budget_bytes));
}

}  // namespace

std::vector<std::string> DiagnoseDeath(const RegisteredRun& run, const DeathEvidence& evidence,
                                       const std::string& seen_at) {
  const RunSnapshot& last = run.snapshot;
  const Cause cause = LikelyCause(last, evidence);
  std::vector<std::string> lines = {LastSample(last, seen_at), LargestStage(last),
                                    "likely cause: " + cause.text};
  if (!last.output.empty()) lines.push_back(TargetText(last));
  lines.push_back(cause.is_memory ? MemoryAdvice(last) : "what to do: run it again");
  return lines;
}

}  // namespace headrace
