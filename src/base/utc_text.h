// Points in time as text for people and for records: "2026-11-22T15:30:59Z" (ISO 8601, UTC).
#pragma once

#include <ctime>
#include <string>

namespace headrace {

std::string UtcText(std::time_t seconds_since_epoch);
// Of this moment.
std::string UtcTextNow();

}  // namespace headrace
