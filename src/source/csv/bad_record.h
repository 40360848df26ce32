// BadRecord: a record of a block that cannot become a row, and where its fault is.
#pragma once

#include <cstddef>
#include <cstdint>

#include "source/rejects.h"
#include "source/source.h"

namespace headrace {

// Positions are bytes of the block.
struct BadRecord {
  uint32_t begin = 0;
  uint32_t end = 0;     // one past its last byte; its line end is not part of it
  uint32_t at = 0;      // where the fault stands
  uint32_t length = 0;  // bytes of the bad value or the field that is too long
  int32_t row = 0;      // rows of the same range that come before it
  int32_t number = 0;   // bad value: column of the schema; too long: field; ragged: fields
  RejectCode code = RejectCode::kBadValue;
};

// A record that became a row all the same.
struct RepairedRecord {
  uint32_t begin = 0;
  uint32_t end = 0;  // as above
  RepairKind kind = RepairKind::kFilledUp;
};

// A range ends early when it has met so many of either, so that what is known of them is bounded.
inline constexpr size_t kBadRecordsMax = 4096;

}  // namespace headrace
