#include "operators/filter.h"

#include <arrow/array.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/exec.h>

namespace headrace {

FilterTransform::FilterTransform(std::string name, expr::BoundExprPtr predicate,
                                 std::shared_ptr<arrow::Schema> schema)
    : name_(std::move(name)), predicate_(std::move(predicate)), schema_(std::move(schema)) {}

Result<Batch> FilterTransform::Apply(Batch batch, BatchPosition, arrow::MemoryPool* pool) {
  if (batch.rows() == 0) return batch;
  ARROW_ASSIGN_OR_RAISE(auto mask, expr::EvaluateFilter(*predicate_, *batch.columns, pool));
  const auto& selected = static_cast<const arrow::BooleanArray&>(*mask);
  const int64_t passing = selected.true_count();
  if (passing == batch.rows()) return batch;
  if (passing == 0) return Batch{batch.columns->Slice(0, 0)};
  arrow::compute::ExecContext context(pool);
  context.set_use_threads(false);
  ARROW_ASSIGN_OR_RAISE(
      auto kept, arrow::compute::Filter(
                     batch.columns, mask,
                     arrow::compute::FilterOptions(arrow::compute::FilterOptions::DROP), &context));
  return Batch{kept.record_batch()};
}

}  // namespace headrace
