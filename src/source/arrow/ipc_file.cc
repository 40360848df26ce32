#include "source/arrow/ipc_file.h"

#include <arrow/ipc/dictionary.h>
#include <arrow/ipc/message.h>
#include <arrow/ipc/reader.h>

#include <cstring>

#include "source/arrow/carried_type.h"
#include "source/arrow/flat_table.h"

namespace headrace {
namespace {

constexpr std::string_view kMagic = "ARROW1";
constexpr int64_t kTailBytes = 10;       // length of the footer and magic
constexpr int64_t kFileStartBytes = 8;   // magic, padded
constexpr int64_t kSchemaExpansion = 8;  // of structures in memory to metadata
enum FooterField { kFooterVersion, kFooterSchema, kFooterDictionaries, kFooterBatches };
constexpr int64_t kBlockBytes = 24;  // offset, length of the head, padding, length of the body

}  // namespace

std::optional<IpcLayout> IpcLayoutOf(std::string_view first_bytes) {
  if (first_bytes.starts_with(kMagic)) return IpcLayout::kFile;
  if (first_bytes.size() < kIpcMagicBytes) return std::nullopt;
  uint32_t words[2];
  std::memcpy(words, first_bytes.data(), sizeof(words));
  constexpr uint32_t kPlausibleBytes = 1 << 28;
  if (words[0] == 0xFFFFFFFF) {
    const bool plausible = words[1] > 0 && words[1] < kPlausibleBytes && words[1] % 8 == 0;
    return plausible ? std::optional(IpcLayout::kStream) : std::nullopt;
  }
  return std::nullopt;
}

Result<IpcSchema> IpcSchema::Read(arrow::io::InputStream* input, arrow::MemoryPool* pool) {
  ARROW_ASSIGN_OR_RAISE(const auto message, ReadMessageHead(input));
  if (!message || message->kind != IpcMessageKind::kSchema) {
    return Status::Invalid("it does not begin with a schema");
  }
  IpcSchema out;
  ARROW_ASSIGN_OR_RAISE(out.charge,
                        arrow::AllocateBuffer(message->metadata->size() * kSchemaExpansion, pool));
  // Verifies the whole of the metadata.
  ARROW_ASSIGN_OR_RAISE(const auto verified,
                        arrow::ipc::Message::Open(message->metadata, /*body=*/nullptr));
  arrow::ipc::DictionaryMemo memo;
  ARROW_ASSIGN_OR_RAISE(out.schema, arrow::ipc::ReadSchema(*verified, &memo));
  if (!out.schema->is_native_endian()) {
    return Status::NotImplemented("it was written in the byte order of another machine");
  }
  for (int i = 0; i < out.schema->num_fields(); ++i) {
    out.dictionary_ids.push_back(-1);
    if (StorageTypeOf(out.schema->field(i)->type())->id() != arrow::Type::DICTIONARY) continue;
    ARROW_ASSIGN_OR_RAISE(out.dictionary_ids.back(), memo.fields().GetFieldId({i}));
  }
  return out;
}

Result<std::shared_ptr<IpcFile>> IpcFile::Open(Env* env, const std::string& path,
                                               arrow::MemoryPool* pool) {
  std::shared_ptr<IpcFile> file(new IpcFile());
  file->path_ = path;
  ARROW_ASSIGN_OR_RAISE(auto opened, env->OpenForRead(path));
  ARROW_ASSIGN_OR_RAISE(file->size_bytes_, opened->Size());
  file->input_ = std::make_shared<EnvInputFile>(std::move(opened), file->size_bytes_, pool);
  ARROW_RETURN_NOT_OK(file->CheckStart());
  ARROW_RETURN_NOT_OK(AtArrowSeam(path, "schema", [&]() -> Status {
    ARROW_ASSIGN_OR_RAISE(file->schema_, IpcSchema::Read(file->input_.get(), pool));
    return file->input_->Tell().Value(&file->first_block_);
  }));
  return file;
}

Status IpcFile::CheckStart() {
  char start[kIpcMagicBytes] = {};
  ARROW_ASSIGN_OR_RAISE(const int64_t count, input_->ReadAt(0, sizeof(start), start));
  const std::string_view first(start, static_cast<size_t>(count));
  if (first.starts_with("FEA1")) {
    return MakeError(ErrorKind::kBadInput, 513,
                     "Arrow feature that cannot be read: {}, byte 0: Feather of version 1; write "
                     "it anew as Feather of version 2 or as Parquet",
                     path_);
  }
  // Streams from before Arrow 0.15 have no mark; whether this is one shows in the first message.
  layout_ = IpcLayoutOf(first).value_or(IpcLayout::kStream);
  if (layout_ == IpcLayout::kStream) {
    if (count < kIpcMagicBytes) {
      return MakeError(ErrorKind::kBadInput, 514, "not Arrow data: {}: {} bytes hold no schema",
                       path_, count);
    }
    return input_->Seek(0);
  }
  char tail[kTailBytes] = {};
  const bool has_both = size_bytes_ >= kFileStartBytes + kTailBytes;
  if (has_both) {
    ARROW_RETURN_NOT_OK(input_->ReadAt(size_bytes_ - kTailBytes, kTailBytes, tail).status());
  }
  if (std::string_view(tail + 4, kMagic.size()) != kMagic) {
    return MakeError(
        ErrorKind::kBadInput, 515,
        "Arrow file without its footer: {}, {} bytes; it was cut short or is still being written",
        path_, size_bytes_);
  }
  return input_->Seek(kFileStartBytes);
}

Status IpcFile::ForEachBlock(const std::function<Status(const IpcBlock&)>& use) {
  return layout_ == IpcLayout::kStream ? WalkStream(use) : WalkFooter(use);
}

Status IpcFile::WalkStream(const std::function<Status(const IpcBlock&)>& use) {
  int64_t offset = first_block_;
  for (int64_t count = 0;; ++count) {
    IpcBlock block{offset, 0, 0, IpcMessageKind::kBatch};
    bool ended = false;
    ARROW_RETURN_NOT_OK(
        AtArrowSeam(path_, fmt::format("message {}, byte {}", count, offset), [&]() -> Status {
          ARROW_RETURN_NOT_OK(input_->Seek(offset));
          ARROW_ASSIGN_OR_RAISE(const auto message, ReadMessageHead(input_.get()));
          ended = !message;
          if (ended) return Status::OK();
          ARROW_ASSIGN_OR_RAISE(const int64_t body, input_->Tell());
          if (message->body_bytes > size_bytes_ - body) {
            return Status::Invalid("it is cut short: the message's body of ", message->body_bytes,
                                   " bytes begins at ", body, " of ", size_bytes_);
          }
          if (message->kind == IpcMessageKind::kSchema) {
            return Status::Invalid("a second schema in one stream");
          }
          ARROW_ASSIGN_OR_RAISE(const auto head, IpcBatchHead::Parse(*message));
          block.bytes = body + message->body_bytes - offset;
          block.rows = head.rows();
          block.kind = message->kind;
          return Status::OK();
        }));
    if (ended) return Status::OK();
    ARROW_RETURN_NOT_OK(use(block));
    offset += block.bytes;
  }
}

Result<std::shared_ptr<arrow::Buffer>> IpcFile::ReadFooter() const {
  int32_t length = 0;
  const int64_t end = size_bytes_ - kTailBytes;
  ARROW_RETURN_NOT_OK(input_->ReadAt(end, sizeof(length), &length).status());
  if (length <= 0 || length > end - first_block_) {
    return Status::Invalid("the footer claims ", length, " of the file's ", size_bytes_, " bytes");
  }
  return input_->ReadAt(end - length, length);
}

Status IpcFile::WalkFooter(const std::function<Status(const IpcBlock&)>& use) {
  std::shared_ptr<arrow::Buffer> footer;
  std::span<const uint8_t> dictionaries;
  std::span<const uint8_t> batches;
  ARROW_RETURN_NOT_OK(AtArrowSeam(path_, "footer", [&]() -> Status {
    ARROW_ASSIGN_OR_RAISE(footer, ReadFooter());
    ARROW_ASSIGN_OR_RAISE(const auto table,
                          FlatTable::Root({footer->data(), static_cast<size_t>(footer->size())}));
    ARROW_ASSIGN_OR_RAISE(dictionaries, table.Vector(kFooterDictionaries, kBlockBytes));
    return table.Vector(kFooterBatches, kBlockBytes).Value(&batches);
  }));
  const auto walk = [&](std::span<const uint8_t> blocks, IpcMessageKind kind,
                        std::string_view name) -> Status {
    for (size_t at = 0; at < blocks.size(); at += kBlockBytes) {
      IpcBlock block{0, 0, 0, kind};
      ARROW_RETURN_NOT_OK(
          AtArrowSeam(path_, fmt::format("{} {}", name, at / kBlockBytes), [&]() -> Status {
            int32_t head_bytes;
            int64_t body_bytes;
            std::memcpy(&block.offset, blocks.data() + at, sizeof(block.offset));
            std::memcpy(&head_bytes, blocks.data() + at + 8, sizeof(head_bytes));
            std::memcpy(&body_bytes, blocks.data() + at + 16, sizeof(body_bytes));
            if (block.offset < first_block_ || head_bytes < 0 || body_bytes < 0 ||
                block.offset > size_bytes_ || head_bytes > size_bytes_ - block.offset ||
                body_bytes > size_bytes_ - block.offset - head_bytes) {
              return Status::Invalid("it lies at byte ", block.offset, ", length ", head_bytes,
                                     " and ", body_bytes, ", in a file of ", size_bytes_);
            }
            block.bytes = head_bytes + body_bytes;
            ARROW_ASSIGN_OR_RAISE(const auto placed, ReadHead(block));
            ARROW_ASSIGN_OR_RAISE(const auto head, IpcBatchHead::Parse(placed.message));
            block.rows = head.rows();
            return Status::OK();
          }));
      ARROW_RETURN_NOT_OK(use(block));
    }
    return Status::OK();
  };
  ARROW_RETURN_NOT_OK(walk(dictionaries, IpcMessageKind::kDictionary, "dictionary"));
  return walk(batches, IpcMessageKind::kBatch, "record batch");
}

Result<PlacedMessage> IpcFile::ReadHead(const IpcBlock& block) const {
  ARROW_ASSIGN_OR_RAISE(const auto stream,
                        arrow::io::RandomAccessFile::GetStream(input_, block.offset, block.bytes));
  ARROW_ASSIGN_OR_RAISE(auto message, ReadMessageHead(stream.get()));
  if (!message || message->kind != block.kind) {
    return Status::Invalid("there is no message where the footer says");
  }
  ARROW_ASSIGN_OR_RAISE(const int64_t head_bytes, stream->Tell());
  if (message->body_bytes > block.bytes - head_bytes) {
    return Status::Invalid("the message claims a body of ", message->body_bytes, " bytes");
  }
  return PlacedMessage{*std::move(message), block.offset + head_bytes};
}

}  // namespace headrace
