// Fuzz target: the whole CSV reader, from bytes to typed columns, read twice in different ways.
//
// Input: options, two ways of reading (block bytes, rows per batch, threads), then the file.
#include "fuzz/fuzz_check.h"
#include "fuzz/scan_reading.h"

namespace headrace::fuzz {
namespace {

std::optional<char> OneOf(uint8_t choice, std::string_view characters) {
  choice %= static_cast<uint8_t>(characters.size() + 1);
  return choice == 0 ? std::nullopt : std::optional<char>(characters[choice - 1]);
}

CsvOptions OptionsFrom(FuzzInput* input, BadRows* bad_rows) {
  CsvOptions options;
  const uint8_t flags = input->Byte();
  options.all_strings = (flags & 1) != 0;
  options.quoted_empty_is_null = (flags & 2) != 0;
  if ((flags & 4) != 0) options.header = (flags & 8) != 0;
  if ((flags & 16) != 0) options.null_values = std::vector<std::string>{"NA", "-"};
  if ((flags & 32) != 0) {
    options.skip_rows = flags >> 6;
  } else if ((flags & 64) != 0) {
    *bad_rows = (flags & 128) != 0 ? BadRows::kRepair : BadRows::kQuarantine;
  }
  const uint8_t characters = input->Byte();
  options.delimiter = OneOf(characters & 3, ",;\t");
  options.quote = OneOf(characters >> 2 & 3, std::string_view("\"'\0", 3));
  options.escape = OneOf(characters >> 4 & 1, "\\");
  options.comment = OneOf(characters >> 5 & 1, "#");
  static constexpr const char* kEncodings[] = {"utf-8", "utf-16le", "latin-1"};
  if (characters >> 6 != 0) options.encoding = kEncodings[(characters >> 6) - 1];
  return options;
}

}  // namespace
}  // namespace headrace::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace headrace::fuzz;  // NOLINT(google-build-using-namespace): a C function
  FuzzInput input(data, size);
  ScanSettings options;
  options.format = "csv";
  options.csv = OptionsFrom(&input, &options.bad_rows);
  const ScanSettings one = WayToReadFrom(&input, options);
  const ScanSettings other = WayToReadFrom(&input, options);
  CheckBothReadings(input.Rest(), one, other);
  return 0;
}
