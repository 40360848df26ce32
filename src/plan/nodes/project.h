// Project node: computes the columns of the next schema. select, drop, rename, derive, cast and
// fill_null all become one.
#pragma once

#include <string>
#include <vector>

#include "plan/logical_plan.h"

namespace headrace {

// One output column, in one of three forms:
//   reference   `column` as it is;
//   fill_null   `column` with `fill`, a literal, where it is NULL; keeps the column's type;
//   expression  `expression` over the input's columns; `column` is empty.
struct ProjectItem {
  std::string name = {};
  std::string column = {};
  expr::ExprPtr fill = {};
  expr::ExprPtr expression = {};

  bool is_reference() const { return !expression && !fill; }
};

// Role: a select, drop, rename, derive, cast or fill_null step. See PlanNode.
class ProjectNode : public PlanNode {
 public:
  ProjectNode(PlanNodePtr input, std::vector<ProjectItem> items, std::string where);

  const char* kind_name() const override { return "project"; }
  std::string Describe() const override;
  PlanNodePtr WithInputs(std::vector<PlanNodePtr> inputs) const override;
  PlanNodePtr PruneColumns(const ColumnSet& wanted) const override;
  Result<BoundStep> Bind(const std::shared_ptr<arrow::Schema>& input) const override;

  const std::vector<ProjectItem>& items() const { return items_; }
  const ProjectItem& Item(const std::string& name) const;  // must exist
  // Gives its input's columns under their own names in their own order.
  bool IsIdentity() const;

 private:
  const std::vector<ProjectItem> items_;
};

// Columns of `input_columns` that an item reads.
ColumnSet ColumnsReadBy(const ProjectItem& item, const std::vector<std::string>& input_columns);

}  // namespace headrace
