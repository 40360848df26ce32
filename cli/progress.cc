#include "cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "cli/console.h"
#include "headrace/text.h"

namespace headrace::cli {
namespace {

constexpr int kBarWidth = 20;
constexpr int kWidthWithoutTerminal = 200;
constexpr double kLineEverySeconds = 1.0;
constexpr double kEtaAfterSeconds = 0.5;  // before that the rate says nothing
constexpr double kMegabyte = 1e6;

std::string Bar(double share) {
  const int full = static_cast<int>(share * kBarWidth);
  return std::string(static_cast<size_t>(full), '#') +
         std::string(static_cast<size_t>(kBarWidth - full), ' ');
}

}  // namespace

std::string ProgressLine(const Progress& progress, int width) {
  std::string line = progress.phase;
  const bool known = progress.bytes_total > 0;
  const double share =
      known ? std::clamp(static_cast<double>(progress.bytes) / progress.bytes_total, 0.0, 1.0) : 0;
  if (known) line += fmt::format("  {:3.0f}% [{}]", share * 100, Bar(share));
  line += fmt::format("  {} rows", CountText(progress.rows));
  if (progress.seconds > 0)
    line += fmt::format("  {:.1f} MB/s", progress.bytes / kMegabyte / progress.seconds);
  if (share > 0 && share < 1 && progress.seconds >= kEtaAfterSeconds) {
    line += "  ETA " + DurationText(progress.seconds * (1 - share) / share);
  }
  line += fmt::format("  mem {} of {}", SizeText(progress.accounted_bytes),
                      SizeText(progress.budget_bytes));
  if (static_cast<int>(line.size()) > width) line.resize(static_cast<size_t>(std::max(width, 0)));
  return line;
}

ProgressPrinter::ProgressPrinter(ProgressMode mode)
    : terminal_(IsTerminal(STDERR_FILENO)),
      active_(mode == ProgressMode::kAlways || (mode == ProgressMode::kAuto && terminal_)) {}

void ProgressPrinter::Draw(const Progress& progress) {
  if (!active_) return;
  if (terminal_) {
    // One column stays free: a full line would wrap on some terminals.
    fmt::print(stderr, "\r\x1b[K{}", ProgressLine(progress, TerminalWidth(STDERR_FILENO, 80) - 1));
    std::fflush(stderr);
    drawn_ = true;
  } else if (progress.seconds >= next_line_seconds_) {
    fmt::print(stderr, "{}\n", ProgressLine(progress, kWidthWithoutTerminal));
    next_line_seconds_ = progress.seconds + kLineEverySeconds;
  }
}

void ProgressPrinter::Clear() {
  if (!drawn_) return;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
  drawn_ = false;
}

}  // namespace headrace::cli
