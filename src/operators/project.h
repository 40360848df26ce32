// Computes the columns of the next schema: references, derived columns, casts.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "expr/expr.h"
#include "operators/transform.h"

namespace headrace {

// One output column: a column of the input by index, or an expression.
struct ProjectColumn {
  int input_index = -1;  // used when `expression` is null
  expr::BoundExprPtr expression;
};

// Role: a derive, select, rename, drop or cast step. Owner: the run. Threads: Apply from any
// worker. Errors: what evaluating the expressions raises. References share the input's buffers.
class ProjectTransform : public Transform {
 public:
  ProjectTransform(std::string name, std::vector<ProjectColumn> columns,
                   std::shared_ptr<arrow::Schema> output_schema);
  const std::string& name() const override { return name_; }
  const std::shared_ptr<arrow::Schema>& output_schema() const override { return schema_; }
  Result<Batch> Apply(Batch batch, BatchPosition position, arrow::MemoryPool* pool) override;

 private:
  const std::string name_;
  const std::vector<ProjectColumn> columns_;
  const std::shared_ptr<arrow::Schema> schema_;
};

}  // namespace headrace
