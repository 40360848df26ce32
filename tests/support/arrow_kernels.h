// Arrow's compute functions, registered before any test runs.
#pragma once

#include <arrow/compute/initialize.h>

namespace headrace::testing {

inline const bool kKernels = arrow::compute::Initialize().ok();

}  // namespace headrace::testing
