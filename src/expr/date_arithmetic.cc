// Kernels of date_kernels.h that move dates or make them.
#include "expr/calendar.h"
#include "expr/date_kernels.h"
#include "expr/operand.h"

namespace headrace::expr {
namespace {

constexpr std::string_view kOutOfRange = "the date is outside the years 0001 to 9999";

bool InRange(int64_t days) { return days >= kFirstDay && days <= kLastDay; }

}  // namespace

Kernel AddDaysKernel(int sign) {
  return [=](const KernelCall& call) -> Result<Datum> {
    ARROW_ASSIGN_OR_RAISE(auto operands, MakeOperands(call));
    return MapFixed<int32_t>(call, arrow::date32(), operands, {OnFailure::kError, kOutOfRange},
                             [&](int64_t row, int32_t* out) {
                               const Int128 days =
                                   static_cast<Int128>(operands[0].value<int32_t>(row)) +
                                   static_cast<Int128>(operands[1].value<int64_t>(row)) * sign;
                               if (days < kFirstDay || days > kLastDay) return false;
                               *out = static_cast<int32_t>(days);
                               return true;
                             });
  };
}

Kernel DaysBetweenKernel() {
  return [](const KernelCall& call) -> Result<Datum> {
    ARROW_ASSIGN_OR_RAISE(auto operands, MakeOperands(call));
    return MapFixed<int32_t>(call, arrow::int32(), operands, {}, [&](int64_t row, int32_t* out) {
      *out = static_cast<int32_t>(static_cast<int64_t>(operands[0].value<int32_t>(row)) -
                                  operands[1].value<int32_t>(row));
      return true;
    });
  };
}

Kernel AddMonthsKernel(const TypePtr& type) {
  constexpr int64_t kMostMonths = 12 * 10'000;
  const auto shifted = [](int64_t days, int64_t months) -> std::optional<int64_t> {
    if (!InRange(days) || months > kMostMonths || months < -kMostMonths) return std::nullopt;
    const int64_t out = AddMonths(days, months);
    return InRange(out) ? std::optional(out) : std::nullopt;
  };
  return [=](const KernelCall& call) -> Result<Datum> {
    ARROW_ASSIGN_OR_RAISE(auto operands, MakeOperands(call));
    const FailurePolicy policy{OnFailure::kError, kOutOfRange};
    if (IsDate(*type)) {
      return MapFixed<int32_t>(call, type, operands, policy, [&](int64_t row, int32_t* out) {
        const auto days = shifted(operands[0].value<int32_t>(row), operands[1].value<int64_t>(row));
        if (days) *out = static_cast<int32_t>(*days);
        return days.has_value();
      });
    }
    return MapFixed<int64_t>(call, type, operands, policy, [&](int64_t row, int64_t* out) {
      const int64_t micros = operands[0].value<int64_t>(row);
      const int64_t day = FloorDivide(micros, kMicrosPerDay);
      const auto days = shifted(day, operands[1].value<int64_t>(row));
      if (days) *out = micros + (*days - day) * kMicrosPerDay;
      return days.has_value();
    });
  };
}

Kernel AddMicrosKernel(const TypePtr& type, int64_t micros) {
  return [=](const KernelCall& call) -> Result<Datum> {
    ARROW_ASSIGN_OR_RAISE(auto operands, MakeOperands(call));
    return MapFixed<int64_t>(
        call, type, operands, {OnFailure::kError, kOutOfRange}, [&](int64_t row, int64_t* out) {
          const Int128 moved = static_cast<Int128>(operands[1].value<int64_t>(row)) * micros +
                               operands[0].value<int64_t>(row);
          if (moved < kFirstMicros || moved > kLastMicros) return false;
          *out = static_cast<int64_t>(moved);
          return true;
        });
  };
}

Kernel LastDayKernel() {
  return [](const KernelCall& call) -> Result<Datum> {
    ARROW_ASSIGN_OR_RAISE(auto operands, MakeOperands(call));
    return MapFixed<int32_t>(call, arrow::date32(), operands, {}, [&](int64_t row, int32_t* out) {
      const CivilDate date = CivilFromDays(operands[0].value<int32_t>(row));
      *out = static_cast<int32_t>(
          DaysFromCivil(date.year, date.month, DaysInMonth(date.year, date.month)));
      return true;
    });
  };
}

Kernel MakeDateKernel() {
  return [](const KernelCall& call) -> Result<Datum> {
    ARROW_ASSIGN_OR_RAISE(auto operands, MakeOperands(call));
    return MapFixed<int32_t>(call, arrow::date32(), operands,
                             {OnFailure::kError, "there is no such date"},
                             [&](int64_t row, int32_t* out) {
                               const int64_t year = operands[0].value<int64_t>(row);
                               const int64_t month = operands[1].value<int64_t>(row);
                               const int64_t day = operands[2].value<int64_t>(row);
                               if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1)
                                 return false;
                               if (day > DaysInMonth(year, static_cast<int>(month))) return false;
                               *out = static_cast<int32_t>(DaysFromCivil(
                                   year, static_cast<int>(month), static_cast<int>(day)));
                               return true;
                             });
  };
}

Kernel EpochSecondsKernel() {
  return [](const KernelCall& call) -> Result<Datum> {
    ARROW_ASSIGN_OR_RAISE(auto operands, MakeOperands(call));
    return MapFixed<int64_t>(call, arrow::int64(), operands, {}, [&](int64_t row, int64_t* out) {
      *out = FloorDivide(operands[0].value<int64_t>(row), kMicrosPerSecond);
      return true;
    });
  };
}

Kernel TimestampFromKernel(int64_t micros_per_unit) {
  return [=](const KernelCall& call) -> Result<Datum> {
    ARROW_ASSIGN_OR_RAISE(auto operands, MakeOperands(call));
    return MapFixed<int64_t>(call, TimestampType(), operands, {OnFailure::kError, kOutOfRange},
                             [&](int64_t row, int64_t* out) {
                               const Int128 micros =
                                   static_cast<Int128>(operands[0].value<int64_t>(row)) *
                                   micros_per_unit;
                               if (micros < kFirstMicros || micros > kLastMicros) return false;
                               *out = static_cast<int64_t>(micros);
                               return true;
                             });
  };
}

}  // namespace headrace::expr
