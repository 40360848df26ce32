#include "sink/text/text_form.h"

#include <optional>

#include "sink/block_codec.h"
#include "sink/out_of_memory.h"
#include "sink/text/row_text.h"

namespace headrace {
namespace {

using Pieces = std::vector<std::shared_ptr<arrow::Buffer>>;

class TextChunk : public EncodedChunk {
 public:
  int64_t rows() const override { return rows_; }
  int64_t bytes() const override { return bytes_; }
  void Add(std::shared_ptr<arrow::Buffer> piece) {
    bytes_ += piece->size();
    pieces.push_back(std::move(piece));
  }
  void CountRow() { ++rows_; }
  Pieces pieces;

 private:
  int64_t rows_ = 0;
  int64_t bytes_ = 0;
};

// Role: text blocks to what stands in the file. Keeps its codec and a block for what it
// compressed. Threads: one.
class TextCompressor {
 public:
  static Result<std::unique_ptr<TextCompressor>> Make(const OutputCompression& compression,
                                                      arrow::MemoryPool* pool) {
    std::unique_ptr<TextCompressor> made(new TextCompressor(pool));
    ARROW_ASSIGN_OR_RAISE(made->codec_, BlockCodec::Make(compression.codec, compression.level));
    return made;
  }

  Result<std::shared_ptr<arrow::Buffer>> Compress(const uint8_t* data, int64_t bytes) {
    if (codec_ != nullptr) {
      const int64_t bound = codec_->MaxCompressedBytes(bytes);
      scratch_.Clear(INT64_MAX);
      ARROW_RETURN_NOT_OK(scratch_.Reserve(bound));
      auto* out = reinterpret_cast<uint8_t*>(scratch_.end());
      ARROW_ASSIGN_OR_RAISE(bytes, codec_->Compress(data, bytes, out, bound));
      data = out;
    }
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> piece,
                          arrow::AllocateBuffer(bytes, pool_));
    if (bytes > 0) std::memcpy(piece->mutable_data(), data, static_cast<size_t>(bytes));
    return piece;
  }
  // After a block larger than usual.
  void Shrink(int64_t bytes_max) { scratch_.Clear(bytes_max); }

 private:
  explicit TextCompressor(arrow::MemoryPool* pool) : pool_(pool), scratch_(pool) {}
  arrow::MemoryPool* pool_;
  std::unique_ptr<BlockCodec> codec_;
  TextBuffer scratch_;
};

class TextEncoder : public ChunkEncoder {
 public:
  TextEncoder(std::unique_ptr<RowText> rows, std::unique_ptr<TextCompressor> compressor,
              int64_t chunk_bytes_max, arrow::MemoryPool* pool)
      : rows_(std::move(rows)),
        compressor_(std::move(compressor)),
        chunk_bytes_max_(chunk_bytes_max),
        text_(pool) {}

  Status Encode(BatchVector batches, const UseChunk& use) override {
    ARROW_RETURN_NOT_OK(text_.Reserve(kTextBlockBytes));
    auto chunk = std::make_unique<TextChunk>();
    for (auto& batch : batches) {
      const int64_t rows = batch->num_rows();
      ARROW_RETURN_NOT_OK(rows_->SetBatch(std::move(batch)));
      for (int64_t row = 0; row < rows; ++row) {
        if (chunk->bytes() >= chunk_bytes_max_) {
          ARROW_RETURN_NOT_OK(use(std::move(chunk), ChunkEnd::kMoreFollow));
          chunk = std::make_unique<TextChunk>();
        }
        ARROW_RETURN_NOT_OK(AppendRow(row, chunk.get()));
      }
      rows_->Clear();
    }
    ARROW_RETURN_NOT_OK(EndBlock(chunk.get()));
    return use(std::move(chunk), ChunkEnd::kLast);
  }

 private:
  // A block ends before the row that would pass its size, so that blocks are never larger than
  // the codec likes them, unless one row is.
  Status AppendRow(int64_t row, TextChunk* chunk) {
    const int64_t begin = text_.size();
    ARROW_RETURN_NOT_OK(rows_->Append(row, &text_));
    chunk->CountRow();
    if (text_.size() < kTextBlockBytes) return Status::OK();
    return begin < kTextBlockBytes / 2 || text_.size() == kTextBlockBytes
               ? EndBlock(chunk)
               : EndBlockAt(begin, chunk);
  }

  Status EndBlockAt(int64_t end, TextChunk* chunk) {
    ARROW_ASSIGN_OR_RAISE(auto piece, compressor_->Compress(text_.data(), end));
    chunk->Add(std::move(piece));
    const int64_t rest = text_.size() - end;
    std::memmove(text_.end() - text_.size(), text_.data() + end, static_cast<size_t>(rest));
    text_.SetEnd(text_.end() - end);
    return rest >= kTextBlockBytes ? EndBlock(chunk) : Status::OK();
  }

  Status EndBlock(TextChunk* chunk) {
    if (text_.size() == 0) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(auto piece, compressor_->Compress(text_.data(), text_.size()));
    chunk->Add(std::move(piece));
    text_.Clear(2 * kTextBlockBytes);
    compressor_->Shrink(2 * kTextBlockBytes);
    return text_.Reserve(kTextBlockBytes);
  }

  const std::unique_ptr<RowText> rows_;
  const std::unique_ptr<TextCompressor> compressor_;
  const int64_t chunk_bytes_max_;
  TextBuffer text_;
};

class TextFile : public OutputFileWriter {
 public:
  explicit TextFile(std::shared_ptr<const std::string> start) : start_(std::move(start)) {}

  Status Append(std::unique_ptr<EncodedChunk> chunk, WritableFile* file) override {
    ARROW_RETURN_NOT_OK(Start(file));
    for (auto& piece : static_cast<TextChunk&>(*chunk).pieces) {
      ARROW_RETURN_NOT_OK(Write(piece->data(), piece->size(), file));
      piece.reset();
    }
    rows_ += chunk->rows();
    return Status::OK();
  }
  Status Finish(WritableFile* file) override { return Start(file); }

  int64_t rows() const override { return rows_; }
  int64_t written_bytes() const override { return bytes_; }
  int64_t metadata_bytes() const override { return 0; }

 private:
  Status Start(WritableFile* file) {
    if (bytes_ > 0 || start_->empty()) return Status::OK();
    return Write(start_->data(), static_cast<int64_t>(start_->size()), file);
  }
  Status Write(const void* data, int64_t bytes, WritableFile* file) {
    ARROW_RETURN_NOT_OK(file->Append(data, bytes));
    bytes_ += bytes;
    return Status::OK();
  }

  const std::shared_ptr<const std::string> start_;
  int64_t rows_ = 0;
  int64_t bytes_ = 0;
};

std::string SuffixOf(const TextFormOptions& options) {
  std::string suffix = options.style.kind == TextStyle::Kind::kJson ? ".jsonl"
                       : options.style.delimiter == '\t'            ? ".tsv"
                                                                    : ".csv";
  if (options.compression.codec == arrow::Compression::GZIP) suffix += ".gz";
  if (options.compression.codec == arrow::Compression::ZSTD) suffix += ".zst";
  return suffix;
}

class TextForm : public OutputForm {
 public:
  TextForm(std::shared_ptr<arrow::Schema> schema, const TextFormOptions& options, std::string start)
      : OutputForm(std::move(schema), SuffixOf(options)),
        options_(options),
        start_(std::make_shared<const std::string>(std::move(start))) {}

  Result<std::unique_ptr<ChunkEncoder>> MakeEncoder(arrow::MemoryPool* pool) const override {
    ARROW_ASSIGN_OR_RAISE(auto compressor, TextCompressor::Make(options_.compression, pool));
    ARROW_ASSIGN_OR_RAISE(auto rows, MakeRowText(*schema(), options_.style));
    return std::make_unique<TextEncoder>(std::move(rows), std::move(compressor),
                                         options_.chunk_bytes_max, pool);
  }
  Result<std::unique_ptr<OutputFileWriter>> MakeFileWriter(arrow::MemoryPool*,
                                                           FooterSpill) const override {
    return std::make_unique<TextFile>(start_);
  }

 private:
  const TextFormOptions options_;
  const std::shared_ptr<const std::string> start_;  // what every file begins with
};

}  // namespace

Result<std::shared_ptr<const OutputForm>> MakeTextForm(std::shared_ptr<arrow::Schema> schema,
                                                       const TextFormOptions& options) {
  ARROW_RETURN_NOT_OK(CheckTextColumns(*schema, options.style.kind));
  std::string start;
  if (options.style.kind == TextStyle::Kind::kCsv) {
    ARROW_ASSIGN_OR_RAISE(start, CsvHeader(*schema, options.style.delimiter));
  }
  // A file without rows is still one of its compression.
  if (!start.empty() || options.compression.codec != arrow::Compression::UNCOMPRESSED) {
    ARROW_ASSIGN_OR_RAISE(auto compressor,
                          TextCompressor::Make(options.compression, arrow::default_memory_pool()));
    ARROW_ASSIGN_OR_RAISE(const auto piece,
                          compressor->Compress(reinterpret_cast<const uint8_t*>(start.data()),
                                               static_cast<int64_t>(start.size())));
    start = piece->ToString();
  }
  return std::make_shared<TextForm>(std::move(schema), options, std::move(start));
}

int64_t TextEncoderBytesMax(int64_t chunk_bytes_max) {
  // The block of text, the block of what was compressed, the piece that passes the chunk's size.
  return chunk_bytes_max + 4 * kTextBlockBytes;
}

}  // namespace headrace
