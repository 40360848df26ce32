// Casts between dates, timestamps and times. timestamp and timestamptz hold the same number: a cast
// between them reads the wall clock as UTC.
#include "expr/calendar.h"
#include "expr/cast.h"
#include "expr/operand.h"

namespace headrace::expr {
namespace {

template <typename In, typename Out, typename Convert>
CastRule Mapped(const TypePtr& to, OnFailure on_failure, bool may_raise, Convert convert) {
  return CastRule{
      [=](const KernelCall& call) -> Result<Datum> {
        ARROW_ASSIGN_OR_RAISE(auto operands, MakeOperands(call));
        return MapFixed<Out>(
            call, to, operands, {on_failure, "the date is outside the years 0001 to 9999"},
            [&](int64_t row, Out* out) { return convert(operands[0].value<In>(row), out); });
      },
      may_raise && on_failure == OnFailure::kError};
}

}  // namespace

std::optional<CastRule> FindTimeCast(const TypePtr& from, const TypePtr& to, OnFailure on_failure) {
  using arrow::Type;
  if (from->id() == Type::DATE32 && IsTimestamp(*to)) {
    return Mapped<int32_t, int64_t>(to, on_failure, true, [](int32_t days, int64_t* out) {
      if (days < kFirstDay || days > kLastDay) return false;
      *out = days * kMicrosPerDay;
      return true;
    });
  }
  if (!IsTimestamp(*from)) return std::nullopt;
  if (to->id() == Type::DATE32) {
    return Mapped<int64_t, int32_t>(to, on_failure, false, [](int64_t micros, int32_t* out) {
      *out = static_cast<int32_t>(FloorDivide(micros, kMicrosPerDay));
      return true;
    });
  }
  if (to->id() == Type::TIME64) {
    return Mapped<int64_t, int64_t>(to, on_failure, false, [](int64_t micros, int64_t* out) {
      *out = FloorRemainder(micros, kMicrosPerDay);
      return true;
    });
  }
  if (IsTimestamp(*to)) {
    return Mapped<int64_t, int64_t>(to, on_failure, false, [](int64_t micros, int64_t* out) {
      *out = micros;
      return true;
    });
  }
  return std::nullopt;
}

}  // namespace headrace::expr
