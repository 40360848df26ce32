#include "fuzz/fuzz_check.h"

#include <cstdio>
#include <cstdlib>

namespace headrace::fuzz {

void Fail(const char* file, int line, const std::string& what) {
  std::fprintf(stderr, "%s:%d: fuzz check failed: %s\n", file, line, what.c_str());
  std::abort();
}

void CheckError(const Status& status) {
  if (status.IsOutOfMemory()) return;
  FUZZ_CHECK(GetErrorKind(status) != ErrorKind::kInternal, "{}", status.ToString());
  FUZZ_CHECK(GetErrorCode(status) != 0, "{}", status.ToString());
  FUZZ_CHECK(!status.message().empty(), "no text");
  FUZZ_CHECK(FormatError(status).find('\n') == std::string::npos, "{}", status.message());
}

}  // namespace headrace::fuzz
