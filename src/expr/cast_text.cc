// Casts from and to text.
#include <arrow/util/utf8.h>

#include "expr/cast.h"
#include "expr/operand.h"

namespace headrace::expr {
namespace {

// A kernel out of `parse(text) -> optional<value>` for values stored as T.
template <typename T, typename Parse>
CastRule FromText(const TypePtr& to, OnFailure on_failure, std::string what, Parse parse) {
  return CastRule{[=](const KernelCall& call) -> Result<Datum> {
                    ARROW_ASSIGN_OR_RAISE(auto operands, MakeOperands(call));
                    return MapFixed<T>(call, to, operands, {on_failure, what},
                                       [&](int64_t row, T* out) {
                                         const auto value = parse(operands[0].text(row));
                                         if (value) *out = static_cast<T>(*value);
                                         return value.has_value();
                                       });
                  },
                  on_failure == OnFailure::kError};
}

CastRule TextToInteger(const TypePtr& to, OnFailure on_failure) {
  const std::string what = "the text is not a whole number in the range of the type";
  return VisitIntegerType(to->id(), [&](auto tag) {
    using T = decltype(tag);
    return FromText<T>(to, on_failure, what, [](std::string_view text) -> std::optional<T> {
      if constexpr (std::is_same_v<T, uint64_t>) return ParseUInt64(text);
      const auto value = ParseInt64(text);
      if (!value) return std::nullopt;
      const bool fits = std::in_range<T>(*value);
      return fits ? std::optional(static_cast<T>(*value)) : std::nullopt;
    });
  });
}

CastRule TextToBool(OnFailure on_failure) {
  return CastRule{[=](const KernelCall& call) -> Result<Datum> {
                    ARROW_ASSIGN_OR_RAISE(auto operands, MakeOperands(call));
                    return MapBool(
                        call, operands,
                        {on_failure, "the text is not a boolean (true t yes y 1, false f no n 0)"},
                        [&](int64_t row, bool* out) {
                          const auto value = ParseBool(operands[0].text(row));
                          if (value) *out = *value;
                          return value.has_value();
                        });
                  },
                  on_failure == OnFailure::kError};
}

// The same bytes under the other type; text must be UTF-8.
CastRule Relabel(const TypePtr& to, OnFailure on_failure) {
  const bool check = to->id() == arrow::Type::STRING;
  return CastRule{[=](const KernelCall& call) -> Result<Datum> {
                    ARROW_ASSIGN_OR_RAISE(auto operands, MakeOperands(call));
                    return MapText(call, to, operands,
                                   {on_failure, "the bytes are not valid UTF-8"},
                                   [&](int64_t row, TextWriter* out) {
                                     const std::string_view bytes = operands[0].text(row);
                                     if (check && !arrow::util::ValidateUTF8(bytes)) return false;
                                     out->Append(bytes);
                                     return true;
                                   });
                  },
                  check && on_failure == OnFailure::kError};
}

// A kernel out of `append(operand, row, string*)`.
template <typename Append>
CastRule ToText(Append append) {
  return CastRule{[append](const KernelCall& call) -> Result<Datum> {
    ARROW_ASSIGN_OR_RAISE(auto operands, MakeOperands(call));
    std::string text;
    return MapText(call, arrow::utf8(), operands, {}, [&](int64_t row, TextWriter* out) {
      text.clear();
      append(operands[0], row, &text);
      out->Append(text);
      return true;
    });
  }};
}

}  // namespace

std::optional<CastRule> FindCastFromText(const TypePtr& to, OnFailure on_failure) {
  switch (to->id()) {
    case arrow::Type::BOOL:
      return TextToBool(on_failure);
    case arrow::Type::FLOAT:
      return FromText<float>(to, on_failure, "the text is not a number", ParseFloat);
    case arrow::Type::DOUBLE:
      return FromText<double>(to, on_failure, "the text is not a number", ParseDouble);
    case arrow::Type::DECIMAL128:
      return FromText<Int128>(
          to, on_failure, "the text is not a number that fits the decimal type",
          [precision = Precision(*to), scale = Scale(*to)](std::string_view text) {
            return ParseDecimal(text, precision, scale);
          });
    case arrow::Type::DATE32:
      return FromText<int32_t>(to, on_failure, "the text is not a date yyyy-MM-dd", ParseDate);
    case arrow::Type::TIME64:
      return FromText<int64_t>(to, on_failure, "the text is not a time HH:mm[:ss[.ffffff]]",
                               ParseTime);
    case arrow::Type::TIMESTAMP:
      if (to->Equals(*TimestampType())) {
        return FromText<int64_t>(
            to, on_failure,
            "the text is not a timestamp yyyy-MM-dd HH:mm[:ss[.ffffff]] without an offset",
            ParseTimestamp);
      }
      return FromText<int64_t>(to, on_failure,
                               "the text is not a timestamp yyyy-MM-dd HH:mm[:ss[.ffffff]][+HH:mm]",
                               ParseTimestampTz);
    case arrow::Type::BINARY:
      return Relabel(to, on_failure);
    default:
      if (IsInteger(*to)) return TextToInteger(to, on_failure);
      return std::nullopt;
  }
}

std::optional<CastRule> FindCastToText(const TypePtr& from, OnFailure on_failure) {
  switch (from->id()) {
    case arrow::Type::BOOL:
      return ToText([](const Operand& in, int64_t row, std::string* out) {
        *out += in.boolean(row) ? "true" : "false";
      });
    case arrow::Type::FLOAT:
      return ToText([](const Operand& in, int64_t row, std::string* out) {
        AppendFloat(in.value<float>(row), out);
      });
    case arrow::Type::DOUBLE:
      return ToText([](const Operand& in, int64_t row, std::string* out) {
        AppendDouble(in.value<double>(row), out);
      });
    case arrow::Type::DECIMAL128:
      return ToText([scale = Scale(*from)](const Operand& in, int64_t row, std::string* out) {
        AppendDecimal(in.decimal(row), scale, out);
      });
    case arrow::Type::DATE32:
      return ToText([](const Operand& in, int64_t row, std::string* out) {
        AppendDate(in.value<int32_t>(row), out);
      });
    case arrow::Type::TIME64:
      return ToText([](const Operand& in, int64_t row, std::string* out) {
        AppendTime(in.value<int64_t>(row), out);
      });
    case arrow::Type::TIMESTAMP:
      return ToText([](const Operand& in, int64_t row, std::string* out) {
        AppendTimestamp(in.value<int64_t>(row), out);
      });
    case arrow::Type::BINARY:
      return Relabel(arrow::utf8(), on_failure);
    default:
      if (!IsInteger(*from)) return std::nullopt;
      return ToText([](const Operand& in, int64_t row, std::string* out) {
        AppendDecimal(in.integer(row), 0, out);
      });
  }
}

}  // namespace headrace::expr
