#include "sink/parquet/parquet_form.h"

#include "sink/parquet/file_writer.h"
#include "sink/parquet/row_group_encoder.h"

namespace headrace {
namespace {

class ParquetChunk : public EncodedChunk {
 public:
  explicit ParquetChunk(EncodedRowGroup encoded) : row_group(std::move(encoded)) {}
  int64_t rows() const override { return row_group.rows; }
  int64_t bytes() const override { return row_group.compressed_bytes(); }
  EncodedRowGroup row_group;
};

class ParquetChunkEncoder : public ChunkEncoder {
 public:
  explicit ParquetChunkEncoder(std::unique_ptr<RowGroupEncoder> encoder)
      : encoder_(std::move(encoder)) {}

  Status Encode(BatchVector batches, const UseChunk& use) override {
    ARROW_ASSIGN_OR_RAISE(EncodedRowGroup encoded, encoder_->Encode(batches));
    batches.clear();
    return use(std::make_unique<ParquetChunk>(std::move(encoded)), ChunkEnd::kLast);
  }

 private:
  std::unique_ptr<RowGroupEncoder> encoder_;
};

class ParquetOutputFile : public OutputFileWriter {
 public:
  ParquetOutputFile(std::shared_ptr<const ParquetLayout> layout, arrow::MemoryPool* pool,
                    FooterSpill spill)
      : writer_(std::move(layout), pool, spill) {}

  Status Append(std::unique_ptr<EncodedChunk> chunk, WritableFile* file) override {
    return writer_.Append(std::move(static_cast<ParquetChunk&>(*chunk).row_group), file);
  }
  Status Finish(WritableFile* file) override { return writer_.Finish(file); }
  int64_t rows() const override { return writer_.rows(); }
  int64_t written_bytes() const override { return writer_.written_bytes(); }
  int64_t metadata_bytes() const override { return writer_.metadata_bytes(); }

 private:
  ParquetFileWriter writer_;
};

class ParquetForm : public OutputForm {
 public:
  explicit ParquetForm(std::shared_ptr<const ParquetLayout> layout)
      : OutputForm(layout->schema(), ".parquet"), layout_(std::move(layout)) {}

  Result<std::unique_ptr<ChunkEncoder>> MakeEncoder(arrow::MemoryPool* pool) const override {
    ARROW_ASSIGN_OR_RAISE(auto encoder, RowGroupEncoder::Make(layout_, pool));
    return std::make_unique<ParquetChunkEncoder>(std::move(encoder));
  }
  Result<std::unique_ptr<OutputFileWriter>> MakeFileWriter(arrow::MemoryPool* pool,
                                                           FooterSpill spill) const override {
    return std::make_unique<ParquetOutputFile>(layout_, pool, spill);
  }

 private:
  const std::shared_ptr<const ParquetLayout> layout_;
};

}  // namespace

Result<std::shared_ptr<const OutputForm>> MakeParquetForm(std::shared_ptr<arrow::Schema> schema,
                                                          const ParquetOptions& options,
                                                          arrow::MemoryPool* pool) {
  ARROW_ASSIGN_OR_RAISE(auto layout, ParquetLayout::Make(std::move(schema), options, pool));
  return MakeParquetForm(std::move(layout));
}

std::shared_ptr<const OutputForm> MakeParquetForm(std::shared_ptr<const ParquetLayout> layout) {
  return std::make_shared<ParquetForm>(std::move(layout));
}

}  // namespace headrace
