// IpcStreamSource: an Arrow stream that cannot be read twice (standard input), batch by batch.
#pragma once

#include <arrow/io/interfaces.h>

#include <atomic>
#include <memory>
#include <mutex>

#include "env/env.h"
#include "source/arrow/ipc_source.h"

namespace headrace {

// Role: standard input as the library's readers want it; every read gives all that was asked for
// unless the input ends. Owner: the scan, then the source. Threads: one at a time.
class StandardInputStream : public arrow::io::InputStream {
 public:
  static Result<std::shared_ptr<StandardInputStream>> Open(Env* env, Cancellation* cancellation,
                                                           arrow::MemoryPool* pool);
  Result<int64_t> Read(int64_t length, void* out) override;
  Result<std::shared_ptr<arrow::Buffer>> Read(int64_t length) override;
  Result<int64_t> Tell() const override { return position_; }
  Status Close() override { return Status::OK(); }
  bool closed() const override { return false; }

 private:
  std::unique_ptr<SequentialReadFile> input_;
  arrow::MemoryPool* pool_ = nullptr;
  int64_t position_ = 0;
};

// What stands before the first batch, and that batch's head: enough to know what a run needs.
struct IpcStreamStart {
  std::shared_ptr<StandardInputStream> input;  // null: the stream has ended
  std::shared_ptr<const IpcSchema> stored;
  std::optional<IpcMessage> first;  // its body is the next to be read
};

// Both kinds of Arrow data can be read forward. Errors: as IpcFile::Open.
Result<IpcStreamStart> OpenIpcStandardInput(Env* env, Cancellation* cancellation,
                                            arrow::MemoryPool* pool);

// Role: a morsel is one stored batch, its body in memory. Owner: the run. Threads: as Source; the
// stream is read by one thread at a time. Errors: BadInput naming the batch; OutOfMemory with the
// bytes a body needs.
class IpcStreamSource : public Source {
 public:
  IpcStreamSource(IpcSourceOptions options, IpcStreamStart start, std::vector<int> wanted,
                  std::shared_ptr<arrow::Schema> schema);

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  Result<std::unique_ptr<Morsel>> Next() override;
  Status Read(std::unique_ptr<Morsel> morsel, const EmitBatch& emit) override;
  void Stop() override { stopped_.store(true, std::memory_order_relaxed); }
  std::vector<SourceInput> inputs() const override;
  int64_t consumed_bytes() const override {
    return consumed_bytes_.load(std::memory_order_relaxed);
  }
  int64_t total_bytes() const override { return -1; }

 private:
  // The next message with its body in memory; false at the end.
  Result<bool> ReadMessage(IpcMessage* message, std::shared_ptr<arrow::Buffer>* body);

  const IpcSourceOptions options_;
  const std::vector<int> wanted_;
  const std::shared_ptr<arrow::Schema> schema_;
  std::atomic<bool> stopped_{false};
  std::atomic<int64_t> consumed_bytes_{0};
  std::atomic<int64_t> rows_{0};

  std::mutex mutex_;  // guards the rest
  IpcStreamStart stream_;
  std::shared_ptr<const IpcDictionaries> dictionaries_;
  int64_t next_sequence_ = 0;
};

}  // namespace headrace
