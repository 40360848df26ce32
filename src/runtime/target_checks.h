// What is looked at at the target between admission and the first byte written.
#pragma once

#include <arrow/memory_pool.h>

#include <string>
#include <vector>

#include "base/cancellation.h"
#include "commit/transaction.h"
#include "sink/schema_check.h"
#include "sink/sink.h"

namespace headrace {

struct TargetCheck {
  Env* env = nullptr;
  Cancellation* cancellation = nullptr;
  arrow::MemoryPool* pool = nullptr;  // for footers, one at a time
  TransactionOptions target;
  NewColumns new_columns = NewColumns::kRefused;
};

// Most footers that are read of one dataset. A dataset with more is known by a sample of so many
// (SampleFiles); the directories of all its files are looked at.
inline constexpr size_t kFootersMax = 256;

// In the modes that keep files: holds what `sink` writes against the dataset that stands there.
// `notes` gets what is worth telling. Errors: as SchemaCheck; Sink when a file of the dataset
// cannot be read.
Status CheckTargetSchema(const TargetCheck& check, const SinkOptions& sink,
                         std::vector<std::string>* notes);

// What is known of a run's output before it is written.
struct SpaceForecast {
  int64_t input_bytes = -1;  // as stored; -1 = unknown
  bool keeps_all = false;    // no step drops rows or columns
};

// Whether the target's disk has room. Refused (OutOfDisk) is what cannot fit by any measure: less
// than 1 MiB, or less than a hundredth of an input that is kept whole. Disk that may not suffice is
// noted. A file system that tells no sizes is not asked further.
Status CheckTargetSpace(const TargetCheck& check, const SpaceForecast& forecast,
                        std::vector<std::string>* notes);

}  // namespace headrace
