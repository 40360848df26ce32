// Dates and times.
#include "expr/calendar.h"
#include "expr/cast.h"
#include "expr/date_kernels.h"
#include "expr/date_pattern.h"
#include "expr/function_table.h"
#include "expr/operand.h"

namespace headrace::expr {
namespace {

constexpr char kDateCategory[] = "Dates and times";

// (x, count, unit) of x + INTERVAL count unit, and the unit is constant.
Result<Resolution> ResolveShift(CallSite& site) {
  const auto parsed = ParseTimeUnit(site.text(2));
  if (!parsed || *parsed > TimeUnit::kSecond) {
    return site.Error(kBadConstant, fmt::format("unknown unit of time '{}'", site.text(2)),
                      "it is written x + INTERVAL 3 DAY");
  }
  const TimeUnit unit = *parsed;
  const TypePtr type = site.type(0);
  const bool date = type->id() == arrow::Type::DATE32;
  if (date && unit >= TimeUnit::kHour) {
    return site.Error(kTypeMismatch, "a date has no time of day to move",
                      "cast it: CAST(x AS timestamp)");
  }
  int64_t factor = 1;
  Kernel kernel;
  if (unit <= TimeUnit::kMonth) {
    factor = unit == TimeUnit::kYear ? 12 : unit == TimeUnit::kQuarter ? 3 : 1;
    kernel = AddMonthsKernel(type);
  } else if (date) {
    factor = unit == TimeUnit::kWeek ? 7 : 1;
    kernel = AddDaysKernel(1);
  } else {
    const int64_t seconds = unit == TimeUnit::kWeek     ? 7 * kSecondsPerDay
                            : unit == TimeUnit::kDay    ? kSecondsPerDay
                            : unit == TimeUnit::kHour   ? 3600
                            : unit == TimeUnit::kMinute ? 60
                                                        : 1;
    kernel = AddMicrosKernel(type, seconds * kMicrosPerSecond);
  }
  Kernel scaled = [kernel, factor](const KernelCall& call) -> Result<Datum> {
    ARROW_ASSIGN_OR_RAISE(
        auto count, CallArrow("multiply_checked", {call.args[1], Datum(factor)}, call.context));
    const std::vector<Datum> args = {call.args[0], count};
    return kernel(KernelCall{args, call.rows, call.context});
  };
  return Resolution{type, std::move(scaled), true};
}

Result<Resolution> ResolveTruncate(CallSite& site) {
  const auto unit = ParseTimeUnit(site.text(0));
  if (!unit) {
    return site.Error(0, kBadConstant, fmt::format("unknown unit of time '{}'", site.text(0)),
                      "known are year, quarter, month, week, day, hour, minute, second, "
                      "millisecond and microsecond");
  }
  const TypePtr type = site.type(1);
  Kernel kernel = [truncate =
                       TruncateKernel(*unit, type)](const KernelCall& call) -> Result<Datum> {
    const std::vector<Datum> value = {call.args[1]};
    return truncate(KernelCall{value, call.rows, call.context});
  };
  return Resolution{type, std::move(kernel)};
}

Result<DatePattern> PatternOf(CallSite& site, size_t index) {
  auto pattern = DatePattern::Compile(site.text(index));
  if (pattern.ok()) return pattern;
  return site.Error(index, kBadConstant, pattern.status().message());
}

// parse_date(text [, pattern]) and parse_timestamp(text, pattern).
template <typename T>
Result<Resolution> ResolveParse(CallSite& site, const TypePtr& type, OnFailure on_failure) {
  if (site.count() == 1) {
    auto rule = FindCast(arrow::utf8(), type, on_failure);
    return Resolution{type, std::move(rule->kernel), rule->may_raise};
  }
  ARROW_ASSIGN_OR_RAISE(auto pattern, PatternOf(site, 1));
  if (!pattern.has_date()) {
    return site.Error(1, kBadConstant, "the date pattern needs year, month and day",
                      "as in 'yyyy-MM-dd'");
  }
  const int64_t unit = std::is_same_v<T, int32_t> ? kMicrosPerDay : 1;
  Kernel kernel = [=](const KernelCall& call) -> Result<Datum> {
    ARROW_ASSIGN_OR_RAISE(auto operands, MakeOperands(call));
    return MapFixed<T>(call, type, operands, {on_failure, "the text does not match the pattern"},
                       [&](int64_t row, T* out) {
                         const auto micros = pattern.Parse(operands[0].text(row));
                         if (micros) *out = static_cast<T>(FloorDivide(*micros, unit));
                         return micros.has_value();
                       });
  };
  return Resolution{type, std::move(kernel), on_failure == OnFailure::kError};
}

Resolve ParseDateWith(OnFailure on_failure) {
  return [=](CallSite& site) { return ResolveParse<int32_t>(site, arrow::date32(), on_failure); };
}
Resolve ParseTimestampWith(OnFailure on_failure) {
  return [=](CallSite& site) { return ResolveParse<int64_t>(site, TimestampType(), on_failure); };
}

Result<Resolution> ResolveFormat(CallSite& site) {
  ARROW_ASSIGN_OR_RAISE(auto pattern, PatternOf(site, 1));
  const bool date = site.type(0)->id() == arrow::Type::DATE32;
  if (date && pattern.has_time()) {
    return site.Error(1, kBadConstant, "a date has no time of day to write",
                      "cast it: CAST(x AS timestamp)");
  }
  Kernel kernel = [=](const KernelCall& call) -> Result<Datum> {
    ARROW_ASSIGN_OR_RAISE(auto operands, MakeOperands(call));
    std::string text;
    int64_t last = INT64_MIN;  // neighbours are often of the same day
    return MapText(call, arrow::utf8(), operands, {}, [&](int64_t row, TextWriter* out) {
      const int64_t value =
          date ? operands[0].value<int32_t>(row) * kMicrosPerDay : operands[0].value<int64_t>(row);
      if (value != last) {
        text.clear();
        pattern.Format(value, &text);
        last = value;
      }
      out->Append(text);
      return true;
    });
  };
  return Resolution{arrow::utf8(), std::move(kernel)};
}

Result<Resolution> ResolveAddMonths(CallSite& site) {
  return Resolution{site.type(0), AddMonthsKernel(site.type(0)), true};
}

// The microseconds a timestamp is stored as: the same bytes, as int64.
Kernel EpochMicrosKernel() {
  return [](const KernelCall& call) -> Result<Datum> {
    ARROW_ASSIGN_OR_RAISE(auto operands, MakeOperands(call));
    return MapFixed<int64_t>(call, arrow::int64(), operands, {}, [&](int64_t row, int64_t* out) {
      *out = operands[0].value<int64_t>(row);
      return true;
    });
  };
}

}  // namespace

void AddDateFunctions(std::vector<Function>* table) {
  const auto add = [&](const char* name, const char* signature, const char* summary,
                       const char* example, const char* spark, Parameters parameters,
                       Resolve resolve, const char* alias = nullptr) {
    table->push_back({name, kDateCategory, signature, summary, example, spark,
                      std::move(parameters), std::move(resolve), alias});
  };
  const auto part = [&](const char* name, const char* signature, const char* summary,
                        const char* example, const char* spark, Param param, DatePart which,
                        const char* alias = nullptr) {
    add(name, signature, summary, example, spark, {{param}},
        Always(arrow::int32(), DatePartKernel(which)), alias);
  };
  const Param day = Param::kDateOrTimestamp;
  part("year", "year(x)", "Year of a date or timestamp.", "year(DATE '2024-02-29') -> 2024",
       "year(x)", day, DatePart::kYear);
  part("quarter", "quarter(x)", "Quarter, 1 to 4.", "quarter(DATE '2024-05-01') -> 2", "quarter(x)",
       day, DatePart::kQuarter);
  part("month", "month(x)", "Month, 1 to 12.", "month(DATE '2024-02-29') -> 2", "month(x)", day,
       DatePart::kMonth);
  part("day", "day(x)", "Day of the month.", "day(DATE '2024-02-29') -> 29", "day(x)", day,
       DatePart::kDay, "day_of_month");
  part("day_of_week", "day_of_week(x)", "ISO day of the week: Monday = 1 to Sunday = 7.",
       "day_of_week(DATE '2024-02-29') -> 4", "weekday(x) + 1", day, DatePart::kDayOfWeek,
       "isodow");
  part("day_of_year", "day_of_year(x)", "Day of the year, from 1.",
       "day_of_year(DATE '2024-02-29') -> 60", "dayofyear(x)", day, DatePart::kDayOfYear,
       "dayofyear");
  part("week", "week(x)", "ISO week, 1 to 53.", "week(DATE '2021-01-01') -> 53", "weekofyear(x)",
       day, DatePart::kWeek, "weekofyear");
  part("iso_year", "iso_year(x)", "Year the ISO week belongs to.",
       "iso_year(DATE '2021-01-01') -> 2020", "extract(yearofweek FROM x)", day,
       DatePart::kIsoYear);
  const Param time = Param::kTemporal;
  part("hour", "hour(x)", "Hour, 0 to 23; 0 of a date.",
       "hour(TIMESTAMP '2024-02-29 13:45:59') -> 13", "hour(x)", time, DatePart::kHour);
  part("minute", "minute(x)", "Minute.", "minute(TIME '13:45:59') -> 45", "minute(x)", time,
       DatePart::kMinute);
  part("second", "second(x)", "Whole second.", "second(TIMESTAMP '2024-02-29 13:45:59.9') -> 59",
       "second(x)", time, DatePart::kSecond);
  add("date_trunc", "date_trunc(unit, x)",
      "Start of the unit x lies in, as the type of x. Weeks start on Monday.",
      "date_trunc('month', DATE '2024-02-29') -> DATE '2024-02-01'; date_trunc('hour', TIMESTAMP "
      "'2024-02-29 13:45:59') "
      "-> TIMESTAMP '2024-02-29 13:00:00'",
      "CAST(date_trunc(unit, x) AS type of x)", {{Param::kConstantText, day}}, ResolveTruncate);
  add("shift", "x + INTERVAL n UNIT",
      "A date or timestamp moved by a whole number of YEAR, QUARTER, MONTH, WEEK, DAY, HOUR, "
      "MINUTE or SECOND; months are "
      "clipped to their end.",
      "DATE '2024-01-31' + INTERVAL 1 MONTH -> DATE '2024-02-29'; TIMESTAMP '2024-01-01 00:00:00' "
      "- INTERVAL 1 SECOND -> "
      "TIMESTAMP '2023-12-31 23:59:59'",
      "CAST(x + INTERVAL n UNIT AS type of x)", {{day, Param::kInteger, Param::kConstantText}},
      ResolveShift);
  add("date_add", "date_add(date, days)", "Days later; also date + days.",
      "date_add(DATE '2024-02-28', 2) -> DATE '2024-03-01'", "date_add(date, days)",
      {{Param::kDate, Param::kInteger}}, AlwaysOrRaise(arrow::date32(), AddDaysKernel(1)));
  add("date_sub", "date_sub(date, days)", "Days earlier; also date - days.",
      "date_sub(DATE '2024-03-01', 1) -> DATE '2024-02-29'", "date_sub(date, days)",
      {{Param::kDate, Param::kInteger}}, AlwaysOrRaise(arrow::date32(), AddDaysKernel(-1)));
  add("add_months", "add_months(x, months)", "Months later, clipped to the end of the month.",
      "add_months(DATE '2024-01-31', 1) -> DATE '2024-02-29'", "add_months(x, months)",
      {{day, Param::kInteger}}, ResolveAddMonths);
  add("datediff", "datediff(end, start)", "Days from start to end; also end - start.",
      "datediff(DATE '2024-03-01', DATE '2024-02-01') -> 29", "datediff(end, start)",
      {{Param::kDate, Param::kDate}}, Always(arrow::int32(), DaysBetweenKernel()), "date_diff");
  add("last_day", "last_day(date)", "Last day of the month.",
      "last_day(DATE '2024-02-10') -> DATE '2024-02-29'", "last_day(date)", {{Param::kDate}},
      Always(arrow::date32(), LastDayKernel()));
  add("make_date", "make_date(year, month, day)", "The date; an error when there is none.",
      "make_date(2024, 2, 29) -> DATE '2024-02-29'; make_date(2023, 2, 29) -> error",
      "make_date(year, month, day)", {{Param::kInteger, Param::kInteger, Param::kInteger}},
      AlwaysOrRaise(arrow::date32(), MakeDateKernel()));
  const Parameters text_and_pattern = {{Param::kText, Param::kConstantText}, 1};
  add("parse_date", "parse_date(text [, pattern])",
      "Reads a date by a pattern of Java letters (yyyy MM dd HH mm ss SSSSSS, M d H m s; other "
      "letters in quotes), "
      "yyyy-MM-dd without one.",
      "parse_date('29/02/2024', 'dd/MM/yyyy') -> DATE '2024-02-29'; parse_date('2024-2-9') -> "
      "error",
      "to_date(text, pattern)", text_and_pattern, ParseDateWith(OnFailure::kError), "to_date");
  add("try_parse_date", "try_parse_date(text [, pattern])",
      "As parse_date, NULL where the text does not match.",
      "try_parse_date('soon', 'yyyy-MM-dd') -> NULL",
      "CAST(try_to_timestamp(text, pattern) AS DATE)", text_and_pattern,
      ParseDateWith(OnFailure::kNull));
  add("parse_timestamp", "parse_timestamp(text [, pattern])",
      "Reads a timestamp by a pattern, as parse_date does.",
      "parse_timestamp('20240229 134559', 'yyyyMMdd HHmmss') -> TIMESTAMP '2024-02-29 13:45:59'",
      "to_timestamp_ntz(text, pattern)", text_and_pattern, ParseTimestampWith(OnFailure::kError),
      "to_timestamp");
  add("try_parse_timestamp", "try_parse_timestamp(text [, pattern])",
      "As parse_timestamp, NULL where the text does not match.", "try_parse_timestamp('x') -> NULL",
      "try_to_timestamp(text, pattern)", text_and_pattern, ParseTimestampWith(OnFailure::kNull));
  add("format_date", "format_date(x, pattern)",
      "Text of a date or timestamp by a pattern of Java letters.",
      "format_date(DATE '2024-02-29', 'yyyy/MM') -> '2024/02'", "date_format(x, pattern)",
      {{day, Param::kConstantText}}, ResolveFormat, "date_format");
  add("epoch", "epoch(timestamp)", "Seconds since 1970-01-01 00:00:00 UTC, rounded down.",
      "epoch(TIMESTAMP '1969-12-31 23:59:59.5') -> -1", "unix_seconds(timestamp)",
      {{Param::kTimestamp}}, Always(arrow::int64(), EpochSecondsKernel()), "unix_seconds");
  add("epoch_us", "epoch_us(timestamp)", "Microseconds since 1970-01-01 00:00:00 UTC.",
      "epoch_us(TIMESTAMP '1969-12-31 23:59:59.5') -> -500000", "unix_micros(timestamp)",
      {{Param::kTimestamp}}, Always(arrow::int64(), EpochMicrosKernel()), "unix_micros");
  add("timestamp_seconds", "timestamp_seconds(n)",
      "The timestamp n seconds after 1970-01-01 00:00:00.",
      "timestamp_seconds(86400) -> TIMESTAMP '1970-01-02 00:00:00'",
      "CAST(timestamp_seconds(n) AS TIMESTAMP_NTZ)", {{Param::kInteger}},
      AlwaysOrRaise(TimestampType(), TimestampFromKernel(kMicrosPerSecond)));
  add("timestamp_micros", "timestamp_micros(n)",
      "The timestamp n microseconds after 1970-01-01 00:00:00.",
      "timestamp_micros(-1) -> TIMESTAMP '1969-12-31 23:59:59.999999'",
      "CAST(timestamp_micros(n) AS TIMESTAMP_NTZ)", {{Param::kInteger}},
      AlwaysOrRaise(TimestampType(), TimestampFromKernel(1)));
}

}  // namespace headrace::expr
