// What the sink says when an allocator that cannot say why has thrown.
#pragma once

#include <string_view>

#include "base/status.h"

namespace headrace {

// `what` is what there was no memory for. A pool's own refusal (E0701) says more and passes as it
// is; this is for std::bad_alloc, which has lost it.
inline Status OutOfSinkMemory(std::string_view what) {
  return MakeError(ErrorKind::kOutOfMemory, 715,
                   "the sink has no memory left; raise --memory or lower --threads: no room for {}",
                   what);
}

}  // namespace headrace
