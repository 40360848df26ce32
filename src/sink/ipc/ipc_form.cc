#include "sink/ipc/ipc_form.h"

#include <arrow/extension_type.h>
#include <arrow/io/interfaces.h>
#include <arrow/ipc/dictionary.h>
#include <arrow/ipc/options.h>
#include <arrow/ipc/writer.h>

#include <algorithm>
#include <iterator>
#include <vector>

namespace headrace {
namespace {

namespace ipc = arrow::ipc;

// Of the footer, per record batch: where it stands and how long it is.
constexpr int64_t kBlockBytes = 24;
// What the library takes per record batch outside the pool: the place in a vector that doubles, and
// the footer made of it in the end. 67 were measured.
constexpr int64_t kIndexBytesPerBatch = 96;
constexpr int64_t kIndexPieceBytes = int64_t{64} << 10;

Result<ipc::IpcWriteOptions> WriteOptions(const OutputCompression& compression,
                                          arrow::MemoryPool* pool) {
  ipc::IpcWriteOptions options = ipc::IpcWriteOptions::Defaults();
  options.use_threads = false;
  options.memory_pool = pool;
  if (compression.codec != arrow::Compression::UNCOMPRESSED) {
    const bool has_level = arrow::util::Codec::SupportsCompressionLevel(compression.codec) &&
                           compression.codec == arrow::Compression::ZSTD;
    ARROW_ASSIGN_OR_RAISE(
        options.codec, has_level ? arrow::util::Codec::Create(compression.codec, compression.level)
                                 : arrow::util::Codec::Create(compression.codec));
  }
  return options;
}

bool HasDictionary(const arrow::DataType& type) {
  if (type.id() == arrow::Type::DICTIONARY) return true;
  if (type.id() == arrow::Type::EXTENSION) {
    return HasDictionary(*static_cast<const arrow::ExtensionType&>(type).storage_type());
  }
  const auto& fields = type.fields();
  return std::any_of(fields.begin(), fields.end(),
                     [](const auto& field) { return HasDictionary(*field->type()); });
}

class IpcChunk : public EncodedChunk {
 public:
  IpcChunk(ipc::IpcPayload encoded, int64_t rows) : payload(std::move(encoded)), rows_(rows) {}
  int64_t rows() const override { return rows_; }
  int64_t bytes() const override { return payload.body_length + payload.metadata->size(); }
  ipc::IpcPayload payload;

 private:
  const int64_t rows_;
};

class IpcEncoder : public ChunkEncoder {
 public:
  explicit IpcEncoder(ipc::IpcWriteOptions options) : options_(std::move(options)) {}

  Status Encode(BatchVector batches, const UseChunk& use) override {
    std::shared_ptr<arrow::RecordBatch> whole = batches.front();
    if (batches.size() > 1) {
      ARROW_ASSIGN_OR_RAISE(whole, arrow::ConcatenateRecordBatches(batches, options_.memory_pool));
    }
    batches.clear();
    const int64_t rows = whole->num_rows();
    ipc::IpcPayload payload;
    ARROW_RETURN_NOT_OK(WithKind(ipc::GetRecordBatchPayload(*whole, options_, &payload),
                                 ErrorKind::kInternal, 902, "encoding an Arrow record batch"));
    whole.reset();
    return use(std::make_unique<IpcChunk>(std::move(payload), rows), ChunkEnd::kLast);
  }

 private:
  const ipc::IpcWriteOptions options_;
};

// What the library writes to: whatever file the caller has open just now.
class CurrentFile : public arrow::io::OutputStream {
 public:
  void set_file(WritableFile* file) { file_ = file; }
  Status Close() override { return Status::OK(); }
  bool closed() const override { return false; }
  Result<int64_t> Tell() const override { return offset_; }
  using arrow::io::OutputStream::Write;
  Status Write(const void* data, int64_t length) override {
    ARROW_RETURN_NOT_OK(file_->Append(data, length));
    offset_ += length;
    return Status::OK();
  }
  int64_t offset() const { return offset_; }

 private:
  WritableFile* file_ = nullptr;
  int64_t offset_ = 0;
};

class IpcFileWriter : public OutputFileWriter {
 public:
  IpcFileWriter(std::shared_ptr<arrow::Schema> schema, ipc::IpcWriteOptions options)
      : schema_(std::move(schema)), options_(std::move(options)) {}

  Status Append(std::unique_ptr<EncodedChunk> chunk, WritableFile* file) override {
    ARROW_RETURN_NOT_OK(StartWith(file));
    ARROW_RETURN_NOT_OK(MakeRoomInIndex());
    ARROW_RETURN_NOT_OK(writer_->WritePayload(static_cast<IpcChunk&>(*chunk).payload));
    rows_ += chunk->rows();
    ++batches_;
    return Status::OK();
  }

  Status Finish(WritableFile* file) override {
    ARROW_RETURN_NOT_OK(StartWith(file));
    return writer_->Close();
  }

  int64_t rows() const override { return rows_; }
  int64_t written_bytes() const override { return stream_.offset(); }
  int64_t metadata_bytes() const override { return batches_ * kBlockBytes; }

 private:
  // The index lies outside the pool, so as much of the pool is put aside.
  Status MakeRoomInIndex() {
    if ((batches_ + 1) * kIndexBytesPerBatch <= std::ssize(index_) * kIndexPieceBytes) {
      return Status::OK();
    }
    ARROW_ASSIGN_OR_RAISE(auto piece,
                          arrow::AllocateBuffer(kIndexPieceBytes, options_.memory_pool));
    index_.push_back(std::move(piece));
    return Status::OK();
  }

  Status StartWith(WritableFile* file) {
    stream_.set_file(file);
    if (writer_ != nullptr) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(writer_,
                          ipc::internal::MakePayloadFileWriter(&stream_, schema_, options_));
    ARROW_RETURN_NOT_OK(writer_->Start());
    ipc::IpcPayload payload;
    ARROW_RETURN_NOT_OK(
        ipc::GetSchemaPayload(*schema_, options_, ipc::DictionaryFieldMapper(*schema_), &payload));
    return writer_->WritePayload(payload);
  }

  const std::shared_ptr<arrow::Schema> schema_;
  const ipc::IpcWriteOptions options_;
  CurrentFile stream_;
  std::unique_ptr<ipc::internal::IpcPayloadWriter> writer_;
  std::vector<std::unique_ptr<arrow::Buffer>> index_;  // never written to
  int64_t rows_ = 0;
  int64_t batches_ = 0;
};

class IpcForm : public OutputForm {
 public:
  IpcForm(std::shared_ptr<arrow::Schema> schema, OutputCompression compression)
      : OutputForm(std::move(schema), ".arrow"), compression_(compression) {}

  Result<std::unique_ptr<ChunkEncoder>> MakeEncoder(arrow::MemoryPool* pool) const override {
    ARROW_ASSIGN_OR_RAISE(auto options, WriteOptions(compression_, pool));
    return std::make_unique<IpcEncoder>(std::move(options));
  }
  Result<std::unique_ptr<OutputFileWriter>> MakeFileWriter(arrow::MemoryPool* pool,
                                                           FooterSpill) const override {
    ARROW_ASSIGN_OR_RAISE(auto options, WriteOptions({}, pool));
    return std::make_unique<IpcFileWriter>(schema(), std::move(options));
  }

 private:
  const OutputCompression compression_;
};

}  // namespace

Status CheckIpcColumns(const arrow::Schema& schema) {
  for (const auto& field : schema.fields()) {
    if (!HasDictionary(*field->type())) continue;
    return MakeError(ErrorKind::kInvalidPlan, 216,
                     "an Arrow file cannot be written with dictionaries inside nested values; cast "
                     "or drop the column: column '{}', type {}",
                     field->name(), field->type()->ToString());
  }
  return Status::OK();
}

Result<std::shared_ptr<const OutputForm>> MakeIpcForm(std::shared_ptr<arrow::Schema> schema,
                                                      const OutputCompression& compression) {
  ARROW_RETURN_NOT_OK(CheckIpcColumns(*schema));
  return std::make_shared<IpcForm>(std::move(schema), compression);
}

}  // namespace headrace
