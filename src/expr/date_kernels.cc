#include "expr/date_kernels.h"

#include <array>

#include "expr/calendar.h"
#include "expr/operand.h"

namespace headrace::expr {
namespace {

// A moment as day and microsecond of the day.
struct Moment {
  int64_t days;
  int64_t micros;
};

template <typename Visit>
auto WithMoments(const Operand& in, Visit&& visit) {
  if (IsDate(*in.type()))
    return visit([&in](int64_t row) { return Moment{in.value<int32_t>(row), 0}; });
  if (in.type()->id() == arrow::Type::TIME64) {
    return visit([&in](int64_t row) { return Moment{0, in.value<int64_t>(row)}; });
  }
  return visit([&in](int64_t row) {
    const int64_t micros = in.value<int64_t>(row);
    const int64_t days = FloorDivide(micros, kMicrosPerDay);
    return Moment{days, micros - days * kMicrosPerDay};
  });
}

// The Thursday of a week lies in the ISO year the week belongs to.
CivilDate ThursdayOf(int64_t days) { return CivilFromDays(days - IsoDayOfWeek(days) + 4); }

int32_t DayOfYear(int64_t days) {
  return static_cast<int32_t>(days - DaysFromCivil(CivilFromDays(days).year, 1, 1)) + 1;
}

int32_t PartOf(DatePart part, Moment moment) {
  switch (part) {
    case DatePart::kYear:
      return static_cast<int32_t>(CivilFromDays(moment.days).year);
    case DatePart::kQuarter:
      return (CivilFromDays(moment.days).month + 2) / 3;
    case DatePart::kMonth:
      return CivilFromDays(moment.days).month;
    case DatePart::kDay:
      return CivilFromDays(moment.days).day;
    case DatePart::kDayOfWeek:
      return IsoDayOfWeek(moment.days);
    case DatePart::kDayOfYear:
      return DayOfYear(moment.days);
    case DatePart::kWeek:
      return (DayOfYear(moment.days - IsoDayOfWeek(moment.days) + 4) + 6) / 7;
    case DatePart::kIsoYear:
      return static_cast<int32_t>(ThursdayOf(moment.days).year);
    case DatePart::kHour:
      return static_cast<int32_t>(moment.micros / (3600 * kMicrosPerSecond));
    case DatePart::kMinute:
      return static_cast<int32_t>(moment.micros / (60 * kMicrosPerSecond) % 60);
    case DatePart::kSecond:
      return static_cast<int32_t>(moment.micros / kMicrosPerSecond % 60);
  }
  return 0;
}

template <DatePart kPart>
Result<Datum> ExtractPart(const KernelCall& call) {
  ARROW_ASSIGN_OR_RAISE(auto operands, MakeOperands(call));
  return WithMoments(operands[0], [&](auto moment_of) {
    return MapFixed<int32_t>(call, arrow::int32(), operands, {}, [&](int64_t row, int32_t* out) {
      *out = PartOf(kPart, moment_of(row));
      return true;
    });
  });
}

int64_t TruncateDays(TimeUnit unit, int64_t days) {
  const CivilDate date = CivilFromDays(days);
  switch (unit) {
    case TimeUnit::kYear:
      return DaysFromCivil(date.year, 1, 1);
    case TimeUnit::kQuarter:
      return DaysFromCivil(date.year, (date.month - 1) / 3 * 3 + 1, 1);
    case TimeUnit::kMonth:
      return days - date.day + 1;
    case TimeUnit::kWeek:
      return days - IsoDayOfWeek(days) + 1;
    default:
      return days;
  }
}

int64_t MicrosOf(TimeUnit unit) {
  switch (unit) {
    case TimeUnit::kHour:
      return 3600 * kMicrosPerSecond;
    case TimeUnit::kMinute:
      return 60 * kMicrosPerSecond;
    case TimeUnit::kSecond:
      return kMicrosPerSecond;
    case TimeUnit::kMillisecond:
      return 1000;
    case TimeUnit::kMicrosecond:
      return 1;
    default:
      return kMicrosPerDay;
  }
}

}  // namespace

std::optional<TimeUnit> ParseTimeUnit(std::string_view name) {
  constexpr std::array<std::string_view, 10> kNames = {
      "year", "quarter", "month",  "week",        "day",
      "hour", "minute",  "second", "millisecond", "microsecond"};
  const std::string lower = LowerAscii(name);
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (lower == kNames[i]) return static_cast<TimeUnit>(i);
  }
  return std::nullopt;
}

Kernel DatePartKernel(DatePart part) {
  switch (part) {
    case DatePart::kYear:
      return ExtractPart<DatePart::kYear>;
    case DatePart::kQuarter:
      return ExtractPart<DatePart::kQuarter>;
    case DatePart::kMonth:
      return ExtractPart<DatePart::kMonth>;
    case DatePart::kDay:
      return ExtractPart<DatePart::kDay>;
    case DatePart::kDayOfWeek:
      return ExtractPart<DatePart::kDayOfWeek>;
    case DatePart::kDayOfYear:
      return ExtractPart<DatePart::kDayOfYear>;
    case DatePart::kWeek:
      return ExtractPart<DatePart::kWeek>;
    case DatePart::kIsoYear:
      return ExtractPart<DatePart::kIsoYear>;
    case DatePart::kHour:
      return ExtractPart<DatePart::kHour>;
    case DatePart::kMinute:
      return ExtractPart<DatePart::kMinute>;
    case DatePart::kSecond:
      break;
  }
  return ExtractPart<DatePart::kSecond>;
}

Kernel TruncateKernel(TimeUnit unit, const TypePtr& type) {
  if (IsDate(*type)) {
    return [=](const KernelCall& call) -> Result<Datum> {
      ARROW_ASSIGN_OR_RAISE(auto operands, MakeOperands(call));
      return MapFixed<int32_t>(call, type, operands, {}, [&](int64_t row, int32_t* out) {
        *out = static_cast<int32_t>(TruncateDays(unit, operands[0].value<int32_t>(row)));
        return true;
      });
    };
  }
  return [=, step = MicrosOf(unit)](const KernelCall& call) -> Result<Datum> {
    ARROW_ASSIGN_OR_RAISE(auto operands, MakeOperands(call));
    return MapFixed<int64_t>(call, type, operands, {}, [&](int64_t row, int64_t* out) {
      const int64_t micros = operands[0].value<int64_t>(row);
      *out = unit < TimeUnit::kDay
                 ? TruncateDays(unit, FloorDivide(micros, kMicrosPerDay)) * kMicrosPerDay
                 : micros - FloorRemainder(micros, step);
      return true;
    });
  };
}

}  // namespace headrace::expr
