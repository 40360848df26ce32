#include "sink/partition_time_text.h"

#include <arrow/util/checked_cast.h>

#include "sink/text/time_writer.h"

namespace headrace {
namespace {

using arrow::Type;
using arrow::internal::checked_cast;

Result<std::string> DayText(int64_t day) {
  if (!HasDayText(day)) {
    return MakeError(
        ErrorKind::kBadInput, 645,
        "a date outside the years 0001 to 9999 cannot name a partition directory: day {} "
        "since 1970-01-01",
        day);
  }
  char text[kTimeTextBytesMax];
  return std::string(text, PutDay(day, text));
}

// `units` since midnight, whatever they are: PutClock is for those of a day.
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
      return DayText(SplitMoment(milliseconds, 1'000).day);
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
      const DayAndClock moment = SplitMoment(value, per_second);
      ARROW_ASSIGN_OR_RAISE(const std::string date, DayText(moment.day));
      return date + " " + ClockText(moment.units, per_second);
    }
    default:
      return MakeError(ErrorKind::kInternal, 904, "no partition text for type {}", type.ToString());
  }
}

}  // namespace headrace
