#include <cstring>

#include "source/csv/structure_kernel.h"

namespace headrace {
namespace {

// Eight bytes at a time in ordinary registers.
class PortableLanes {
 public:
  explicit PortableLanes(const uint8_t* text) { std::memcpy(words_, text, 64); }
  uint64_t Equal(uint8_t byte) const {
    const uint64_t pattern = 0x0101010101010101ULL * byte;
    uint64_t bits = 0;
    for (int i = 0; i < 8; ++i) bits |= Gather(ZeroBytes(words_[i] ^ pattern)) << (8 * i);
    return bits;
  }
  uint64_t HighBits() const {
    uint64_t bits = 0;
    for (int i = 0; i < 8; ++i) bits |= Gather(words_[i] & kHigh) << (8 * i);
    return bits;
  }
  static uint64_t PrefixXor(uint64_t bits) {
    for (int shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
    return bits;
  }

 private:
  static constexpr uint64_t kHigh = 0x8080808080808080ULL;
  // The high bit of every byte that is zero, exactly (no carries between bytes).
  static uint64_t ZeroBytes(uint64_t word) {
    const uint64_t low = (word & ~kHigh) + ~kHigh;
    return ~(low | word) & kHigh;
  }
  // High bits of eight bytes into eight neighbouring bits.
  static uint64_t Gather(uint64_t high_bits) {
    return (high_bits >> 7) * 0x0102040810204080ULL >> 56;
  }
  uint64_t words_[8];
};

}  // namespace

StructureScan ScanStructurePortable(const uint8_t* text, int64_t length, const Dialect& dialect,
                                    uint64_t* bits) {
  return ScanByParity<PortableLanes>(text, length, dialect, bits);
}

int64_t FlattenStructurePortable(const uint64_t* bits, int64_t begin, int64_t end, int64_t wanted,
                                 uint32_t* out) {
  return FlattenWords(bits, begin, end, wanted, out);
}

}  // namespace headrace
