#include "base/units.h"

#include <array>
#include <cctype>
#include <charconv>
#include <cmath>

namespace headrace {
namespace {

struct NumberAndUnit {
  double number = 0;
  std::string unit;
};

bool Split(std::string_view text, NumberAndUnit* out) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out->number,
                                            std::chars_format::fixed);
  if (error != std::errc() || end == text.data() || !std::isfinite(out->number) ||
      out->number < 0) {
    return false;
  }
  std::string_view unit(end, text.data() + text.size() - end);
  while (!unit.empty() && unit.front() == ' ') unit.remove_prefix(1);
  out->unit.clear();
  for (char c : unit) out->unit.push_back(static_cast<char>(std::tolower(c)));
  return true;
}

}  // namespace

Result<int64_t> ParseBytes(std::string_view text) {
  struct Unit {
    std::string_view name;
    double factor;
  };
  static constexpr std::array<Unit, 15> kUnits = {{{"", 1},
                                                   {"b", 1},
                                                   {"k", 1024.0},
                                                   {"kib", 1024.0},
                                                   {"kb", 1e3},
                                                   {"m", 1048576.0},
                                                   {"mib", 1048576.0},
                                                   {"mb", 1e6},
                                                   {"g", 1073741824.0},
                                                   {"gib", 1073741824.0},
                                                   {"gb", 1e9},
                                                   {"t", 1099511627776.0},
                                                   {"tib", 1099511627776.0},
                                                   {"tb", 1e12},
                                                   {"bytes", 1}}};
  NumberAndUnit parsed;
  if (Split(text, &parsed)) {
    for (const auto& unit : kUnits) {
      if (unit.name == parsed.unit) {
        const double bytes = parsed.number * unit.factor;
        if (bytes <= 4.6e18) return static_cast<int64_t>(bytes);
      }
    }
  }
  return MakeError(ErrorKind::kInvalidConfig, 101,
                   "not a size: '{}'; write it like 512MiB, 1.5GB or 1048576", text);
}

Result<double> ParsePercent(std::string_view text) {
  NumberAndUnit parsed;
  if (Split(text, &parsed) && parsed.unit == "%" && parsed.number > 0 && parsed.number <= 100) {
    return parsed.number / 100;
  }
  return MakeError(
      ErrorKind::kInvalidConfig, 103,
      "not a share: '{}'; write a number above 0 and at most 100 with one % sign, such as 25%",
      text);
}

std::string FormatBytes(int64_t bytes) {
  if (bytes < 0 && bytes > INT64_MIN) return "-" + FormatBytes(-bytes);
  if (bytes < kKiB) return fmt::format("{} B", bytes);
  if (bytes < kMiB) return fmt::format("{:.1f} KiB", static_cast<double>(bytes) / kKiB);
  if (bytes < kGiB) return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / kMiB);
  return fmt::format("{:.2f} GiB", static_cast<double>(bytes) / kGiB);
}

Result<std::chrono::milliseconds> ParseDuration(std::string_view text) {
  struct Unit {
    std::string_view name;
    double milliseconds;
  };
  static constexpr std::array<Unit, 6> kUnits = {
      {{"ms", 1}, {"s", 1e3}, {"m", 6e4}, {"min", 6e4}, {"h", 3.6e6}, {"d", 8.64e7}}};
  NumberAndUnit parsed;
  if (Split(text, &parsed)) {
    for (const auto& unit : kUnits) {
      if (unit.name == parsed.unit && parsed.number * unit.milliseconds < 9e15) {
        return std::chrono::milliseconds(static_cast<int64_t>(parsed.number * unit.milliseconds));
      }
    }
  }
  return MakeError(ErrorKind::kInvalidConfig, 102,
                   "not a duration: '{}'; write it like 500ms, 30s, 5m or 2h", text);
}

std::string FormatSeconds(double seconds) {
  if (seconds < 1) return fmt::format("{:.0f} ms", seconds * 1e3);
  if (seconds < 120) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<int64_t>(seconds + 0.5);
  if (whole < 7200) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

std::string FormatCount(int64_t count) {
  const std::string digits = std::to_string(count);
  std::string grouped;
  for (size_t at = 0; at < digits.size(); ++at) {
    const size_t left = digits.size() - at;
    if (at > 0 && left % 3 == 0 && digits[at - 1] != '-') grouped.push_back(',');
    grouped.push_back(digits[at]);
  }
  return grouped;
}

}  // namespace headrace
