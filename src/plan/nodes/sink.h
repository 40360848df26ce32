// Sink node: the root of a plan.
#pragma once

#include <string>
#include <vector>

#include "plan/logical_plan.h"

namespace headrace {

// Role: where the rows go and by which columns they are partitioned there. See PlanNode.
class SinkNode : public PlanNode {
 public:
  // At least one output; `partition_by` and `sort_within` hold names exactly as the input has them.
  SinkNode(PlanNodePtr input, std::vector<OutputSpec> outputs);

  const char* kind_name() const override { return "sink"; }
  std::string Describe() const override;
  PlanNodePtr WithInputs(std::vector<PlanNodePtr> inputs) const override;
  PlanNodePtr PruneColumns(const ColumnSet& wanted) const override;

  const std::vector<OutputSpec>& outputs() const { return outputs_; }

 private:
  const std::vector<OutputSpec> outputs_;
};

// All outputs of a job, its first one first.
std::vector<OutputSpec> OutputsOf(const JobSpec& job);

// "create", "append", "overwrite", "overwrite-partitions".
const char* WriteModeText(WriteMode mode);

}  // namespace headrace
