#include "source/csv/structure_scan.h"

namespace headrace {

int64_t FlattenStructurePortable(const uint64_t* bits, int64_t begin, int64_t end, int64_t wanted,
                                 uint32_t* out);
int64_t FlattenStructureAvx2(const uint64_t* bits, int64_t begin, int64_t end, int64_t wanted,
                             uint32_t* out);

bool CanScanAvx2() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2") &&
         __builtin_cpu_supports("pclmul");
#else
  return false;
#endif
}

bool CanScanAvx512() {
#if defined(__x86_64__)
  return CanScanAvx2() && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
#else
  return false;
#endif
}

bool CanScanNeon() {
#if defined(__aarch64__)
  return true;
#else
  return false;
#endif
}

#if !defined(__aarch64__)
StructureScan ScanStructureNeon(const uint8_t* text, int64_t length, const Dialect& dialect,
                                uint64_t* bits) {
  return ScanStructurePortable(text, length, dialect, bits);
}
#endif

#if !defined(__x86_64__)
StructureScan ScanStructureAvx2(const uint8_t* text, int64_t length, const Dialect& dialect,
                                uint64_t* bits) {
  return ScanStructurePortable(text, length, dialect, bits);
}
StructureScan ScanStructureAvx512(const uint8_t* text, int64_t length, const Dialect& dialect,
                                  uint64_t* bits) {
  return ScanStructurePortable(text, length, dialect, bits);
}
int64_t FlattenStructureAvx2(const uint64_t* bits, int64_t begin, int64_t end, int64_t wanted,
                             uint32_t* out) {
  return FlattenStructurePortable(bits, begin, end, wanted, out);
}
#endif

int64_t FlattenStructure(const uint64_t* bits, int64_t begin, int64_t end, int64_t wanted,
                         uint32_t* out) {
  static const auto flatten = CanScanAvx2() ? FlattenStructureAvx2 : FlattenStructurePortable;
  return flatten(bits, begin, end, wanted, out);
}

StructureScanner BestParityScanner() {
  static const StructureScanner best = CanScanAvx512() ? ScanStructureAvx512
                                       : CanScanAvx2() ? ScanStructureAvx2
                                       : CanScanNeon() ? ScanStructureNeon
                                                       : ScanStructurePortable;
  return best;
}

std::string_view BestParityScannerName() {
  if (CanScanAvx512()) return "AVX-512";
  if (CanScanAvx2()) return "AVX2";
  return CanScanNeon() ? "NEON" : "portable";
}

StructureScan ScanStructure(const uint8_t* text, int64_t length, const Dialect& dialect,
                            uint64_t* bits) {
  if (dialect.parity_decides()) {
    const StructureScan scan = BestParityScanner()(text, length, dialect, bits);
    if (scan.regular) return scan;
  }
  return ScanStructureByState(text, length, dialect, bits);
}

}  // namespace headrace
