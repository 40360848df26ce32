#if defined(__x86_64__)
#include <immintrin.h>

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

#include "source/csv/structure_scan.h"

// Everything below may use these instructions; callers ask CanScanAvx2 first.
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2,lzcnt,popcnt,pclmul"))), \
                             apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,bmi,bmi2,lzcnt,popcnt,pclmul")
#endif
#include "source/csv/structure_kernel.h"

namespace headrace {
namespace {

class Avx2Lanes {
 public:
  explicit Avx2Lanes(const uint8_t* text)
      : low_(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(text))),
        high_(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(text + 32))) {}
  uint64_t Equal(uint8_t byte) const {
    const __m256i pattern = _mm256_set1_epi8(static_cast<char>(byte));
    return Join(_mm256_cmpeq_epi8(low_, pattern), _mm256_cmpeq_epi8(high_, pattern));
  }
  uint64_t HighBits() const { return Join(low_, high_); }
  static uint64_t PrefixXor(uint64_t bits) {
    const __m128i ones = _mm_set1_epi8('\xff');
    return static_cast<uint64_t>(_mm_cvtsi128_si64(
        _mm_clmulepi64_si128(_mm_set_epi64x(0, static_cast<int64_t>(bits)), ones, 0)));
  }

 private:
  static uint64_t Join(__m256i low, __m256i high) {
    return static_cast<uint32_t>(_mm256_movemask_epi8(low)) |
           static_cast<uint64_t>(static_cast<uint32_t>(_mm256_movemask_epi8(high))) << 32;
  }
  __m256i low_;
  __m256i high_;
};

}  // namespace

StructureScan ScanStructureAvx2(const uint8_t* text, int64_t length, const Dialect& dialect,
                                uint64_t* bits) {
  return ScanByParity<Avx2Lanes>(text, length, dialect, bits);
}

int64_t FlattenStructureAvx2(const uint64_t* bits, int64_t begin, int64_t end, int64_t wanted,
                             uint32_t* out) {
  return FlattenWords(bits, begin, end, wanted, out);
}

}  // namespace headrace
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
