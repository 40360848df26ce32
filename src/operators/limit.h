// Passes the first N rows of the input order.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "base/turn_gate.h"
#include "operators/transform.h"

namespace headrace {

// Role: a limit step. Workers pass it in the order of sequence numbers, so the same rows come out
// whatever the threads. Owner: the run. Threads: Apply from any worker; it waits for the morsels
// before its own until the limit is reached.
class LimitTransform : public Transform {
 public:
  LimitTransform(std::string name, int64_t rows, std::shared_ptr<arrow::Schema> schema,
                 Cancellation* cancellation);
  const std::string& name() const override { return name_; }
  const std::shared_ptr<arrow::Schema>& output_schema() const override { return schema_; }
  RowsDropped rows_dropped() const override { return RowsDropped::kLimited; }
  Result<Batch> Apply(Batch batch, BatchPosition position, arrow::MemoryPool* pool) override;
  Status EndMorsel(int64_t sequence) override;
  bool saturated() const override { return left_.load(std::memory_order_relaxed) == 0; }

 private:
  const std::string name_;
  const std::shared_ptr<arrow::Schema> schema_;
  TurnGate gate_;
  std::atomic<int64_t> left_;  // written only inside the gate
};

}  // namespace headrace
