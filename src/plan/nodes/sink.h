// Sink node: the root of a plan.
#pragma once

#include <string>
#include <vector>

#include "plan/logical_plan.h"

namespace headrace {

// Role: where the rows go and by which columns they are partitioned. See PlanNode.
class SinkNode : public PlanNode {
 public:
  // `output.partition_by` holds names exactly as the input has them.
  SinkNode(PlanNodePtr input, OutputSpec output);

  const char* kind_name() const override { return "sink"; }
  std::string Describe() const override;
  PlanNodePtr WithInputs(std::vector<PlanNodePtr> inputs) const override;
  PlanNodePtr PruneColumns(const ColumnSet& wanted) const override;

  const OutputSpec& output() const { return output_; }

 private:
  const OutputSpec output_;
};

// "create", "append", "overwrite", "overwrite-partitions".
const char* WriteModeText(WriteMode mode);

}  // namespace headrace
