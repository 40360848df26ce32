// Scan node: the leaf of a plan.
#pragma once

#include <string>
#include <vector>

#include "plan/logical_plan.h"

namespace headrace {

// Role: the source's columns, and what the source may do for the plan (ScanPushdown). See PlanNode.
class ScanNode : public PlanNode {
 public:
  // All columns, nothing pushed down.
  explicit ScanNode(const std::vector<std::string>& source_columns);

  const char* kind_name() const override { return "scan"; }
  std::string Describe() const override;
  PlanNodePtr WithInputs(std::vector<PlanNodePtr> inputs) const override;
  PlanNodePtr PruneColumns(const ColumnSet& wanted) const override;

  const ScanPushdown& pushdown() const { return pushdown_; }
  PlanNodePtr WithPushdown(ScanPushdown pushdown) const;

 private:
  explicit ScanNode(ScanPushdown pushdown);
  const ScanPushdown pushdown_;
};

}  // namespace headrace
