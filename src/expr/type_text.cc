// Type names: ours, and those that users of SQL engines and data frames expect.
#include <map>

#include "base/nearest_name.h"
#include "expr/errors.h"
#include "expr/types.h"
#include "expr/value_text.h"

namespace headrace::expr {
namespace {

const std::map<std::string, std::shared_ptr<arrow::DataType>, std::less<>>& NamedTypes() {
  static const std::map<std::string, std::shared_ptr<arrow::DataType>, std::less<>> kTypes = [] {
    std::map<std::string, std::shared_ptr<arrow::DataType>, std::less<>> types;
    const auto add = [&](std::initializer_list<const char*> names,
                         std::shared_ptr<arrow::DataType> type) {
      for (const char* name : names) types.emplace(name, type);
    };
    add({"bool", "boolean"}, arrow::boolean());
    add({"int8", "tinyint", "i8", "byte"}, arrow::int8());
    add({"int16", "smallint", "i16", "short"}, arrow::int16());
    add({"int32", "int", "integer", "i32"}, arrow::int32());
    add({"int64", "bigint", "i64", "long"}, arrow::int64());
    add({"uint8", "utinyint", "u8"}, arrow::uint8());
    add({"uint16", "usmallint", "u16"}, arrow::uint16());
    add({"uint32", "uinteger", "u32"}, arrow::uint32());
    add({"uint64", "ubigint", "u64"}, arrow::uint64());
    add({"float", "float32", "real", "f32"}, arrow::float32());
    add({"double", "float64", "f64", "double precision"}, arrow::float64());
    add({"string", "utf8", "varchar", "text", "str", "char"}, arrow::utf8());
    add({"binary", "bytes", "blob", "bytea", "varbinary"}, arrow::binary());
    add({"date", "date32", "date32[day]"}, arrow::date32());
    add({"timestamp", "timestamp[us]", "datetime", "timestamp_ntz", "timestamp without time zone"},
        TimestampType());
    add({"timestamptz", "timestamp[us, utc]", "timestamp[us, tz=utc]", "timestamp_ltz",
         "timestamp with time zone"},
        TimestampTzType());
    add({"time", "time64", "time64[us]"}, TimeType());
    return types;
  }();
  return kTypes;
}

// "decimal", "decimal(p)", "decimal(p,s)" and the other spellings of the name; null when it is no
// decimal at all.
Result<std::shared_ptr<arrow::DataType>> ParseDecimalType(const std::string& text) {
  const size_t open = text.find('(');
  const std::string name(TrimBlanks(std::string_view(text).substr(0, open)));
  if (name != "decimal" && name != "numeric" && name != "dec" && name != "decimal128")
    return nullptr;
  if (open == std::string::npos) return arrow::decimal128(10, 0);
  if (text.back() != ')') return nullptr;
  const std::string_view inside = std::string_view(text).substr(open + 1, text.size() - open - 2);
  const size_t comma = inside.find(',');
  const auto precision = ParseInt64(inside.substr(0, comma));
  const auto scale = comma == std::string_view::npos ? std::optional<int64_t>(0)
                                                     : ParseInt64(inside.substr(comma + 1));
  if (!precision || !scale || *precision < 1 || *precision > kMaxDecimalPrecision || *scale < 0 ||
      *scale > *precision) {
    return MakeError(
        ErrorKind::kInvalidPlan, kUnknownType,
        "a decimal type is decimal(precision, scale) with 1 <= precision <= 38 and 0 <= scale <= "
        "precision, not '{}'",
        text);
  }
  return arrow::decimal128(static_cast<int32_t>(*precision), static_cast<int32_t>(*scale));
}

}  // namespace

Result<std::shared_ptr<arrow::DataType>> ParseType(std::string_view text) {
  constexpr size_t kLongestName = 200;
  const std::string name = LowerAscii(TrimBlanks(text.substr(0, kLongestName)));
  const auto found = NamedTypes().find(name);
  if (found != NamedTypes().end()) return found->second;
  ARROW_ASSIGN_OR_RAISE(auto decimal, ParseDecimalType(name));
  if (decimal) return decimal;
  if (name.starts_with("varchar(") || name.starts_with("char(")) {
    return MakeError(ErrorKind::kInvalidPlan, kUnknownType,
                     "strings have no length limit: write string instead of '{}'", name);
  }
  std::vector<std::string> known = {"decimal"};
  for (const auto& [known_name, type] : NamedTypes()) known.push_back(known_name);
  const std::string near = NearestName(name, known);
  return MakeError(
      ErrorKind::kInvalidPlan, kUnknownType, "unknown type '{}'; {}", name,
      near.empty()
          ? "known are bool, int8 to int64, uint8 to uint64, float, double, decimal(p,s), string, "
            "binary, date, timestamp, timestamptz and time"
          : fmt::format("did you mean '{}'?", near));
}

std::string TypeText(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::DECIMAL128: {
      const auto& decimal = static_cast<const arrow::Decimal128Type&>(type);
      return fmt::format("decimal({},{})", decimal.precision(), decimal.scale());
    }
    case arrow::Type::DATE32:
      return "date";
    case arrow::Type::TIMESTAMP:
      if (type.Equals(*TimestampType())) return "timestamp";
      if (type.Equals(*TimestampTzType())) return "timestamptz";
      return type.ToString();
    case arrow::Type::TIME64:
      return type.Equals(*TimeType()) ? "time" : type.ToString();
    default:
      return type.ToString();  // Arrow's names are ours for the rest
  }
}

}  // namespace headrace::expr
