#include "sink/parquet/file_writer.h"

#include <arrow/util/byte_size.h>
#include <parquet/schema.h>
#include <parquet/types.h>

#include <string>

#include "sink/parquet/thrift_compact.h"

namespace headrace {
namespace {

constexpr char kMagic[4] = {'P', 'A', 'R', '1'};

// The format's number of a codec; LZ4 means the raw form, the only one all readers agree on.
int FormatCodec(arrow::Compression::type codec) {
  switch (codec) {
    case arrow::Compression::SNAPPY:
      return 1;
    case arrow::Compression::GZIP:
      return 2;
    case arrow::Compression::ZSTD:
      return 6;
    case arrow::Compression::LZ4:
      return 7;
    default:
      return 0;
  }
}

void DescribeBounds(const EncodedBounds& bounds, CompactWriter* writer) {
  if (!bounds.min && !bounds.max && !bounds.null_count) return;
  writer->BeginStruct(12);
  if (bounds.null_count) writer->Int64(3, *bounds.null_count);
  if (bounds.max) writer->Binary(5, *bounds.max);
  if (bounds.min) writer->Binary(6, *bounds.min);
  if (bounds.max) writer->Bool(7, true);
  if (bounds.min) writer->Bool(8, true);
  writer->EndStruct();
}

void DescribeColumn(const EncodedColumn& column, const parquet::ColumnDescriptor& descriptor,
                    int codec, int64_t offset, CompactWriter* writer) {
  writer->BeginStructElement();
  writer->Int64(2, 0);
  writer->BeginStruct(3);
  writer->Int32(1, static_cast<int>(descriptor.physical_type()));
  writer->BeginList(2, CompactType::kInt32, static_cast<int64_t>(column.encodings.size()));
  for (int encoding : column.encodings) writer->Int32Element(encoding);
  const std::vector<std::string> path = descriptor.path()->ToDotVector();
  writer->BeginList(3, CompactType::kBinary, static_cast<int64_t>(path.size()));
  for (const std::string& name : path) writer->BinaryElement(name);
  writer->Int32(4, column.is_compressed ? codec : FormatCodec(arrow::Compression::UNCOMPRESSED));
  writer->Int64(5, column.values);
  writer->Int64(6, column.uncompressed_bytes);
  writer->Int64(7, column.compressed_bytes);
  writer->Int64(9, offset + column.data_offset);
  if (column.dictionary_offset >= 0) writer->Int64(11, offset + column.dictionary_offset);
  DescribeBounds(column.bounds, writer);
  writer->BeginList(13, CompactType::kStruct, static_cast<int64_t>(column.page_counts.size()));
  for (const EncodedPageCount& pages : column.page_counts) {
    writer->BeginStructElement();
    writer->Int32(1, pages.page_type);
    writer->Int32(2, pages.encoding);
    writer->Int32(3, pages.count);
    writer->EndStruct();
  }
  writer->EndStruct();
  writer->EndStruct();
}

}  // namespace

ParquetFileWriter::ParquetFileWriter(std::shared_ptr<const ParquetLayout> layout,
                                     arrow::MemoryPool* pool, FooterSpill spill)
    : layout_(std::move(layout)), pool_(pool), spill_(spill), metadata_(pool) {}

ParquetFileWriter::~ParquetFileWriter() {
  for (const SpillFrame& frame : spilled_) spill_.area->Release(frame);
}

Status ParquetFileWriter::Write(const void* data, int64_t length, WritableFile* file) {
  ARROW_RETURN_NOT_OK(file->Append(data, length));
  offset_ += length;
  return Status::OK();
}

Status ParquetFileWriter::WriteMagicFirst(WritableFile* file) {
  return offset_ == 0 ? Write(kMagic, sizeof(kMagic), file) : Status::OK();
}

Status ParquetFileWriter::Append(EncodedRowGroup row_group, WritableFile* file) {
  HEADRACE_CHECK(static_cast<int>(row_group.columns.size()) == layout_->leaf_count());
  ARROW_RETURN_NOT_OK(WriteMagicFirst(file));
  ARROW_RETURN_NOT_OK(Describe(row_group));
  for (EncodedColumn& column : row_group.columns) {
    for (auto& piece : column.pieces) {
      ARROW_RETURN_NOT_OK(Write(piece->data(), piece->size(), file));
      piece.reset();
    }
  }
  rows_ += row_group.rows;
  ++row_groups_;
  return Status::OK();
}

Status ParquetFileWriter::Describe(const EncodedRowGroup& row_group) {
  std::string text;
  CompactWriter writer(&text);
  writer.BeginList(1, CompactType::kStruct, static_cast<int64_t>(row_group.columns.size()));
  int64_t offset = offset_;
  const int codec = FormatCodec(layout_->options().codec);
  for (size_t i = 0; i < row_group.columns.size(); ++i) {
    const EncodedColumn& column = row_group.columns[i];
    DescribeColumn(column, *layout_->descriptor().Column(static_cast<int>(i)), codec, offset,
                   &writer);
    offset += column.compressed_bytes;
  }
  writer.Int64(2, row_group.uncompressed_bytes());
  writer.Int64(3, row_group.rows);
  writer.Int64(5, offset_);
  writer.Int64(6, row_group.compressed_bytes());
  writer.EndStruct();
  ARROW_RETURN_NOT_OK(WithContext(metadata_.Append(text.data(), static_cast<int64_t>(text.size())),
                                  "keeping a Parquet file's metadata"));
  const bool is_full = spill_.area != nullptr && metadata_.length() >= spill_.held_bytes_max;
  return is_full ? SpillMetadata() : Status::OK();
}

Status ParquetFileWriter::SpillMetadata() {
  // Larger than the writer's workspace, so written as it is: this is small beside the rows.
  ARROW_ASSIGN_OR_RAISE(const auto writer, SpillWriter::Make(spill_.area, 0, pool_));
  const BytesView piece(metadata_.data(), static_cast<size_t>(metadata_.length()));
  ARROW_ASSIGN_OR_RAISE(const SpillFrame frame, writer->Write({&piece, 1}));
  spilled_.push_back(frame);
  metadata_.Rewind(0);
  return Status::OK();
}

Status ParquetFileWriter::WriteMetadata(WritableFile* file) {
  for (const SpillFrame& frame : spilled_) {
    ARROW_ASSIGN_OR_RAISE(const auto piece, spill_.area->Read(frame, pool_));
    ARROW_RETURN_NOT_OK(Write(piece->data(), piece->size(), file));
  }
  return Write(metadata_.data(), metadata_.length(), file);
}

Status ParquetFileWriter::Finish(WritableFile* file) {
  ARROW_RETURN_NOT_OK(WriteMagicFirst(file));
  const int64_t footer_begin = offset_;
  // The head ends with the schema, field 2: the two fields written here continue its struct.
  std::string numbers;
  CompactWriter writer(&numbers);
  writer.Int64(1, rows_);
  writer.BeginList(2, CompactType::kStruct, row_groups_);
  ARROW_RETURN_NOT_OK(Write(layout_->footer_head().data(), layout_->footer_head().size(), file));
  ARROW_RETURN_NOT_OK(Write(numbers.data(), numbers.size(), file));
  ARROW_RETURN_NOT_OK(WriteMetadata(file));
  ARROW_RETURN_NOT_OK(Write(layout_->footer_tail().data(), layout_->footer_tail().size(), file));
  const int64_t footer_bytes = offset_ - footer_begin;
  if (footer_bytes > INT32_MAX) {
    return MakeError(ErrorKind::kSink, 616,
                     "a Parquet file's footer passes 2 GiB: {} row groups; use larger row groups "
                     "or smaller files",
                     row_groups_);
  }
  char end[8];
  for (int i = 0; i < 4; ++i) end[i] = static_cast<char>(footer_bytes >> (8 * i));
  std::copy(kMagic, kMagic + 4, end + 4);
  ARROW_RETURN_NOT_OK(Write(end, sizeof(end), file));
  metadata_.Reset();
  return Status::OK();
}

}  // namespace headrace
