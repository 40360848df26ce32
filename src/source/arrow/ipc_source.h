// IpcSource: record batches of Arrow files and streams, in order.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/cancellation.h"
#include "env/env.h"
#include "source/arrow/ipc_file.h"
#include "source/arrow/ipc_rows.h"
#include "source/source.h"

namespace headrace {

struct IpcSourceOptions {
  Env* env = nullptr;
  arrow::MemoryPool* pool = nullptr;
  Cancellation* cancellation = nullptr;
  IpcBatchBounds batch;
};

// A block that is to be read.
struct IpcUnit {
  int32_t file = 0;
  int64_t index = 0;  // among the file's record batches, for messages
  IpcBlock block;
};

// Where the wanted columns are in one file.
struct IpcFileColumns {
  std::shared_ptr<const IpcSchema> stored;
  std::vector<int> wanted;
};

// Bodies up to this size are read at once; of larger ones the wanted columns only.
inline constexpr int64_t kIpcWholeBodyBytes = 1 << 20;

// Role: a morsel is a stored batch, or a range of its rows where it is larger than one; each worker
// reads its own. Dictionaries are read on the way by whoever takes the next morsel. Owner: the run.
// Threads: as Source. Errors: BadInput naming file and batch, Source when a file cannot be opened.
class IpcSource : public Source {
 public:
  IpcSource(IpcSourceOptions options, std::vector<SourceInput> inputs,
            std::vector<IpcFileColumns> columns, std::shared_ptr<arrow::Schema> schema,
            std::vector<IpcUnit> units);

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  Result<std::unique_ptr<Morsel>> Next() override;
  Status Read(std::unique_ptr<Morsel> morsel, const EmitBatch& emit) override;
  void Stop() override { stopped_.store(true, std::memory_order_relaxed); }
  std::vector<SourceInput> inputs() const override;
  int64_t consumed_bytes() const override {
    return consumed_bytes_.load(std::memory_order_relaxed);
  }
  int64_t total_bytes() const override { return total_bytes_; }

 private:
  Status OpenFile(int index);
  Status TakeDictionary(const IpcUnit& unit);
  // Reads the head of the batch that morsels are cut from next.
  Status BeginBatch(const IpcUnit& unit);
  Status Emit(std::shared_ptr<arrow::RecordBatch> batch, int file, const EmitBatch& emit);
  IpcBatchReader ReaderOf(int file) const;
  std::string PlaceOf(const IpcUnit& unit) const;

  const IpcSourceOptions options_;
  const std::vector<SourceInput> inputs_;
  const std::vector<IpcFileColumns> columns_;  // by file
  const std::shared_ptr<arrow::Schema> schema_;
  const std::vector<IpcUnit> units_;
  int64_t total_bytes_ = 0;

  std::atomic<bool> stopped_{false};
  std::atomic<int64_t> consumed_bytes_{0};
  std::vector<std::atomic<int64_t>> rows_;  // given out so far, by file

  std::mutex mutex_;  // guards the rest
  size_t next_unit_ = 0;
  int64_t next_sequence_ = 0;
  int open_index_ = -1;
  std::shared_ptr<IpcFile> open_file_;
  std::shared_ptr<const IpcDictionaries> dictionaries_;
  std::shared_ptr<const PlacedMessage> batch_;  // being cut; null between two
  std::shared_ptr<const IpcBatchHead> head_;
  int64_t at_ = 0;  // rows of it handed out
  int64_t morsel_rows_ = 0;
};

}  // namespace headrace
