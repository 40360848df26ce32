#include "operators/limit.h"

#include <algorithm>

namespace headrace {

LimitTransform::LimitTransform(std::string name, int64_t rows,
                               std::shared_ptr<arrow::Schema> schema, Cancellation* cancellation)
    : name_(std::move(name)), schema_(std::move(schema)), gate_(cancellation), left_(rows) {}

Result<Batch> LimitTransform::Apply(Batch batch, BatchPosition position, arrow::MemoryPool*) {
  // Once the limit is reached it stays reached, so a late morsel need not wait for its turn to
  // learn it.
  if (!saturated()) ARROW_RETURN_NOT_OK(gate_.Enter(position.sequence));
  const int64_t left = left_.load(std::memory_order_relaxed);
  const int64_t taken = std::min(left, batch.rows());
  if (left > 0) left_.store(left - taken, std::memory_order_relaxed);
  return taken == batch.rows() ? std::move(batch) : Batch{batch.columns->Slice(0, taken)};
}

Status LimitTransform::EndMorsel(int64_t sequence) { return gate_.Leave(sequence); }

}  // namespace headrace
