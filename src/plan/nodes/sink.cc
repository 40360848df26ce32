#include "plan/nodes/sink.h"

#include <fmt/ranges.h>

namespace headrace {

SinkNode::SinkNode(PlanNodePtr input, OutputSpec output)
    : PlanNode({input}, input->columns(), ""), output_(std::move(output)) {}

std::string SinkNode::Describe() const {
  std::string text = output_.path;
  if (!output_.partition_by.empty()) {
    text += fmt::format(" partitioned by [{}]", fmt::join(output_.partition_by, ", "));
  }
  return text + fmt::format(" mode {}", WriteModeText(output_.mode));
}

PlanNodePtr SinkNode::WithInputs(std::vector<PlanNodePtr> inputs) const {
  HEADRACE_CHECK(inputs.size() == 1);
  return std::make_shared<SinkNode>(std::move(inputs.front()), output_);
}

PlanNodePtr SinkNode::PruneColumns(const ColumnSet&) const {
  // Everything that arrives is written.
  return WithInputs({input().PruneColumns(ColumnSet(columns().begin(), columns().end()))});
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
