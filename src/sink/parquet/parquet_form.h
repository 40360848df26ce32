// Parquet as an output form: row groups are its chunks.
#pragma once

#include <memory>

#include "sink/output_form.h"
#include "sink/parquet/layout.h"

namespace headrace {

// `pool` serves during the call only. Errors: InvalidPlan as ParquetLayout::Make.
Result<std::shared_ptr<const OutputForm>> MakeParquetForm(std::shared_ptr<arrow::Schema> schema,
                                                          const ParquetOptions& options,
                                                          arrow::MemoryPool* pool);
std::shared_ptr<const OutputForm> MakeParquetForm(std::shared_ptr<const ParquetLayout> layout);

}  // namespace headrace
