// IpcFile: one Arrow file or stream: its schema, and where its messages lie.
#pragma once

#include <arrow/io/interfaces.h>
#include <arrow/memory_pool.h>
#include <arrow/type.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "env/env.h"
#include "source/arrow/ipc_message.h"
#include "source/parquet/input_file.h"

namespace headrace {

// A message with a body, in a file.
struct IpcBlock {
  int64_t offset = 0;  // of the message
  int64_t bytes = 0;   // of the message, body included
  int64_t rows = 0;
  IpcMessageKind kind = IpcMessageKind::kBatch;
};

// Where a message's body lies in a file.
struct PlacedMessage {
  IpcMessage message;
  int64_t body_offset = 0;
};

// What the first message of an input says.
struct IpcSchema {
  std::shared_ptr<arrow::Schema> schema;
  std::vector<int64_t> dictionary_ids;    // by column; -1 = not dictionary-encoded
  std::shared_ptr<arrow::Buffer> charge;  // for the structures, which lie outside any pool

  // `input` stands before that message. Errors: Invalid, NotImplemented (byte order).
  static Result<IpcSchema> Read(arrow::io::InputStream* input, arrow::MemoryPool* pool);
};

enum class IpcLayout : uint8_t { kFile, kStream };

// Role: a regular file with random access. The footer of a file is believed only as far as blocks
// lie inside it. Owner: shared by the morsels in flight. Threads: any, once opened. Errors:
// BadInput naming the file: no Arrow data, cut short, damaged; OutOfMemory.
class IpcFile {
 public:
  static Result<std::shared_ptr<IpcFile>> Open(Env* env, const std::string& path,
                                               arrow::MemoryPool* pool);

  const std::string& path() const { return path_; }
  int64_t size_bytes() const { return size_bytes_; }
  IpcLayout layout() const { return layout_; }
  const IpcSchema& schema() const { return schema_; }
  const std::shared_ptr<EnvInputFile>& input() const { return input_; }

  // Every dictionary and record batch in the order in which they have to be read: as they stand
  // in a stream, by the footer in a file, dictionaries first. Reads the head of each.
  Status ForEachBlock(const std::function<Status(const IpcBlock&)>& use);
  Result<PlacedMessage> ReadHead(const IpcBlock& block) const;

 private:
  IpcFile() = default;
  Status CheckStart();
  Status WalkStream(const std::function<Status(const IpcBlock&)>& use);
  Status WalkFooter(const std::function<Status(const IpcBlock&)>& use);
  Result<std::shared_ptr<arrow::Buffer>> ReadFooter() const;

  std::string path_;
  int64_t size_bytes_ = 0;
  IpcLayout layout_ = IpcLayout::kFile;
  std::shared_ptr<EnvInputFile> input_;
  IpcSchema schema_;
  int64_t first_block_ = 0;  // behind the schema
};

// What a file of either kind begins with; nullopt for what is none.
std::optional<IpcLayout> IpcLayoutOf(std::string_view first_bytes);
inline constexpr int64_t kIpcMagicBytes = 8;

}  // namespace headrace
