// Transform: a stateless step from batch to batch.
#pragma once

#include <arrow/memory_pool.h>
#include <arrow/type.h>

#include <memory>
#include <string>

#include "base/status.h"
#include "data/batch.h"

namespace headrace {

// Where a batch stands in the input: what ordered steps (limit) need beside its columns.
struct BatchPosition {
  int64_t sequence = 0;  // of the morsel it came from
};

// Why rows that went in do not come out: for the account rows in = rows out + filtered + limited +
// rejected.
enum class RowsDropped : uint8_t { kNever, kFiltered, kLimited };

// Role: filter, project, limit. Owner: the run. Threads: Apply from any worker at once.
// Errors: what its expressions raise; the driver puts place and name before the message.
class Transform {
 public:
  virtual ~Transform() = default;
  virtual const std::string& name() const = 0;
  // Where the step was written ("p.yaml:12:5"); "" for flags and the library.
  const std::string& place() const { return place_; }
  void set_place(std::string place) { place_ = std::move(place); }
  virtual const std::shared_ptr<arrow::Schema>& output_schema() const = 0;
  virtual RowsDropped rows_dropped() const { return RowsDropped::kNever; }
  // A batch of no rows may be returned; `pool` is where new buffers come from.
  virtual Result<Batch> Apply(Batch batch, BatchPosition position, arrow::MemoryPool* pool) = 0;
  // All batches of this morsel passed. Called once per sequence number, also for morsels without
  // rows.
  virtual Status EndMorsel(int64_t sequence) { return Status::OK(); }
  // True when no later row can pass any more; the driver then stops the source.
  virtual bool saturated() const { return false; }

 private:
  std::string place_;
};

}  // namespace headrace
