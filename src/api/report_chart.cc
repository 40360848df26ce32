#include "api/report_chart.h"

#include <algorithm>
#include <cmath>

#include "base/units.h"

namespace headrace {
namespace {

constexpr double kChartWidth = 960;
constexpr double kChartHeight = 300;
constexpr double kLeft = 70;  // of the chart: the labels of the scale
constexpr double kRight = 12;
constexpr double kTop = 34;  // above the plot: names of bands, marks of actions
constexpr double kBottom = 26;
constexpr size_t kMarksMax = 60;  // more could not be told apart

constexpr std::string_view kChartStyle = R"css(
.band { opacity: .16; stroke: none; }
.band.elevated { fill: var(--elevated); } .band.high { fill: var(--high); }
.band.critical { fill: var(--critical); }
.chart text.elevated { fill: var(--elevated); font-weight: 600; }
.chart text.high { fill: var(--high); font-weight: 600; }
.chart text.critical { fill: var(--critical); font-weight: 600; }
.chart .mark { fill: var(--text); }
.chart .stem { stroke: var(--text); stroke-width: 1; opacity: .35; }
.chart-scroll { overflow-x: auto; }
.chart-scroll .chart { min-width: 40rem; }
.error { border-left: .3rem solid var(--critical); }
)css";

// Only these are names of classes; anything else in a report gets none.
std::string LevelClass(const std::string& level) {
  for (const char* known : {"normal", "elevated", "high", "critical"}) {
    if (level == known) return level;
  }
  return "";
}

// A number of MiB that people like on a scale: 1, 2 or 5 times a power of ten.
double ScaleStep(double top_mib) {
  const double rough = std::max(top_mib / 4, 1.0);
  const double power = std::pow(10, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (power * factor >= rough) return power * factor;
  }
  return power * 10;
}

// Role: places seconds and bytes on the chart. Owner: MemoryChart.
struct Plot {
  double seconds = 1;  // of the whole width
  double bytes = 1;    // of the whole height

  double X(double at) const {
    return kLeft + std::clamp(at / seconds, 0.0, 1.0) * (kChartWidth - kLeft - kRight);
  }
  double Y(double amount) const {
    return kChartHeight - kBottom -
           std::clamp(amount / bytes, 0.0, 1.0) * (kChartHeight - kBottom - kTop);
  }
};

int64_t BudgetAt(const MemoryReport& memory, const MemorySample& sample) {
  return sample.budget_bytes > 0 ? sample.budget_bytes : memory.budget_bytes;
}

Plot MakePlot(const RunReport& report) {
  Plot plot;
  double top = static_cast<double>(report.memory.budget_bytes);
  plot.seconds = std::max(report.wall_seconds, 0.001);
  for (const MemorySample& sample : report.memory.samples) {
    plot.seconds = std::max(plot.seconds, sample.seconds);
    top = std::max({top, static_cast<double>(sample.rss_bytes),
                    static_cast<double>(sample.accounted_bytes),
                    static_cast<double>(sample.budget_bytes)});
  }
  plot.bytes = std::max(top * 1.06, 1.0);
  return plot;
}

std::string Band(const Plot& plot, const std::string& level, double from, double to) {
  const std::string name = LevelClass(level);
  if (name.empty() || name == "normal" || to <= from) return "";
  const double x = plot.X(from);
  const double width = plot.X(to) - x;
  std::string band = fmt::format(
      "<rect class=\"band {}\" x=\"{:.1f}\" y=\"{}\" width=\"{:.1f}\" height=\"{:.1f}\">"
      "<title>pressure {} from {} to {}</title></rect>\n",
      name, x, kTop, std::max(width, 1.0), kChartHeight - kBottom - kTop, name, FormatSeconds(from),
      FormatSeconds(to));
  constexpr double kLabelWidth = 58;
  if (width >= kLabelWidth) {
    band += fmt::format("<text class=\"{}\" x=\"{:.1f}\" y=\"{}\">{}</text>\n", name, x + 4,
                        kTop - 16, name);
  }
  return band;
}

std::string Bands(const RunReport& report, const Plot& plot) {
  std::string bands;
  std::string level = "normal";
  double since = 0;
  for (const PressureEvent& event : report.memory.pressure_events) {
    bands += Band(plot, level, since, event.seconds);
    level = event.to;
    since = event.seconds;
  }
  return bands + Band(plot, level, since, plot.seconds);
}

std::string Scale(const Plot& plot) {
  const double step = ScaleStep(plot.bytes / kMiB) * kMiB;
  std::string lines;
  for (double at = 0; at <= plot.bytes; at += step) {
    const double y = plot.Y(at);
    lines += fmt::format(
        "<line class=\"grid\" x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>"
        "<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{:.0f} MiB</text>\n",
        kLeft, kChartWidth - kRight, y, y, kLeft - 8, y + 4, at / kMiB);
  }
  const double floor = kChartHeight - kBottom + 18;
  lines += fmt::format("<text x=\"{}\" y=\"{}\">0 s</text>\n", kLeft, floor);
  lines += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n",
                       plot.X(plot.seconds / 2), floor, FormatSeconds(plot.seconds / 2));
  return lines + fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>\n",
                             kChartWidth - kRight, floor, FormatSeconds(plot.seconds));
}

std::string Curves(const MemoryReport& memory, const Plot& plot) {
  if (memory.samples.empty()) return "";
  std::string accounted, resident, budget;
  for (const MemorySample& sample : memory.samples) {
    const auto point = [&](int64_t bytes) {
      return fmt::format("{:.1f},{:.1f} ", plot.X(sample.seconds),
                         plot.Y(static_cast<double>(bytes)));
    };
    accounted += point(sample.accounted_bytes);
    resident += point(sample.rss_bytes);
    budget += point(BudgetAt(memory, sample));
  }
  const double floor = plot.Y(0);
  return fmt::format(
      "<polygon class=\"accounted\" points=\"{:.1f},{:.1f} {}{:.1f},{:.1f}\"/>\n"
      "<polyline class=\"accounted-line\" points=\"{}\"/>\n<polyline class=\"budget\" "
      "points=\"{}\"/>\n<polyline class=\"resident\" points=\"{}\"/>\n",
      plot.X(memory.samples.front().seconds), floor, accounted,
      plot.X(memory.samples.back().seconds), floor, accounted, budget, resident);
}

std::string Marks(const MemoryReport& memory, const Plot& plot) {
  std::string marks;
  for (size_t i = 0; i < std::min(memory.actions.size(), kMarksMax); ++i) {
    const MemoryAction& action = memory.actions[i];
    const double x = plot.X(action.seconds);
    marks += fmt::format(
        "<line class=\"stem\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1}\" y2=\"{2:.1f}\"/>"
        "<path class=\"mark\" d=\"M{0:.1f} {1} l-5 -9 h10 z\"><title>{3}: {4}</title></path>\n",
        x, kTop, plot.Y(0), FormatSeconds(action.seconds), EscapedHtml(action.what));
  }
  return marks;
}

}  // namespace

std::string EscapedHtml(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return escaped;
}

std::string MemoryChart(const RunReport& report) {
  const MemoryReport& memory = report.memory;
  if (memory.samples.empty()) return "<p class=\"soft\">The run was too short for a curve.</p>\n";
  const Plot plot = MakePlot(report);
  const std::string said =
      fmt::format("Memory over {}: at most {} resident of a budget of {}, {} changes of pressure",
                  FormatSeconds(plot.seconds), FormatBytes(memory.rss_peak_bytes),
                  FormatBytes(memory.budget_bytes), memory.pressure_events.size());
  std::string chart = fmt::format(
      "<div class=\"chart-scroll\" tabindex=\"0\"><svg class=\"chart\" viewBox=\"0 0 {} {}\" "
      "role=\"img\" "
      "aria-label=\"{}\">\n",
      kChartWidth, kChartHeight, said);
  chart += Bands(report, plot) + Scale(plot) + Curves(memory, plot) + Marks(memory, plot);
  chart +=
      "</svg></div>\n<div class=\"key\"><span>accounted</span>"
      "<span class=\"of-resident\">resident</span><span class=\"of-budget\">budget</span>";
  return chart + (memory.actions.empty() ? "" : "&#9660; something was done for memory") +
         "</div>\n";
}

std::string_view MemoryChartStyle() { return kChartStyle; }

}  // namespace headrace
