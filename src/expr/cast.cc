#include "expr/cast.h"

#include <arrow/array/util.h>

#include "expr/errors.h"
#include "expr/expr.h"

namespace headrace::expr {
namespace {

Kernel NullKernel(const TypePtr& to) {
  return [to](const KernelCall& call) -> Result<Datum> {
    if (call.args[0].is_scalar()) return Datum(arrow::MakeNullScalar(to));
    ARROW_ASSIGN_OR_RAISE(auto array, arrow::MakeArrayOfNull(to, call.rows, call.pool()));
    return Datum(std::move(array));
  };
}

Kernel IdentityKernel() {
  return [](const KernelCall& call) -> Result<Datum> { return call.args[0]; };
}

Status NoSuchCast(const arrow::DataType& from, const arrow::DataType& to) {
  return MakeError(ErrorKind::kInvalidPlan, kNoSuchCast, "no cast from {} to {}", TypeText(from),
                   TypeText(to));
}

}  // namespace

std::optional<CastRule> FindCast(const TypePtr& from, const TypePtr& to, OnFailure on_failure) {
  if (from->Equals(*to)) return CastRule{IdentityKernel()};
  if (!IsSupported(*to) || IsNull(*to)) return std::nullopt;
  if (IsNull(*from)) return CastRule{NullKernel(to)};
  if (!IsSupported(*from)) {
    // Other layouts of our types: only into the type they are read as.
    const TypePtr normal = NormalType(from);
    if (normal && normal->Equals(*to)) return CastRule{ArrowCastKernel(to), true};
    return std::nullopt;
  }
  if (from->id() == arrow::Type::STRING) return FindCastFromText(to, on_failure);
  if (to->id() == arrow::Type::STRING) return FindCastToText(from, on_failure);
  if (IsTemporal(*from) || IsTemporal(*to)) return FindTimeCast(from, to, on_failure);
  return FindNumberCast(from, to, on_failure);
}

Status CheckCast(const arrow::DataType& from, const arrow::DataType& to) {
  const TypePtr source = NormalType(from.GetSharedPtr());
  if (source && FindCast(source, to.GetSharedPtr(), OnFailure::kError)) return Status::OK();
  return NoSuchCast(from, to);
}

Result<std::shared_ptr<arrow::Array>> CastColumn(const std::shared_ptr<arrow::Array>& column,
                                                 const std::shared_ptr<arrow::DataType>& type,
                                                 arrow::MemoryPool* pool) {
  // The expression evaluator does the casting, so that a failure names the value.
  ExprFields fields;
  fields.kind = ExprKind::kColumn;
  fields.name = "value";
  ExprFields cast;
  cast.kind = ExprKind::kCast;
  cast.type = type;
  cast.children = {std::make_shared<const Expr>(std::move(fields))};
  const auto schema = arrow::schema({arrow::field("value", column->type())});
  ARROW_RETURN_NOT_OK(CheckCast(*column->type(), *type));
  ARROW_ASSIGN_OR_RAISE(auto bound, Bind(std::make_shared<const Expr>(std::move(cast)), *schema));
  return Evaluate(*bound, *arrow::RecordBatch::Make(schema, column->length(), {column}), pool);
}

}  // namespace headrace::expr
