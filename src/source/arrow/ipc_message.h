// The messages that Arrow files and streams consist of: a head (FlatBuffers), then a body.
#pragma once

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <arrow/memory_pool.h>
#include <arrow/util/type_fwd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/status.h"

namespace headrace {

// Runs `body`, turning what the library throws or returns into one of our errors that names the
// input and the place in it ("record batch 3").
Status AtArrowSeam(const std::string& path, const std::string& place,
                   const std::function<Status()>& body);

enum class IpcMessageKind : uint8_t { kSchema = 1, kDictionary = 2, kBatch = 3 };

struct IpcMessage {
  IpcMessageKind kind = IpcMessageKind::kSchema;
  std::shared_ptr<arrow::Buffer> metadata;
  int64_t body_bytes = 0;
};

// The head of the message that begins where `input` stands, which then stands before its body;
// nullopt at the end of the stream. Errors: Invalid for damaged ones, NotImplemented for tensors
// and for formats from before Arrow 0.8.
Result<std::optional<IpcMessage>> ReadMessageHead(arrow::io::InputStream* input);

// Bytes of a stored array: the length of a buffer is what the writer put there, which may be more
// than the array needs.
struct IpcBuffer {
  int64_t offset = 0;  // in the body
  int64_t length = 0;
};

struct IpcNode {
  int64_t length = 0;
  int64_t null_count = 0;
};

// Role: the head of a record batch or of a dictionary: where in the body its arrays lie. All of it
// has been held against the body's length. Owner: a morsel. Threads: any. Errors: Invalid.
class IpcBatchHead {
 public:
  // `message` is of kind kDictionary or kBatch.
  static Result<IpcBatchHead> Parse(const IpcMessage& message);

  int64_t rows() const { return rows_; }
  const std::optional<arrow::Compression::type>& codec() const { return codec_; }
  // Of a dictionary.
  int64_t dictionary_id() const { return dictionary_id_; }
  bool is_delta() const { return is_delta_; }
  // Whether unions have a validity of their own, as they had before Arrow 1.0.
  bool unions_have_validity() const { return unions_have_validity_; }

  // Errors when there are not as many.
  Result<IpcNode> node(int64_t index) const;
  Result<IpcBuffer> buffer(int64_t index) const;
  Result<int64_t> variadic_count(int64_t index) const;

 private:
  std::shared_ptr<arrow::Buffer> metadata_;  // the spans lie in it
  int64_t rows_ = 0;
  std::span<const uint8_t> nodes_;
  std::span<const uint8_t> buffers_;
  std::span<const uint8_t> variadic_counts_;
  std::optional<arrow::Compression::type> codec_;
  int64_t dictionary_id_ = 0;
  bool is_delta_ = false;
  bool unions_have_validity_ = false;
};

}  // namespace headrace
