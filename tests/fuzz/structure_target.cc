// Fuzz target: the scanners that find fields and records, against each other and a plain parser.
//
// Input: the dialect, then the text. Built with HEADRACE_FUZZ_CANARY one scanner is wrong, once in
// a while and on purpose: a short smoke run that does not notice is not worth its time.
#include "fuzz/fuzz_check.h"
#include "fuzz/structure_agreement.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace headrace::fuzz;  // NOLINT(google-build-using-namespace): a C function
  FuzzInput input(data, size);
  const uint8_t choice = input.Byte();
  headrace::Dialect dialect;
  dialect.delimiter = static_cast<uint8_t>(",;\t|"[choice & 3]);
  dialect.quote = (choice & 4) != 0 ? '\'' : '"';
  if ((choice & 8) != 0) dialect.newline = '\r';
  if ((choice & 48) == 48) dialect.quote = headrace::kNoCharacter;
  StructureAgreement agreement;
  const std::string difference = agreement.Check(input.Rest(), dialect);
  FUZZ_CHECK(difference.empty(), "{}", difference);
  return 0;
}
