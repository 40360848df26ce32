// Keeps the rows for which a predicate is true; false and NULL rows go.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "expr/expr.h"
#include "operators/transform.h"

namespace headrace {

// Role: a filter step. Owner: the run. Threads: Apply from any worker.
// Errors: what evaluating the predicate raises. New buffers come from Apply's pool; a batch all of
// whose rows pass is handed on untouched.
class FilterTransform : public Transform {
 public:
  FilterTransform(std::string name, expr::BoundExprPtr predicate,
                  std::shared_ptr<arrow::Schema> schema);
  const std::string& name() const override { return name_; }
  const std::shared_ptr<arrow::Schema>& output_schema() const override { return schema_; }
  RowsDropped rows_dropped() const override { return RowsDropped::kFiltered; }
  Result<Batch> Apply(Batch batch, BatchPosition position, arrow::MemoryPool* pool) override;

 private:
  const std::string name_;
  const expr::BoundExprPtr predicate_;
  const std::shared_ptr<arrow::Schema> schema_;
};

}  // namespace headrace
