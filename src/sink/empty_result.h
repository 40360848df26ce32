// What a run without rows leaves behind.
#pragma once

#include "base/status.h"
#include "commit/transaction.h"
#include "env/env.h"

namespace headrace {

// Whether an empty result still needs a file that carries the schema: a single file always; a
// dataset when nothing else would be there, i.e. when it is made or replaced. Adding nothing to a
// dataset that stands adds no file.
Result<bool> NeedsEmptyFile(const StagedOutput& transaction, Env* env);

}  // namespace headrace
