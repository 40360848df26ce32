#include "fuzz/value_agreement.h"

#include <arrow/array.h>
#include <arrow/memory_pool.h>
#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstring>

#include "fuzz/scan_reading.h"
#include "source/csv/number_text.h"
#include "source/csv/structure_scan.h"
#include "source/csv/time_text.h"

namespace headrace::fuzz {
namespace {

constexpr size_t kColumnRows = 4096;

// The same value, bit for bit; any NaN is NaN.
bool SameDouble(double left, double right) {
  return std::bit_cast<uint64_t>(left) == std::bit_cast<uint64_t>(right) ||
         (std::isnan(left) && std::isnan(right));
}

// `value` by reference: the call that fills it in is another argument, evaluated before or after.
template <typename T>
bool SameAnswer(bool parsed, const T& value, const std::optional<T>& plain) {
  return parsed == plain.has_value() && (!parsed || value == *plain);
}

}  // namespace

template <typename T>
void ValueAgreement::Keep(Column* column, const std::string& text, T value) {
  ++values_;
  column->texts.push_back(text);
  column->expected.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

std::string ValueAgreement::Check(const std::string& text) {
  ++checked_;
  padded_.assign(kTextPadding, '\xee');
  padded_ += text;
  padded_.append(kTextPadding, '7');  // digits that must not be read
  const auto* begin = reinterpret_cast<const uint8_t*>(padded_.data()) + kTextPadding;
  const uint8_t* end = begin + text.size();
  std::string difference = CheckNumbers(text, begin, end);
  if (difference.empty()) difference = CheckTimes(text, begin, end);
  if (!difference.empty()) return fmt::format("'{}': {}", text, difference);
  return ReadColumns();
}

std::string ValueAgreement::CheckNumbers(const std::string& text, const uint8_t* begin,
                                         const uint8_t* end) {
  int64_t whole = 0;
  const auto plain_whole = PlainInt64(text);
  if (!SameAnswer(ParseInt64(begin, end, &whole), whole, plain_whole)) return "int64";
  if (plain_whole) Keep(&int64_, text, *plain_whole);

  double real = 0;
  const auto plain_real = PlainDouble(text);
  const bool slow = ParseDoubleSlow(begin, end, &real);
  if (slow != plain_real.has_value() || (slow && !SameDouble(real, *plain_real)))
    return "double, slow path";
  if (ParseShortDouble(begin, end, &real) && (!plain_real || !SameDouble(real, *plain_real)))
    return "double, fast path";
  if (plain_real && !std::isnan(*plain_real)) Keep(&double_, text, *plain_real);

  for (const auto& [precision, scale] : {std::pair(18, 4), std::pair(38, 10), std::pair(5, 0)}) {
    __int128 decimal = 0;
    const bool parsed =
        ParseDecimal128(begin, end, precision, scale, &decimal) == DecimalResult::kOk;
    const auto plain = PlainDecimal(text, precision, scale);
    if (!SameAnswer(parsed, decimal, plain)) return fmt::format("decimal({},{})", precision, scale);
    if (plain && precision == 18) Keep(&decimal_, text, *plain);
  }
  DecimalText parts;
  if (ParseShortDecimal(begin, end, &parts)) {
    const auto plain = PlainDecimal(text, 38, parts.scale);
    if (!plain || *plain != static_cast<__int128>(parts.mantissa)) return "decimal, fast path";
  }
  return "";
}

std::string ValueAgreement::CheckTimes(const std::string& text, const uint8_t* begin,
                                       const uint8_t* end) {
  int32_t days = 0;
  const auto plain_days = PlainDate(text);
  if (!SameAnswer(ParseDate(begin, end, &days), days, plain_days)) return "date";
  if (plain_days) Keep(&date_, text, *plain_days);

  int64_t micros = 0;
  if (!SameAnswer(ParseTime(begin, end, &micros), micros, PlainTime(text))) return "time";

  bool zone = false;
  const auto plain = PlainTimestamp(text, &zone);
  const auto without = zone ? std::nullopt : plain;
  const auto with = zone ? plain : std::nullopt;
  if (!SameAnswer(ParseTimestamp(begin, end, ZoneRule::kForbidden, &micros), micros, without))
    return "timestamp";
  if (!SameAnswer(ParseTimestamp(begin, end, ZoneRule::kRequired, &micros), micros, with))
    return "timestamp with a zone";
  if (!SameAnswer(ParseTimestamp(begin, end, ZoneRule::kAllowed, &micros), micros, plain))
    return "timestamp, zone or not";
  if (without) Keep(&timestamp_, text, *without);
  if (with) Keep(&timestamptz_, text, *with);
  return "";
}

// A column that is full, read from a file of one column whose type is given.
std::string ValueAgreement::ReadColumns() {
  for (Column* column : {&int64_, &double_, &decimal_, &date_, &timestamp_, &timestamptz_}) {
    if (column->texts.size() < kColumnRows) continue;
    std::string file = "v,w\n";
    for (const std::string& text : column->texts) file += text + ",x\n";
    MemoryEnv env;
    env.SetFile(kInputPath, std::move(file));
    ScanSettings settings;
    settings.format = "csv";
    settings.csv.delimiter = ',';
    settings.csv.header = true;
    settings.csv.types = {{"v", column->type}, {"w", "string"}};
    settings.batch_bytes = 1 << 14;
    const auto table = ReadInput(&env, settings, arrow::system_memory_pool());
    if (!table.ok())
      return fmt::format("a column of {}: {}", column->type, table.status().ToString());
    std::string values;
    for (const auto& chunk : (*table)->column(0)->chunks()) {
      const arrow::ArrayData& data = *chunk->data();
      if (chunk->null_count() != 0) return fmt::format("a column of {}: NULLs", column->type);
      const auto width = static_cast<int64_t>(column->expected.size() / column->texts.size());
      values.append(reinterpret_cast<const char*>(data.buffers[1]->data()) + data.offset * width,
                    static_cast<size_t>(data.length * width));
    }
    if (values != column->expected) return fmt::format("a column of {}: values", column->type);
    column->texts.clear();
    column->expected.clear();
  }
  return "";
}

}  // namespace headrace::fuzz
