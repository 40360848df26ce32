#include "memory/streaming_threshold.h"

namespace headrace {

int64_t DynamicStreamingThreshold(PressureLevel level, const StreamingThresholds& thresholds) {
  switch (level) {
    case PressureLevel::kNormal:
      return thresholds.normal;
    case PressureLevel::kElevated:
      return thresholds.elevated;
    case PressureLevel::kHigh:
    case PressureLevel::kCritical:
      return thresholds.high;
  }
  return thresholds.high;
}

Status CheckStreamingThresholds(const StreamingThresholds& thresholds) {
  if (0 <= thresholds.high && thresholds.high <= thresholds.elevated &&
      thresholds.elevated <= thresholds.normal) {
    return Status::OK();
  }
  return MakeError(ErrorKind::kInvalidConfig, 734,
                   "streaming thresholds out of order: normal {}, elevated {}, high {} rows; "
                   "each must be at least 0 and at most the one before",
                   thresholds.normal, thresholds.elevated, thresholds.high);
}

}  // namespace headrace
