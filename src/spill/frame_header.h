// What stands before every spilled frame.
#pragma once

#include <cstdint>

namespace headrace {

struct SpillFrameHeader {
  static constexpr uint32_t kMagic = 0x46535248;  // "HRSF"

  uint32_t magic = kMagic;
  uint32_t compressed = 0;    // 0 or 1
  uint64_t stored_bytes = 0;  // of the payload
  uint64_t raw_bytes = 0;
  uint64_t checksum = 0;  // XXH3 of the payload as stored, with `compressed` as its seed
};
static_assert(sizeof(SpillFrameHeader) == 32);

}  // namespace headrace
