// Fuzz target: Parquet files through our reader, read twice in different ways.
//
// Input: how to read twice, then the file. A file that no one can read is an error, never a crash.
#include "fuzz/fuzz_check.h"
#include "fuzz/scan_reading.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace headrace::fuzz;  // NOLINT(google-build-using-namespace): a C function
  CheckBothReadingsOf("parquet", FuzzInput(data, size));
  return 0;
}
