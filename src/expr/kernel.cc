#include "expr/kernel.h"

#include <arrow/array/util.h>
#include <arrow/compute/cast.h>
#include <arrow/compute/function.h>
#include <arrow/compute/initialize.h>
#include <arrow/compute/registry.h>

#include <mutex>

#include "expr/errors.h"

namespace headrace::expr {

void EnsureKernelsRegistered() {
  static std::once_flag once;
  std::call_once(once, [] { HEADRACE_CHECK(arrow::compute::Initialize().ok()); });
}

Status MakeValueError(std::string_view what) {
  return MakeErrorFromMessage(ErrorKind::kBadInput, kValueError, std::string(what));
}

namespace {

std::shared_ptr<arrow::compute::Function> FindArrowFunction(const char* name) {
  EnsureKernelsRegistered();
  auto function = arrow::compute::GetFunctionRegistry()->GetFunction(name);
  HEADRACE_CHECK(function.ok());  // names are constants of this library
  return function.MoveValueUnsafe();
}

// Arrow reports bad values as Invalid; memory and the like keep their kind.
Status AsValueError(const Status& status) {
  if (status.ok() || !status.IsInvalid() || GetErrorCode(status) != 0) return status;
  if (status.message() == "overflow") return MakeValueError("the result is out of range");
  if (status.message() == "divide by zero") return MakeValueError("division by zero");
  return MakeValueError(status.message());
}

}  // namespace

Kernel ArrowKernel(const char* name, std::shared_ptr<arrow::compute::FunctionOptions> options) {
  return [function = FindArrowFunction(name),
          options = std::move(options)](const KernelCall& call) -> Result<Datum> {
    auto out = function->Execute(call.args, options.get(), call.context);
    return out.ok() ? std::move(out) : AsValueError(out.status());
  };
}

Kernel ArrowCastKernel(const TypePtr& to) {
  EnsureKernelsRegistered();
  auto options = arrow::compute::CastOptions::Safe(to);
  options.allow_float_truncate = true;
  options.allow_time_truncate = true;
  return [options](const KernelCall& call) -> Result<Datum> {
    auto out = arrow::compute::Cast(call.args[0], options, call.context);
    return out.ok() ? std::move(out) : AsValueError(out.status());
  };
}

Result<Datum> CallArrow(const char* name, std::vector<Datum> args,
                        arrow::compute::ExecContext* context,
                        const arrow::compute::FunctionOptions* options) {
  auto out = arrow::compute::CallFunction(name, args, options, context);
  return out.ok() ? std::move(out) : AsValueError(out.status());
}

Result<std::shared_ptr<arrow::Array>> ToArray(const Datum& value, int64_t rows,
                                              arrow::MemoryPool* pool) {
  if (value.is_array()) return value.make_array();
  if (value.is_scalar()) return arrow::MakeArrayFromScalar(*value.scalar(), rows, pool);
  return MakeError(ErrorKind::kInternal, 900, "a kernel gave neither an array nor a scalar: {}",
                   value.ToString());
}

}  // namespace headrace::expr
