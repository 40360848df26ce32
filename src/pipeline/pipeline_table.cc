#include "commit/transaction.h"
#include "pipeline/read_values.h"
#include "pipeline/tables.h"

namespace headrace {
namespace {

constexpr Key<JobSpec> kPipelineKeys[] = {
    {{"version", Presence::kRequired, "`1`", "", "version of this file format"},
     [](auto& value, auto& context, auto*) {
       if (value.kind == YamlNode::Kind::kScalar && value.text == "1") return Status::OK();
       return ConfigError(context.file, value, 145,
                          "unknown version '{}'; this program reads version 1", value.text);
     }},
    {{"name", Presence::kOptional, "text", "", "what the report calls the run"},
     [](auto& value, auto& context, auto* out) { return ReadText(value, context, &out->name); }},
    {{"run_id", Presence::kOptional, "text", "a new one",
      "a run of this id is published once; where it was already, the run does nothing "
      "(publishing.md)"},
     [](auto& value, auto& context, auto* out) {
       ARROW_RETURN_NOT_OK(ReadText(value, context, &out->run_id));
       const Status usable = out->run_id.empty() ? Status::OK() : CheckRunId(out->run_id);
       return usable.ok()
                  ? usable
                  : ConfigError(context.file, value, GetErrorCode(usable), "{}", usable.message());
     }},
    {{"vars", Presence::kOptional, "map of name: text", "",
      "texts for `${vars.name}`; each may use those above it"},
     [](auto&, auto&, auto*) { return Status::OK(); }},
    {{"resources", Presence::kOptional, "map", "", "memory, threads and disk"},
     [](auto& value, auto& context, auto* out) {
       return ReadResources(value, context, &out->resources);
     }},
    {{"sources", Presence::kRequired, "list", "", "what is read"},
     [](auto& value, auto& context, auto* out) {
       return ReadSources(value, context, &out->inputs);
     }},
    {{"steps", Presence::kOptional, "list", "none", "what is done with the rows, in order"},
     [](auto& value, auto& context, auto* out) { return ReadSteps(value, context, &out->steps); }},
    {{"sink", Presence::kRequired, "map, or list of maps", "",
      "where the rows go; several sinks get the same rows and are published together or not at "
      "all"},
     [](auto& value, auto& context, auto* out) { return ReadSinks(value, context, out); }},
    {{"on_error", Presence::kOptional, "map", "bad rows fail", "what becomes of bad rows"},
     [](auto& value, auto& context, auto* out) {
       return ReadOnError(value, context, &out->bad_rows);
     }},
    {{"alerts", Presence::kOptional, "list", "none", "who is told when something happens"},
     [](auto& value, auto& context, auto* out) {
       return ReadAlerts(value, context, &out->alerts);
     }},
    LaterKey<JobSpec>("checks", "data checks"),
};

}  // namespace

Status ReadPipeline(const YamlNode& value, const ReadContext& context, JobSpec* out) {
  return ReadMap(value, "the pipeline", kPipelineKeys, context, out);
}

SectionDoc PipelineSection() {
  return {"The file", "The keys at the top of the file.", DocsOf(kPipelineKeys)};
}

}  // namespace headrace
