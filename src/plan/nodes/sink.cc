#include "plan/nodes/sink.h"

#include <fmt/ranges.h>

namespace headrace {
namespace {

// "a, -b", as it is asked for.
std::string SortText(const OutputSpec& output) {
  std::string text;
  for (const SortColumn& column : output.sort_within) {
    if (!text.empty()) text += ", ";
    if (column.order == SortOrder::kDescending) text += '-';
    text += column.name;
  }
  return text;
}

}  // namespace

SinkNode::SinkNode(PlanNodePtr input, std::vector<OutputSpec> outputs)
    : PlanNode({input}, input->columns(), ""), outputs_(std::move(outputs)) {}

std::string SinkNode::Describe() const {
  std::string text;
  for (const OutputSpec& output : outputs_) {
    if (!text.empty()) text += "; ";
    text += output.path;
    if (!output.partition_by.empty()) {
      text += fmt::format(" partitioned by [{}]", fmt::join(output.partition_by, ", "));
    }
    if (!output.sort_within.empty()) text += fmt::format(" sorted by [{}]", SortText(output));
    text += fmt::format(" mode {}", WriteModeText(output.mode));
  }
  return text;
}

PlanNodePtr SinkNode::WithInputs(std::vector<PlanNodePtr> inputs) const {
  HEADRACE_CHECK(inputs.size() == 1);
  return std::make_shared<SinkNode>(std::move(inputs.front()), outputs_);
}

PlanNodePtr SinkNode::PruneColumns(const ColumnSet&) const {
  // Everything that arrives is written.
  return WithInputs({input().PruneColumns(ColumnSet(columns().begin(), columns().end()))});
}

std::vector<OutputSpec> OutputsOf(const JobSpec& job) {
  std::vector<OutputSpec> outputs = {job.output};
  outputs.insert(outputs.end(), job.more_outputs.begin(), job.more_outputs.end());
  return outputs;
}

const char* WriteModeText(WriteMode mode) {
  switch (mode) {
    case WriteMode::kCreate:
      return "create";
    case WriteMode::kAppend:
      return "append";
    case WriteMode::kOverwrite:
      return "overwrite";
    case WriteMode::kOverwritePartitions:
      return "overwrite-partitions";
  }
  return "create";
}

}  // namespace headrace
