#include "operators/filter.h"

#include <arrow/array.h>

#include "data/take_rows.h"

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
  // One place more, so that every row can be written before it is known whether it stays.
  ARROW_ASSIGN_OR_RAISE(
      auto buffer,
      arrow::AllocateBuffer((passing + 1) * static_cast<int64_t>(sizeof(int32_t)), pool));
  auto* const places = buffer->mutable_data_as<int32_t>();
  int64_t count = 0;
  for (int64_t row = 0; row < batch.rows(); ++row) {
    places[count] = static_cast<int32_t>(row);
    count += selected.IsValid(row) && selected.Value(row);
  }
  ARROW_ASSIGN_OR_RAISE(auto kept,
                        TakeRows(*batch.columns, {places, static_cast<size_t>(passing)}, pool));
  return Batch{std::move(kept)};
}

}  // namespace headrace
