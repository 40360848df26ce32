#include "sink/parquet/file_writer.h"

#include <arrow/util/byte_size.h>
#include <parquet/schema.h>
#include <parquet/types.h>

#include <cstring>
#include <string>

#include "sink/parquet/page_index.h"
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

// Without the end of the column's struct: where its indexes stand is known later.
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
}

}  // namespace

ParquetFileWriter::ParquetFileWriter(std::shared_ptr<const ParquetLayout> layout,
                                     arrow::MemoryPool* pool, FooterSpill spill)
    : layout_(std::move(layout)),
      pool_(pool),
      spill_(spill),
      metadata_(pool, spill.area),
      column_indexes_(pool, spill.area),
      offset_indexes_(pool, spill.area) {}

ParquetFileWriter::~ParquetFileWriter() = default;

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
    PieceHead head;
    ARROW_RETURN_NOT_OK(KeepIndexes(column, offset + column.data_offset, &head));
    ARROW_RETURN_NOT_OK(KeepPiece(head, &text));
    writer.EndStruct();
    offset += column.compressed_bytes;
  }
  writer.Int64(2, row_group.uncompressed_bytes());
  writer.Int64(3, row_group.rows);
  writer.Int64(5, offset_);
  writer.Int64(6, row_group.compressed_bytes());
  writer.EndStruct();
  ARROW_RETURN_NOT_OK(KeepPiece({}, &text));
  const int64_t held_bytes =
      metadata_.held_bytes() + column_indexes_.held_bytes() + offset_indexes_.held_bytes();
  if (spill_.area == nullptr || held_bytes < spill_.held_bytes_max) return Status::OK();
  ARROW_RETURN_NOT_OK(metadata_.Spill());
  ARROW_RETURN_NOT_OK(column_indexes_.Spill());
  return offset_indexes_.Spill();
}

Status ParquetFileWriter::KeepIndexes(const EncodedColumn& column, int64_t data_offset,
                                      PieceHead* head) {
  if (column.page_places == nullptr) return Status::OK();
  std::string places;
  DescribePagePlaces(column, data_offset, &places);
  head->offset_index_at = offset_indexes_.bytes();
  head->offset_index_bytes = static_cast<int32_t>(places.size());
  ARROW_RETURN_NOT_OK(offset_indexes_.Append(places.data(), head->offset_index_bytes));
  if (column.column_index == nullptr) return Status::OK();
  head->column_index_at = column_indexes_.bytes();
  head->column_index_bytes = static_cast<int32_t>(column.column_index->size());
  return column_indexes_.Append(column.column_index->data(), head->column_index_bytes);
}

Status ParquetFileWriter::KeepPiece(PieceHead head, std::string* text) {
  head.bytes = static_cast<int64_t>(text->size());
  ARROW_RETURN_NOT_OK(metadata_.Append(&head, sizeof(head)));
  ARROW_RETURN_NOT_OK(metadata_.Append(text->data(), head.bytes));
  text->clear();
  return Status::OK();
}

Status ParquetFileWriter::WriteHeld(const HeldText& text, WritableFile* file) {
  return text.ForEachPiece([&](std::string_view piece) -> Status {
    return piece.empty() ? Status::OK()
                         : Write(piece.data(), static_cast<int64_t>(piece.size()), file);
  });
}

Status ParquetFileWriter::WriteRowGroups(int64_t column_indexes, int64_t offset_indexes,
                                         WritableFile* file) {
  constexpr size_t kWriteBytes = 32 * 1024;
  return metadata_.ForEachPiece([&](std::string_view pieces) -> Status {
    std::string text;
    while (!pieces.empty()) {
      PieceHead head;
      std::memcpy(&head, pieces.data(), sizeof(head));
      text.append(pieces.substr(sizeof(head), static_cast<size_t>(head.bytes)));
      pieces.remove_prefix(sizeof(head) + static_cast<size_t>(head.bytes));
      // These fields continue the column's struct after its third: 4 and 5, 6 and 7.
      CompactWriter writer(&text);
      if (head.offset_index_at >= 0) {
        writer.Int64(1, offset_indexes + head.offset_index_at);
        writer.Int32(2, head.offset_index_bytes);
      }
      if (head.column_index_at >= 0) {
        writer.Int64(3, column_indexes + head.column_index_at);
        writer.Int32(4, head.column_index_bytes);
      }
      if (text.size() < kWriteBytes && !pieces.empty()) continue;
      ARROW_RETURN_NOT_OK(Write(text.data(), static_cast<int64_t>(text.size()), file));
      text.clear();
    }
    return Status::OK();
  });
}

Status ParquetFileWriter::Finish(WritableFile* file) {
  ARROW_RETURN_NOT_OK(WriteMagicFirst(file));
  const int64_t column_indexes = offset_;
  ARROW_RETURN_NOT_OK(WriteHeld(column_indexes_, file));
  const int64_t offset_indexes = offset_;
  ARROW_RETURN_NOT_OK(WriteHeld(offset_indexes_, file));
  const int64_t footer_begin = offset_;
  // The head ends with the schema, field 2: the two fields written here continue its struct.
  std::string numbers;
  CompactWriter writer(&numbers);
  writer.Int64(1, rows_);
  writer.BeginList(2, CompactType::kStruct, row_groups_);
  ARROW_RETURN_NOT_OK(Write(layout_->footer_head().data(), layout_->footer_head().size(), file));
  ARROW_RETURN_NOT_OK(Write(numbers.data(), numbers.size(), file));
  ARROW_RETURN_NOT_OK(WriteRowGroups(column_indexes, offset_indexes, file));
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
  column_indexes_.Reset();
  offset_indexes_.Reset();
  return Status::OK();
}

}  // namespace headrace
