// Fuzz target: Arrow files and streams through our reader, read twice in different ways.
//
// Input: how to read twice, then the file; its first bytes say whether it is a file or a stream.
#include "fuzz/fuzz_check.h"
#include "fuzz/scan_reading.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace headrace::fuzz;  // NOLINT(google-build-using-namespace): a C function
  CheckBothReadingsOf("arrow", FuzzInput(data, size));
  return 0;
}
