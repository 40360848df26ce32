// Readers of the sections of a pipeline file; each fills in its part of the job.
#pragma once

#include <string>

#include "headrace/job.h"
#include "pipeline/key_table.h"

namespace headrace {

Status ReadResources(const YamlNode& value, const ReadContext& context, ResourceSpec* out);
Status ReadSources(const YamlNode& value, const ReadContext& context, std::vector<InputSpec>* out);
Status ReadSteps(const YamlNode& value, const ReadContext& context, std::vector<Step>* out);
Status ReadSinks(const YamlNode& value, const ReadContext& context, JobSpec* out);
Status ReadOnError(const YamlNode& value, const ReadContext& context, BadRowsSpec* out);
Status ReadAlerts(const YamlNode& value, const ReadContext& context, std::vector<AlertSpec>* out);
// The whole file; `vars` is checked but otherwise left to the VariableExpander.
Status ReadPipeline(const YamlNode& value, const ReadContext& context, JobSpec* out);

}  // namespace headrace
