// Pipeline files: YAML text -> JobSpec. The format is documented in docs/pipeline-file.md.
#pragma once

#include <string>

#include "base/status.h"
#include "env/env.h"
#include "headrace/job.h"
#include "pipeline/variables.h"

namespace headrace {

// Reads a pipeline file. InvalidConfig with file:line:column: bad YAML, unknown or duplicate keys
// (with the nearest valid one), keys of later versions, values of the wrong kind, unset variables,
// expressions and types that do not parse. Source: the file cannot be read. Nothing else is opened.
Result<JobSpec> LoadPipeline(Env* env, const std::string& path);

// The same from text; `file` is what messages call it.
Result<JobSpec> ParsePipeline(const std::string& text, const std::string& file,
                              const EnvironmentLookup& environment);

}  // namespace headrace
