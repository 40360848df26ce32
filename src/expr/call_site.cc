// How arguments come to the types a function wants.
#include <numeric>

#include "expr/function_table.h"

namespace headrace::expr {
namespace {

// Text constants may stand for dates and times, since those have no other short form; never for
// numbers.
bool ReadsAsTime(const BoundExpr& arg, const arrow::DataType& type) {
  return arg.is_literal() && arg.type()->id() == arrow::Type::STRING && IsTemporal(type);
}

// An integer constant whose value fits takes the type of the integers beside it: always beside
// uint64, which would become a decimal otherwise; in comparisons beside all, so that no column is
// widened for a constant.
bool Follows(const BoundExpr& arg, const TypePtr& type, CallSite::Meeting meeting) {
  if (!arg.is_literal() || !arg.literal()->is_valid || !IsInteger(*arg.type()) || !IsInteger(*type))
    return false;
  if (meeting == CallSite::Meeting::kValues && type->id() != arrow::Type::UINT64) return false;
  const auto cast = CastNode(arg.shared_from_this(), type, OnFailure::kError, arg.syntax_ptr());
  return cast && cast->is_literal();
}

}  // namespace

Status CallSite::Coerce(size_t index, const TypePtr& type) {
  const BoundExprPtr& arg = args_[index];
  const bool text_constant = ReadsAsTime(*arg, *type);
  auto cast = CastNode(arg, type, OnFailure::kError, arg->syntax_ptr());
  if (!cast) {
    return Error(index, kTypeMismatch,
                 fmt::format("{} cannot be used as {}", TypeText(*arg->type()), TypeText(*type)));
  }
  if (text_constant && !cast->is_literal()) {
    return Error(index, kBadConstant, fmt::format("not a {}", TypeText(*type)),
                 type->id() == arrow::Type::DATE32
                     ? "dates are written 'yyyy-MM-dd'"
                     : "timestamps are written 'yyyy-MM-dd HH:mm:ss'");
  }
  args_[index] = std::move(cast);
  return Status::OK();
}

Result<TypePtr> CallSite::CoerceToCommon(Meeting meeting) {
  std::vector<size_t> indexes(args_.size());
  std::iota(indexes.begin(), indexes.end(), size_t{0});
  return CoerceToCommon(indexes, meeting);
}

Result<TypePtr> CallSite::CoerceToCommon(const std::vector<size_t>& indexes, Meeting meeting) {
  TypePtr common = arrow::null();
  // Constants that follow the others' type are looked at last.
  for (const bool constants : {false, true}) {
    for (const size_t i : indexes) {
      const BoundExpr& arg = *args_[i];
      const bool follows =
          arg.is_literal() && (arg.type()->id() == arrow::Type::STRING || IsInteger(*arg.type()));
      if (follows != constants || ReadsAsTime(arg, *common)) continue;
      if (Follows(arg, common, meeting)) continue;
      const TypePtr met = CommonType(common, arg.type());
      if (!met) {
        const bool decimals = IsNumeric(*common) && IsNumeric(*arg.type());
        return Error(i, decimals ? kDecimalTooWide : kTypeMismatch,
                     decimals ? fmt::format("{} and {} need more than 38 digits together",
                                            TypeText(*common), TypeText(*arg.type()))
                              : fmt::format("{} does not go with {}", TypeText(*arg.type()),
                                            TypeText(*common)),
                     "bring both to one type with CAST(x AS type)");
      }
      common = met;
    }
  }
  for (const size_t i : indexes) ARROW_RETURN_NOT_OK(Coerce(i, common));
  return common;
}

std::string_view CallSite::text(size_t index) const {
  return static_cast<const arrow::BaseBinaryScalar&>(*args_[index]->literal()).view();
}

int64_t CallSite::integer(size_t index) const {
  return static_cast<const arrow::Int64Scalar&>(*args_[index]->literal()).value;
}

Status CallSite::Error(size_t index, ErrorCode code, std::string_view what,
                       std::string_view advice) const {
  return ErrorAt(args_[index]->syntax(), code, what, advice);
}

Status CallSite::Error(ErrorCode code, std::string_view what, std::string_view advice) const {
  return ErrorAt(*syntax_, code, what, advice);
}

}  // namespace headrace::expr
