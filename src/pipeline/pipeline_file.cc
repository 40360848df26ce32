#include "pipeline/pipeline_file.h"

#include <algorithm>
#include <cstdlib>

#include "pipeline/tables.h"
#include "pipeline/yaml_document.h"

namespace headrace {
namespace {

std::optional<std::string> ProcessEnvironment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value ? std::optional<std::string>(value) : std::nullopt;
}

}  // namespace

Result<JobSpec> ParsePipeline(const std::string& text, const std::string& file,
                              const EnvironmentLookup& environment) {
  ARROW_ASSIGN_OR_RAISE(YamlNode root, ParseYaml(text, file));
  VariableExpander variables(file, environment);
  for (const auto& [key, value] : root.entries) {
    if (key.text == "vars") ARROW_RETURN_NOT_OK(variables.DefineVars(value));
  }
  for (auto& [key, value] : root.entries) {
    if (key.text != "vars") ARROW_RETURN_NOT_OK(variables.ExpandTree(&value));
  }
  JobSpec job;
  ARROW_RETURN_NOT_OK(ReadPipeline(root, ReadContext{file, environment}, &job));
  return job;
}

Result<JobSpec> LoadPipeline(Env* env, const std::string& path) {
  // One byte more than the cap, so that a file beyond it is told as such by the parser.
  ARROW_ASSIGN_OR_RAISE(std::string text, env->ReadWholeFile(path, kPipelineFileBytesMax + 1));
  return ParsePipeline(text, path, ProcessEnvironment);
}

}  // namespace headrace
