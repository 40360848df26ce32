// A WritableFile that keeps its content, for tests of writers.
#pragma once

#include <cstdint>
#include <string>

#include "env/env.h"

namespace headrace::testing {

class MemoryFile : public WritableFile {
 public:
  Status Append(const void* data, int64_t length) override {
    if (fail_after_bytes >= 0 && written_bytes() + length > fail_after_bytes) {
      return MakeError(ErrorKind::kOutOfDisk, 720, "no space left in the test's file");
    }
    content.append(static_cast<const char*>(data), static_cast<size_t>(length));
    return Status::OK();
  }
  Status Sync() override { return Status::OK(); }
  void DropCache() override {}
  Status Close() override { return Status::OK(); }
  int64_t written_bytes() const override { return static_cast<int64_t>(content.size()); }

  std::string content;
  int64_t fail_after_bytes = -1;  // -1 = never
};

}  // namespace headrace::testing
