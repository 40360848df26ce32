// The output form that options ask for.
#pragma once

#include <memory>

#include "sink/sink.h"
#include "sink/sink_memory.h"

namespace headrace {

// Whether the format can hold all columns, without making anything that stays. Errors: InvalidPlan
// naming the column.
Status CheckFormColumns(const SinkOptions& options, const arrow::Schema& stored);

// `pool` serves during the call only.
Result<std::shared_ptr<const OutputForm>> MakeForm(const SinkOptions& options,
                                                   const SinkMemory& memory,
                                                   std::shared_ptr<arrow::Schema> stored,
                                                   arrow::MemoryPool* pool);

}  // namespace headrace
