// Fuzz target: the whole JSON reader, from bytes to typed columns, read twice in different ways.
//
// Input: options, two ways of reading (block bytes, rows per batch, threads), then the file.
#include "fuzz/fuzz_check.h"
#include "fuzz/scan_reading.h"

namespace headrace::fuzz {
namespace {

ScanSettings OptionsFrom(FuzzInput* input) {
  ScanSettings settings;
  settings.format = "jsonl";
  const uint8_t flags = input->Byte();
  settings.csv.all_strings = (flags & 1) != 0;
  if ((flags & 2) != 0) settings.csv.types = {{"a", (flags & 4) != 0 ? "string" : "int64"}};
  if ((flags & 8) != 0) settings.bad_rows = BadRows::kQuarantine;
  if ((flags & 16) != 0) settings.csv.field_bytes_max = 8;
  if ((flags & 32) != 0) settings.line_column = "line";
  if ((flags & 64) != 0) settings.csv.encoding = "latin-1";
  return settings;
}

}  // namespace
}  // namespace headrace::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace headrace::fuzz;  // NOLINT(google-build-using-namespace): a C function
  FuzzInput input(data, size);
  const ScanSettings options = OptionsFrom(&input);
  const ScanSettings one = WayToReadFrom(&input, options);
  const ScanSettings other = WayToReadFrom(&input, options);
  CheckBothReadings(input.Rest(), one, other);
  return 0;
}
