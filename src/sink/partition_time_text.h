// Dates, times and timestamps as partition texts.
#pragma once

#include <arrow/array.h>

#include <string>

#include "base/status.h"

namespace headrace {

// "2024-02-29", "13:05:00", "2024-02-29 13:05:00.25": ISO 8601 with a blank between day and time,
// as other writers of such directories do; a fraction only where there is one, without trailing
// zeros. Timestamps with a zone are told in UTC. Errors: BadInput for years outside 0001 to 9999.
Result<std::string> PartitionTimeText(const arrow::Array& values, int64_t row);

}  // namespace headrace
