// Kernels: what computes one node's values for a batch.
#pragma once

#include <arrow/compute/exec.h>
#include <arrow/compute/function_options.h>
#include <arrow/datum.h>

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "expr/types.h"

namespace headrace::expr {

using arrow::Datum;

// One call: scalars stand for a value repeated over all rows. With scalars alone `rows` is 1.
struct KernelCall {
  const std::vector<Datum>& args;
  int64_t rows;
  arrow::compute::ExecContext* context;
  arrow::MemoryPool* pool() const { return context->memory_pool(); }
};

// Gives an array of `rows` values, or a scalar. Any thread; state is captured when the kernel is
// made and never changes. A value that cannot be computed is reported as MakeValueError("what");
// the evaluator finds the row and names it.
using Kernel = std::function<Result<Datum>(const KernelCall&)>;

// kError: the whole evaluation fails. kNull: the row's result is NULL (TRY_CAST, try_divide).
enum class OnFailure : uint8_t { kError, kNull };

Status MakeValueError(std::string_view what);

// An Arrow compute function by name. Errors it raises are value errors.
Kernel ArrowKernel(const char* name,
                   std::shared_ptr<arrow::compute::FunctionOptions> options = nullptr);
// Arrow's cast, for pairs where it gives exactly our values.
Kernel ArrowCastKernel(const TypePtr& to);

// Calls an Arrow compute function from inside another kernel.
Result<Datum> CallArrow(const char* name, std::vector<Datum> args,
                        arrow::compute::ExecContext* context,
                        const arrow::compute::FunctionOptions* options = nullptr);

// The value as an array of `rows`.
Result<std::shared_ptr<arrow::Array>> ToArray(const Datum& value, int64_t rows,
                                              arrow::MemoryPool* pool);

// arrow::compute::Initialize, once per process.
void EnsureKernelsRegistered();

}  // namespace headrace::expr
