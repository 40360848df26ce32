#if defined(__x86_64__)
#include <immintrin.h>

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

#include "source/csv/structure_scan.h"

// Everything below may use these instructions; callers ask CanScanAvx512 first.
#if defined(__clang__)
#pragma clang attribute push(                                                               \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx2,bmi,bmi2,lzcnt,popcnt,pclmul"))), \
    apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx2,bmi,bmi2,lzcnt,popcnt,pclmul")
#endif
#include "source/csv/structure_kernel.h"

namespace headrace {
namespace {

class Avx512Lanes {
 public:
  explicit Avx512Lanes(const uint8_t* text) : bytes_(_mm512_loadu_si512(text)) {}
  uint64_t Equal(uint8_t byte) const {
    return _mm512_cmpeq_epi8_mask(bytes_, _mm512_set1_epi8(static_cast<char>(byte)));
  }
  uint64_t HighBits() const { return _mm512_movepi8_mask(bytes_); }
  static uint64_t PrefixXor(uint64_t bits) {
    const __m128i ones = _mm_set1_epi8('\xff');
    return static_cast<uint64_t>(_mm_cvtsi128_si64(
        _mm_clmulepi64_si128(_mm_set_epi64x(0, static_cast<int64_t>(bits)), ones, 0)));
  }

 private:
  __m512i bytes_;
};

}  // namespace

StructureScan ScanStructureAvx512(const uint8_t* text, int64_t length, const Dialect& dialect,
                                  uint64_t* bits) {
  return ScanByParity<Avx512Lanes>(text, length, dialect, bits);
}

}  // namespace headrace
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
