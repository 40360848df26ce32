// Source: hands out morsels of input in order and turns each into batches.
#pragma once

#include <arrow/memory_pool.h>
#include <arrow/type.h>

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/cancellation.h"
#include "base/status.h"
#include "data/batch.h"

namespace headrace {

// A piece of input that one worker turns into batches: a block of whole CSV records, a row group.
// What it holds is reserved memory.
class Morsel {
 public:
  virtual ~Morsel() = default;
  int64_t sequence = 0;  // consecutive from 0 over the whole source
  int file = 0;          // index of the input it comes from; a morsel never spans two
};

// What makes a row of a record that has a fault (BadRows::kRepair).
enum class RepairKind : uint8_t {
  kFilledUp,      // too few fields: the rest is empty
  kEmptyDropped,  // too many, the surplus ones empty
  kQuotes,        // quotes that are not closed where they should be
};
inline constexpr size_t kRepairKinds = 3;
// As the code of the fault: users filter by it.
inline constexpr std::string_view kRepairNames[kRepairKinds] = {"too_few_fields", "too_many_fields",
                                                                "malformed_quote"};
using RepairCounts = std::array<int64_t, kRepairKinds>;  // rows by kind

struct SourceInput {
  std::string path;
  int64_t size_bytes = 0;
  int64_t rows = 0;            // given out so far
  int64_t rejects = 0;         // likewise
  RepairCounts repaired = {};  // among the rows
};

using EmitBatch = std::function<Status(Batch)>;

// Role: the start of a pipeline. Made opened and typed: schema() is final before the first Next().
// Owner: the run. Threads: Next and Read from any worker; schema() is constant; Stop from any
// thread. Errors: BadInput with file, line, byte, column and value; Source when a file cannot be
// read.
class Source {
 public:
  virtual ~Source() = default;
  virtual const std::shared_ptr<arrow::Schema>& schema() const = 0;
  // The next morsel in input order; nullptr at the end or after Stop.
  virtual Result<std::unique_ptr<Morsel>> Next() = 0;
  // Converts a morsel, emitting its batches in order from the calling thread. Fails with what
  // `emit` fails with. A batch may hold rejects alone.
  virtual Status Read(std::unique_ptr<Morsel> morsel, const EmitBatch& emit) = 0;
  // No further morsels are wanted (a limit is reached).
  virtual void Stop() = 0;
  virtual std::vector<SourceInput> inputs() const = 0;
  // Input bytes handed out so far, and the total where it is known (-1 else): for progress.
  virtual int64_t consumed_bytes() const = 0;
  virtual int64_t total_bytes() const = 0;
};

}  // namespace headrace
