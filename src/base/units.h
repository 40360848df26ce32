// Bytes and durations as people write them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace headrace {

inline constexpr int64_t kKiB = 1024;
inline constexpr int64_t kMiB = 1024 * kKiB;
inline constexpr int64_t kGiB = 1024 * kMiB;
inline constexpr double kMegabyte = 1e6;  // what people read

// "512MiB", "1.5GB", "64k", "1048576": KiB/MiB/GiB/TiB are powers of 1024, kB/MB/GB/TB powers of
// 1000, a bare k/m/g/t means the binary unit. InvalidConfig with the text when it is none of these,
// negative or above 2^62.
Result<int64_t> ParseBytes(std::string_view text);

// "25%" or "25 %" as 0.25. InvalidConfig with the text when it is no percentage above 0 and up to
// 100.
Result<double> ParsePercent(std::string_view text);

// "118.4 MiB", "996 B".
std::string FormatBytes(int64_t bytes);

// "500ms", "30s", "5m", "2h", "1d".
Result<std::chrono::milliseconds> ParseDuration(std::string_view text);

// "9.1 s", "3 min 12 s", "85 ms".
std::string FormatSeconds(double seconds);

// 6001215 -> "6,001,215".
std::string FormatCount(int64_t count);

}  // namespace headrace
