// Fuzz target: pipeline files. Any text is a job or an error that names a place in the file.
#include "fuzz/fuzz_check.h"
#include "pipeline/pipeline_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace headrace;        // NOLINT(google-build-using-namespace): a C function
  using namespace headrace::fuzz;  // NOLINT(google-build-using-namespace)
  const auto environment = [](const std::string& name) {
    return name == "X" ? std::optional<std::string>("value") : std::nullopt;
  };
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto job = ParsePipeline(text, "p.yaml", environment);
  if (job.ok()) return 0;
  CheckError(job.status());
  FUZZ_CHECK(job.status().message().find("p.yaml") != std::string::npos, "{}",
             job.status().message());
  return 0;
}
