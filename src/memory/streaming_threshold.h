// How many rows a run may have to take the direct path, by the pressure on memory.
#pragma once

#include <cstdint>

#include "base/status.h"
#include "headrace/job.h"
#include "headrace/memory_monitor.h"

namespace headrace {

// High and critical pressure share a threshold: below the lowest one there is nothing to gain.
int64_t DynamicStreamingThreshold(PressureLevel level, const StreamingThresholds& thresholds);

// InvalidConfig when one is negative, or larger than that of a lower level.
Status CheckStreamingThresholds(const StreamingThresholds& thresholds);

}  // namespace headrace
