// fsck: whether a dataset or file that stands there is whole and means one thing to every reader.
#pragma once

#include <arrow/memory_pool.h>

#include "base/cancellation.h"
#include "env/env.h"
#include "headrace/fsck.h"

namespace headrace {

struct FsckContext {
  Env* env = nullptr;
  arrow::MemoryPool* pool = nullptr;
  Cancellation* cancellation = nullptr;
};

// As CheckDataset of headrace/fsck.h, within the memory of `context`.
Result<FsckReport> RunFsck(const std::string& path, const FsckOptions& options,
                           const FsckContext& context);

}  // namespace headrace
