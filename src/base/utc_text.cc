#include "base/utc_text.h"

#include <fmt/format.h>

namespace headrace {

std::string UtcText(std::time_t seconds_since_epoch) {
  std::tm utc{};
  ::gmtime_r(&seconds_since_epoch, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", utc.tm_year + 1900, utc.tm_mon + 1,
                     utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

std::string UtcTextNow() { return UtcText(std::time(nullptr)); }

}  // namespace headrace
