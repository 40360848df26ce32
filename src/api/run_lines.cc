// One registered run as lines for people.
#include <algorithm>

#include "base/units.h"
#include "headrace/monitor.h"

namespace headrace {
namespace {

// Above this age of the last sample a running process hangs, or its machine is very busy.
constexpr double kLateSeconds = 10;

std::string Title(const RunSnapshot& run) {
  if (run.name.empty()) return run.output.empty() ? "no target" : run.output;
  return run.output.empty() ? run.name : run.name + " -> " + run.output;
}

std::string Share(const RunSnapshot& run) {
  if (run.bytes_total <= 0) return "";
  return fmt::format(" {:.0f} %", std::min(100.0, 100.0 * static_cast<double>(run.bytes) /
                                                      static_cast<double>(run.bytes_total)));
}

std::string RunningLine(const RegisteredRun& run) {
  const RunSnapshot& now = run.snapshot;
  std::string line = fmt::format(
      "running    {}: {}{}, {} rows, {:.1f} MB/s, {} of {} resident, pressure {}, {}, run {}",
      Title(now), now.phase.empty() ? "starting" : now.phase, Share(now), FormatCount(now.rows),
      run.bytes_per_second / kMegabyte, FormatBytes(now.rss_bytes), FormatBytes(now.budget_bytes),
      now.pressure, FormatSeconds(now.seconds), now.run_id);
  if (run.age_seconds > kLateSeconds) {
    line += fmt::format("; has said nothing for {}: process {} is stopped or the disk hangs",
                        FormatSeconds(run.age_seconds), now.process_id);
  }
  return line;
}

std::string EndedLine(const RegisteredRun& run) {
  const RunSnapshot& last = run.snapshot;
  const std::string code = last.error_code.empty() ? "" : " with " + last.error_code;
  return fmt::format("{:<10} {}: {} rows read in {}{}, {} resident at most, {} ago, run {}",
                     last.status, Title(last), FormatCount(last.rows), FormatSeconds(last.seconds),
                     code, FormatBytes(last.rss_peak_bytes), FormatSeconds(run.age_seconds),
                     last.run_id);
}

}  // namespace

std::vector<std::string> DescribeRun(const RegisteredRun& run) {
  switch (run.state) {
    case RunState::kRunning:
      return {RunningLine(run)};
    case RunState::kEnded:
      return {EndedLine(run)};
    case RunState::kDied:
      break;
  }
  std::vector<std::string> lines = {fmt::format("died       {}: {} ago, run {}",
                                                Title(run.snapshot), FormatSeconds(run.age_seconds),
                                                run.snapshot.run_id)};
  for (const std::string& line : run.diagnosis) lines.push_back("  " + line);
  return lines;
}

}  // namespace headrace
