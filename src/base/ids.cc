#include "base/ids.h"

#include <fmt/format.h>

#include <ctime>
#include <random>

namespace headrace {

std::string NewRunId() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::random_device device;
  const uint64_t random = (uint64_t{device()} << 32 | device()) & 0xffffffffffffULL;
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}-{:012x}", utc.tm_year + 1900, utc.tm_mon + 1,
                     utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, random);
}

}  // namespace headrace
