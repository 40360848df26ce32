#include "source/arrow/ipc_message.h"

#include <arrow/util/compression.h>

#include <new>
#include <stdexcept>

#include "base/one_line.h"
#include "source/arrow/flat_table.h"

namespace headrace {
namespace {

constexpr uint32_t kContinuation = 0xFFFFFFFF;
constexpr int64_t kHeadBytesMax = int64_t{256} << 20;
constexpr int16_t kVersion4 = 3;  // Arrow 0.8
constexpr int16_t kVersion5 = 4;  // Arrow 1.0

// Fields of Arrow's metadata tables, by their place.
enum MessageField { kMessageVersion, kMessageHeaderType, kMessageHeader, kMessageBodyLength };
enum BatchField { kBatchLength, kBatchNodes, kBatchBuffers, kBatchCompression, kBatchVariadic };
enum DictionaryField { kDictionaryId, kDictionaryData, kDictionaryIsDelta };
enum CompressionField { kCompressionCodec, kCompressionMethod };

// More values than any file holds, and few enough to be counted in bytes and bits.
constexpr int64_t kLengthMax = int64_t{1} << 48;
constexpr int64_t kNodeBytes = 16;
constexpr int64_t kBufferBytes = 16;

int64_t NumberAt(std::span<const uint8_t> bytes, int64_t position) {
  int64_t value;
  std::memcpy(&value, bytes.data() + position, sizeof(value));
  return value;
}

// The next four bytes; nullopt at the end.
Result<std::optional<uint32_t>> ReadWord(arrow::io::InputStream* input) {
  uint32_t word = 0;
  ARROW_ASSIGN_OR_RAISE(const int64_t count, input->Read(sizeof(word), &word));
  if (count == 0) return std::nullopt;
  if (count < static_cast<int64_t>(sizeof(word))) {
    return Status::Invalid("it is cut short in the length of a message");
  }
  return word;
}

Result<IpcMessage> ParseMessage(std::shared_ptr<arrow::Buffer> metadata) {
  ARROW_ASSIGN_OR_RAISE(const auto table,
                        FlatTable::Root({metadata->data(), static_cast<size_t>(metadata->size())}));
  ARROW_ASSIGN_OR_RAISE(const auto version, table.Number<int16_t>(kMessageVersion, 0));
  ARROW_ASSIGN_OR_RAISE(const auto kind, table.Number<uint8_t>(kMessageHeaderType, 0));
  IpcMessage message;
  ARROW_ASSIGN_OR_RAISE(message.body_bytes, table.Number<int64_t>(kMessageBodyLength, 0));
  if (version < kVersion4) {
    return Status::NotImplemented("it is in the format of before Arrow 0.8");
  }
  if (kind > static_cast<uint8_t>(IpcMessageKind::kBatch)) {
    return Status::NotImplemented("it holds tensors, not a table");
  }
  if (kind == 0 || message.body_bytes < 0) return Status::Invalid("a message of no known kind");
  message.kind = static_cast<IpcMessageKind>(kind);
  message.metadata = std::move(metadata);
  return message;
}

}  // namespace

Status AtArrowSeam(const std::string& path, const std::string& place,
                   const std::function<Status()>& body) {
  Status status;
  try {
    status = body();
  } catch (const std::bad_alloc&) {
    status = Status::OutOfMemory("no memory for a structure of the file");
  } catch (const std::exception& error) {
    status = Status::Invalid(error.what());
  }
  if (status.ok() || status.IsCancelled()) return status;
  if (status.IsOutOfMemory()) {
    return WithKind(status, ErrorKind::kOutOfMemory, 705,
                    fmt::format("reading Arrow data {}, {}", path, place));
  }
  if (GetErrorCode(status) != 0) {
    return status.message().find(path) == std::string::npos ? WithContext(status, path) : status;
  }
  if (status.IsNotImplemented()) {
    return MakeError(ErrorKind::kBadInput, 513, "Arrow feature that cannot be read: {}, {}: {}",
                     path, place, OneLine(status.message(), kLibraryTextMax));
  }
  return MakeError(ErrorKind::kBadInput, 512,
                   "damaged Arrow data: {}, {}: {}; get a fresh copy of it", path, place,
                   OneLine(status.message(), kLibraryTextMax));
}

Result<std::optional<IpcMessage>> ReadMessageHead(arrow::io::InputStream* input) {
  ARROW_ASSIGN_OR_RAISE(auto word, ReadWord(input));
  // Before Arrow 0.15 the length stood there at once.
  if (word == kContinuation) {
    ARROW_ASSIGN_OR_RAISE(word, ReadWord(input));
    if (!word) return Status::Invalid("it is cut short in the length of a message");
  }
  if (!word || *word == 0) return std::nullopt;
  const int64_t length = *word;
  if (length > kHeadBytesMax) {
    return Status::Invalid("the head of a message claims ", length, " bytes");
  }
  ARROW_ASSIGN_OR_RAISE(auto metadata, input->Read(length));
  if (metadata->size() < length) {
    return Status::Invalid("it is cut short in the head of a message: ", metadata->size(), " of ",
                           length, " bytes are there");
  }
  ARROW_ASSIGN_OR_RAISE(auto message, ParseMessage(std::move(metadata)));
  return message;
}

Result<IpcBatchHead> IpcBatchHead::Parse(const IpcMessage& message) {
  IpcBatchHead head;
  head.metadata_ = message.metadata;
  ARROW_ASSIGN_OR_RAISE(
      const auto root,
      FlatTable::Root({head.metadata_->data(), static_cast<size_t>(head.metadata_->size())}));
  ARROW_ASSIGN_OR_RAISE(const auto version, root.Number<int16_t>(kMessageVersion, 0));
  head.unions_have_validity_ = version < kVersion5;
  ARROW_ASSIGN_OR_RAISE(auto batch, root.Table(kMessageHeader));
  if (batch && message.kind == IpcMessageKind::kDictionary) {
    ARROW_ASSIGN_OR_RAISE(head.dictionary_id_, batch->Number<int64_t>(kDictionaryId, 0));
    ARROW_ASSIGN_OR_RAISE(const auto is_delta, batch->Number<uint8_t>(kDictionaryIsDelta, 0));
    head.is_delta_ = is_delta != 0;
    ARROW_ASSIGN_OR_RAISE(batch, batch->Table(kDictionaryData));
  }
  if (!batch) return Status::Invalid("a message without its header");
  ARROW_ASSIGN_OR_RAISE(head.rows_, batch->Number<int64_t>(kBatchLength, 0));
  if (head.rows_ < 0 || head.rows_ > kLengthMax)
    return Status::Invalid("a batch claims ", head.rows_, " rows");
  ARROW_ASSIGN_OR_RAISE(head.nodes_, batch->Vector(kBatchNodes, kNodeBytes));
  ARROW_ASSIGN_OR_RAISE(head.buffers_, batch->Vector(kBatchBuffers, kBufferBytes));
  ARROW_ASSIGN_OR_RAISE(head.variadic_counts_, batch->Vector(kBatchVariadic, sizeof(int64_t)));
  ARROW_ASSIGN_OR_RAISE(const auto compression, batch->Table(kBatchCompression));
  if (compression) {
    ARROW_ASSIGN_OR_RAISE(const auto codec, compression->Number<int8_t>(kCompressionCodec, 0));
    ARROW_ASSIGN_OR_RAISE(const auto method, compression->Number<int8_t>(kCompressionMethod, 0));
    if (codec < 0 || codec > 1 || method != 0) {
      return Status::NotImplemented("its buffers are compressed in an unknown way");
    }
    head.codec_ = codec == 0 ? arrow::Compression::LZ4_FRAME : arrow::Compression::ZSTD;
  }
  for (size_t at = 0; at < head.buffers_.size(); at += kBufferBytes) {
    const int64_t offset = NumberAt(head.buffers_, static_cast<int64_t>(at));
    const int64_t length = NumberAt(head.buffers_, static_cast<int64_t>(at) + 8);
    if (offset < 0 || length < 0 || offset > message.body_bytes ||
        length > message.body_bytes - offset) {
      return Status::Invalid("a buffer of ", length, " bytes at ", offset, " in a body of ",
                             message.body_bytes, " bytes");
    }
  }
  return head;
}

Result<IpcNode> IpcBatchHead::node(int64_t index) const {
  if (index >= static_cast<int64_t>(nodes_.size()) / kNodeBytes) {
    return Status::Invalid("a batch holds fewer arrays than its schema");
  }
  const IpcNode node{NumberAt(nodes_, index * kNodeBytes),
                     NumberAt(nodes_, index * kNodeBytes + 8)};
  if (node.length < 0 || node.length > kLengthMax || node.null_count < 0 ||
      node.null_count > node.length) {
    return Status::Invalid("an array claims ", node.length, " values, ", node.null_count,
                           " of them NULL");
  }
  return node;
}

Result<IpcBuffer> IpcBatchHead::buffer(int64_t index) const {
  if (index >= static_cast<int64_t>(buffers_.size()) / kBufferBytes) {
    return Status::Invalid("a batch holds fewer buffers than its schema");
  }
  return IpcBuffer{NumberAt(buffers_, index * kBufferBytes),
                   NumberAt(buffers_, index * kBufferBytes + 8)};
}

Result<int64_t> IpcBatchHead::variadic_count(int64_t index) const {
  constexpr int64_t kCountMax = int64_t{1} << 20;
  if (index >= static_cast<int64_t>(variadic_counts_.size() / sizeof(int64_t))) {
    return Status::Invalid("a batch does not count the buffers of a column of views");
  }
  const int64_t count = NumberAt(variadic_counts_, index * static_cast<int64_t>(sizeof(int64_t)));
  if (count < 0 || count > kCountMax) {
    return Status::Invalid("a column of views claims ", count, " buffers");
  }
  return count;
}

}  // namespace headrace
