// NEON is part of every 64-bit ARM processor, so nothing is asked at run time.
#if defined(__aarch64__)
#include <arm_neon.h>

#include "source/csv/structure_kernel.h"

namespace headrace {
namespace {

class NeonLanes {
 public:
  explicit NeonLanes(const uint8_t* text)
      : bytes_{vld1q_u8(text), vld1q_u8(text + 16), vld1q_u8(text + 32), vld1q_u8(text + 48)} {}
  uint64_t Equal(uint8_t byte) const {
    const uint8x16_t pattern = vdupq_n_u8(byte);
    return Gather(vceqq_u8(bytes_[0], pattern), vceqq_u8(bytes_[1], pattern),
                  vceqq_u8(bytes_[2], pattern), vceqq_u8(bytes_[3], pattern));
  }
  uint64_t HighBits() const {
    const uint8x16_t high = vdupq_n_u8(0x80);
    return Gather(vcgeq_u8(bytes_[0], high), vcgeq_u8(bytes_[1], high), vcgeq_u8(bytes_[2], high),
                  vcgeq_u8(bytes_[3], high));
  }
  // By shifts: the carry-less product is an extension that not all of them have.
  static uint64_t PrefixXor(uint64_t bits) {
    for (int shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
    return bits;
  }

 private:
  // Of 64 bytes that are all ones or all zeros, one bit each: every byte keeps the bit of its place
  // among eight, then neighbours are added three times.
  static uint64_t Gather(uint8x16_t a, uint8x16_t b, uint8x16_t c, uint8x16_t d) {
    const uint8x16_t place = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    const uint8x16_t low = vpaddq_u8(vandq_u8(a, place), vandq_u8(b, place));
    const uint8x16_t high = vpaddq_u8(vandq_u8(c, place), vandq_u8(d, place));
    const uint8x16_t fours = vpaddq_u8(low, high);
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(fours, fours)), 0);
  }
  uint8x16_t bytes_[4];
};

}  // namespace

StructureScan ScanStructureNeon(const uint8_t* text, int64_t length, const Dialect& dialect,
                                uint64_t* bits) {
  return ScanByParity<NeonLanes>(text, length, dialect, bits);
}

}  // namespace headrace
#endif
