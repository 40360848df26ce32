// A scan typed and started in one step, for tests that need nothing in between.
#pragma once

#include "source/scan.h"

namespace headrace {

inline Result<std::unique_ptr<Source>> TypeAndStart(Scan* scan, const ScanRequest& request,
                                                    int64_t batch_bytes = 1 << 20) {
  ARROW_RETURN_NOT_OK(scan->Type(request).status());
  return scan->Start(batch_bytes);
}

}  // namespace headrace
