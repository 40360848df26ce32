#include "cli/run_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "cli/table.h"
#include "headrace/text.h"

namespace headrace::cli {
namespace {

constexpr int kBarWidth = 30;
constexpr size_t kCurveWidth = 60;
constexpr double kMegabyte = 1e6;
constexpr int kNameWidth = 11;

std::string Bar(double share) {
  const int full = static_cast<int>(std::lround(std::clamp(share, 0.0, 1.0) * kBarWidth));
  return "[" + std::string(static_cast<size_t>(full), '#') +
         std::string(static_cast<size_t>(kBarWidth - full), '.') + "]";
}

// To `width` columns, at the border of a character.
std::string CutTo(std::string text, int width) {
  while (!text.empty() && DisplayWidth(text) > width) {
    // The bytes that continue a character, then the one that begins it.
    while (text.size() > 1 && (static_cast<unsigned char>(text.back()) & 0xC0) == 0x80) {
      text.pop_back();
    }
    text.pop_back();
  }
  return text;
}

const char* ColourOf(const std::string& pressure) {
  if (pressure == "elevated") return "\x1b[33m";
  if (pressure == "high") return "\x1b[38;5;208m";
  if (pressure == "critical") return "\x1b[1;31m";
  return "\x1b[32m";
}

// Resident bytes against the budget, the last minute.
std::string Curve(const RegisteredRun& run) {
  constexpr std::array<const char*, 8> kSteps = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  std::string curve;
  const size_t from = run.curve.size() > kCurveWidth ? run.curve.size() - kCurveWidth : 0;
  for (size_t i = from; i < run.curve.size(); ++i) {
    const RunPoint& point = run.curve[i];
    if (point.budget_bytes <= 0) continue;
    const double share =
        static_cast<double>(point.rss_bytes) / static_cast<double>(point.budget_bytes);
    curve += kSteps[static_cast<size_t>(std::clamp(static_cast<int>(share * 8), 0, 7))];
  }
  return curve;
}

std::string Work(const RegisteredRun& run) {
  const RunSnapshot& now = run.snapshot;
  std::string text;
  if (now.bytes_total > 0) {
    const double share = static_cast<double>(now.bytes) / static_cast<double>(now.bytes_total);
    text += fmt::format("{} {:.0f} %  ", Bar(share), std::clamp(share, 0.0, 1.0) * 100);
  }
  return text + fmt::format("{} rows, {} rows/s, {:.1f} MB/s, {}", CountText(now.rows),
                            CountText(std::llround(run.rows_per_second)),
                            run.bytes_per_second / kMegabyte, DurationText(now.seconds));
}

std::string Memory(const RunSnapshot& now) {
  const double share = now.budget_bytes > 0 ? static_cast<double>(now.rss_bytes) /
                                                  static_cast<double>(now.budget_bytes)
                                            : 0;
  return fmt::format("{} {} resident of {} ({}), {} accounted, {} at most", Bar(share),
                     SizeText(now.rss_bytes), SizeText(now.budget_bytes), now.budget_origin,
                     SizeText(now.accounted_bytes), SizeText(now.rss_peak_bytes));
}

std::string Pressure(const RunSnapshot& now) {
  std::string text = now.pressure;
  if (!now.used_of.empty()) {
    text += fmt::format(", {} {:.0f} % full", now.used_of, now.used_share * 100);
  }
  if (now.stall_some_share > 0) {
    text += fmt::format(", waiting for memory {:.0f} % of the time", now.stall_some_share * 100);
  }
  return text;
}

std::string Threads(const RunSnapshot& now) {
  return fmt::format("{} of {} at work{}", now.active_threads, now.threads,
                     now.mode.empty() ? "" : ", " + now.mode);
}

std::string Spill(const RunSnapshot& now) {
  if (now.spilled_total_bytes == 0) return "nothing";
  std::string text = fmt::format("{} on disk, {} written", SizeText(now.spilled_bytes),
                                 SizeText(now.spilled_total_bytes));
  if (now.spill_room_bytes >= 0)
    text += fmt::format(", room for {}", SizeText(now.spill_room_bytes));
  return text;
}

std::string StateText(const RegisteredRun& run) {
  switch (run.state) {
    case RunState::kRunning:
      return run.snapshot.phase.empty() ? "starting" : run.snapshot.phase;
    case RunState::kEnded:
      return run.snapshot.status;
    case RunState::kDied:
      break;
  }
  return "died";
}

std::string Title(const RunSnapshot& run) {
  if (run.name.empty()) return run.output.empty() ? run.run_id : run.output;
  return run.output.empty() ? run.name : run.name + " -> " + run.output;
}

}  // namespace

std::string Printable(const std::string& text) {
  std::string printable = text;
  for (char& c : printable) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) c = '?';
  }
  return printable;
}

std::vector<std::string> RunView(const RegisteredRun& run, int width, Colours colours) {
  const RunSnapshot& now = run.snapshot;
  std::vector<std::string> lines;
  const auto add = [&](const std::string& name, const std::string& text) {
    lines.push_back(CutTo(Printable(fmt::format("{:<{}}{}", name, kNameWidth, text)), width));
  };
  add("run", fmt::format("{} ({}, process {})", Title(now), now.run_id, now.process_id));
  add(StateText(run) + " ", Work(run));
  add("memory", Memory(now));
  if (const std::string curve = Curve(run); !curve.empty()) add("", curve);
  add("pressure", Pressure(now));
  if (colours == Colours::kTerminal)
    lines.back() = ColourOf(now.pressure) + lines.back() + "\x1b[0m";
  if (run.state == RunState::kRunning) add("threads", Threads(now));
  add("spill", Spill(now));
  for (const StageSnapshot& stage : now.stages) {
    add("stage", fmt::format("{:<12} holds {}, at most {}", stage.name,
                             SizeText(stage.reserved_bytes), SizeText(stage.reserved_peak_bytes)));
  }
  if (now.refused_grants > 0) {
    add("refused", CountText(now.refused_grants) + " requests that the budget could not cover");
  }
  for (const std::string& alert : now.alerts) add("alert", alert);
  for (const std::string& line : run.diagnosis) add("", line);
  return lines;
}

std::vector<RegisteredRun> ChosenRuns(const std::vector<RegisteredRun>& runs,
                                      const std::string& prefix) {
  std::vector<RegisteredRun> chosen;
  for (const RegisteredRun& run : runs) {
    const bool wanted =
        prefix.empty() ? run.state == RunState::kRunning : run.snapshot.run_id.starts_with(prefix);
    if (wanted) chosen.push_back(run);
  }
  return chosen;
}

std::vector<std::string> MonitorView(const std::vector<RegisteredRun>& all,
                                     const std::vector<RegisteredRun>& chosen, int width,
                                     Colours colours) {
  if (chosen.size() == 1) return RunView(chosen.front(), width, colours);
  std::vector<std::string> lines;
  const auto add = [&](const RegisteredRun& run) {
    for (const std::string& line : DescribeRun(run)) lines.push_back(CutTo(Printable(line), width));
  };
  for (const RegisteredRun& run : chosen) add(run);
  if (!chosen.empty()) return lines;
  lines.push_back("no run of this user is running now");
  if (!all.empty()) add(all.front());
  return lines;
}

}  // namespace headrace::cli
