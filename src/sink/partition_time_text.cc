#include "sink/partition_time_text.h"

#include <arrow/util/checked_cast.h>

#include <chrono>

namespace headrace {
namespace {

using arrow::TimeUnit;
using arrow::Type;
using arrow::internal::checked_cast;

constexpr int64_t kSecondsPerDay = 86'400;
constexpr int64_t kDayMin = -719'162;   // 0001-01-01
constexpr int64_t kDayMax = 2'932'896;  // 9999-12-31

int64_t UnitsPerSecond(TimeUnit::type unit) {
  switch (unit) {
    case TimeUnit::SECOND:
      return 1;
    case TimeUnit::MILLI:
      return 1'000;
    case TimeUnit::MICRO:
      return 1'000'000;
    case TimeUnit::NANO:
      return 1'000'000'000;
  }
  return 1;
}

int64_t FloorDivide(int64_t value, int64_t divisor) {
  return value / divisor - (value % divisor < 0 ? 1 : 0);
}

Result<std::string> DayText(int64_t day) {
  if (day < kDayMin || day > kDayMax) {
    return MakeError(
        ErrorKind::kBadInput, 645,
        "a date outside the years 0001 to 9999 cannot name a partition directory: day {} "
        "since 1970-01-01",
        day);
  }
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(day))};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

// `units` since midnight.
std::string ClockText(int64_t units, int64_t units_per_second) {
  const int64_t seconds = units / units_per_second;
  std::string text =
      fmt::format("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
  const int64_t fraction = units % units_per_second;
  if (fraction == 0) return text;
  const int digits = units_per_second == 1'000 ? 3 : units_per_second == 1'000'000 ? 6 : 9;
  std::string decimals = fmt::format("{:0{}}", fraction, digits);
  decimals.erase(decimals.find_last_not_of('0') + 1);
  return text + "." + decimals;
}

}  // namespace

Result<std::string> PartitionTimeText(const arrow::Array& values, int64_t row) {
  const arrow::DataType& type = *values.type();
  switch (type.id()) {
    case Type::DATE32:
      return DayText(checked_cast<const arrow::Date32Array&>(values).Value(row));
    case Type::DATE64: {
      const int64_t milliseconds = checked_cast<const arrow::Date64Array&>(values).Value(row);
      return DayText(FloorDivide(milliseconds, kSecondsPerDay * 1'000));
    }
    case Type::TIME32:
      return ClockText(checked_cast<const arrow::Time32Array&>(values).Value(row),
                       UnitsPerSecond(checked_cast<const arrow::Time32Type&>(type).unit()));
    case Type::TIME64:
      return ClockText(checked_cast<const arrow::Time64Array&>(values).Value(row),
                       UnitsPerSecond(checked_cast<const arrow::Time64Type&>(type).unit()));
    case Type::TIMESTAMP: {
      const int64_t per_second =
          UnitsPerSecond(checked_cast<const arrow::TimestampType&>(type).unit());
      const int64_t value = checked_cast<const arrow::TimestampArray&>(values).Value(row);
      const int64_t day = FloorDivide(value, kSecondsPerDay * per_second);
      ARROW_ASSIGN_OR_RAISE(const std::string date, DayText(day));
      return date + " " + ClockText(value - day * kSecondsPerDay * per_second, per_second);
    }
    default:
      return MakeError(ErrorKind::kInternal, 904, "no partition text for type {}", type.ToString());
  }
}

}  // namespace headrace
