// Checks one argument against its parameter's class.
#include "expr/binder.h"

namespace headrace::expr {
namespace {

struct ParamRule {
  const char* wanted;
  bool (*accepts)(const arrow::DataType&);
  TypePtr target;  // null: the type stays
};

const ParamRule& RuleOf(Param param) {
  using arrow::DataType;
  static const auto kNumberTest = [](const DataType& type) { return IsNumeric(type); };
  static const auto kDateTest = [](const DataType& type) {
    return type.id() == arrow::Type::DATE32 || IsTimestamp(type);
  };
  static const ParamRule kAny{"any type", [](const DataType&) { return true; }, nullptr};
  static const ParamRule kBool{"a boolean",
                               [](const DataType& type) { return type.id() == arrow::Type::BOOL; },
                               arrow::boolean()};
  static const ParamRule kNumber{"a number", kNumberTest, nullptr};
  static const ParamRule kInteger{
      "a whole number", [](const DataType& type) { return IsInteger(type); }, arrow::int64()};
  static const ParamRule kDouble{"a number", kNumberTest, arrow::float64()};
  static const ParamRule kText{
      "text", [](const DataType& type) { return type.id() == arrow::Type::STRING; }, arrow::utf8()};
  static const ParamRule kTextOrBinary{
      "text or binary", [](const DataType& type) { return arrow::is_binary_like(type.id()); },
      nullptr};
  static const ParamRule kDate{
      "a date", [](const DataType& type) { return type.id() == arrow::Type::DATE32; },
      arrow::date32()};
  static const ParamRule kTimestamp{
      "a timestamp", [](const DataType& type) { return IsTimestamp(type); }, nullptr};
  static const ParamRule kDateOrTimestamp{"a date or timestamp", kDateTest, nullptr};
  static const ParamRule kTemporal{"a date, timestamp or time",
                                   [](const DataType& type) { return IsTemporal(type); }, nullptr};
  switch (param) {
    case Param::kAny:
      return kAny;
    case Param::kBool:
      return kBool;
    case Param::kNumber:
      return kNumber;
    case Param::kInteger:
    case Param::kConstantInteger:
      return kInteger;
    case Param::kDouble:
      return kDouble;
    case Param::kText:
    case Param::kConstantText:
      return kText;
    case Param::kTextOrBinary:
      return kTextOrBinary;
    case Param::kDate:
      return kDate;
    case Param::kTimestamp:
      return kTimestamp;
    case Param::kDateOrTimestamp:
      return kDateOrTimestamp;
    case Param::kTemporal:
      return kTemporal;
  }
  return kAny;
}

// What an untyped NULL becomes where any type of a class would do.
TypePtr DefaultType(Param param) {
  switch (param) {
    case Param::kNumber:
      return arrow::float64();
    case Param::kTextOrBinary:
      return arrow::utf8();
    case Param::kTimestamp:
    case Param::kDateOrTimestamp:
    case Param::kTemporal:
      return TimestampType();
    default:
      return nullptr;
  }
}

bool IsOperator(const Function& function) {
  return !std::isalpha(static_cast<unsigned char>(function.name[0]));
}

}  // namespace

Status Binder::CheckParameter(CallSite* site, size_t index, Param param) {
  const ParamRule& rule = RuleOf(param);
  const TypePtr type = site->type(index);
  const std::string place =
      IsOperator(site->function())
          ? fmt::format("an operand of {}", site->function().name)
          : fmt::format("argument {} of {}", index + 1, site->function().name);
  if (!IsSupported(*type)) {
    const bool only_passed_on = param == Param::kAny;
    if (only_passed_on) return Status::OK();
    return site->Error(index, kTypeMismatch,
                       fmt::format("{} is of type {}, which expressions cannot compute with", place,
                                   type->ToString()));
  }
  const TypePtr target = rule.target ? rule.target : DefaultType(param);
  if (IsNull(*type)) {
    if (target) ARROW_RETURN_NOT_OK(site->Coerce(index, target));
  } else if (param == Param::kDate && site->args()[index]->is_literal() &&
             type->id() == arrow::Type::STRING) {
    ARROW_RETURN_NOT_OK(site->Coerce(index, target));
  } else if (param == Param::kDateOrTimestamp && site->args()[index]->is_literal() &&
             type->id() == arrow::Type::STRING) {
    const bool is_date = site->text(index).size() <= 10;
    ARROW_RETURN_NOT_OK(site->Coerce(index, is_date ? arrow::date32() : TimestampType()));
  } else if (!rule.accepts(*type)) {
    const bool text_as_number =
        type->id() == arrow::Type::STRING && rule.accepts == RuleOf(Param::kNumber).accepts;
    return site->Error(index, kTypeMismatch,
                       fmt::format("{} must be {}, not {}", place, rule.wanted, TypeText(*type)),
                       text_as_number ? "text becomes a number only by CAST(x AS double)" : "");
  } else if (rule.target) {
    ARROW_RETURN_NOT_OK(site->Coerce(index, rule.target));
  }
  if (param != Param::kConstantText && param != Param::kConstantInteger) return Status::OK();
  const BoundExpr& arg = *site->args()[index];
  if (arg.is_literal() && arg.literal()->is_valid) return Status::OK();
  return site->Error(index, kBadConstant, fmt::format("{} must be a constant", place),
                     "it is needed before the first row is read");
}

}  // namespace headrace::expr
