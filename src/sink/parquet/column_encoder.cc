#include "sink/parquet/column_encoder.h"

#include <arrow/extension_type.h>
#include <arrow/util/bit_util.h>
#include <parquet/exception.h>
#include <parquet/metadata.h>
#include <parquet/statistics.h>

#include <algorithm>
#include <limits>

#include "sink/parquet/long_text_pages.h"
#include "sink/parquet/text_bounds.h"

namespace headrace {
namespace {

// Rows handed to the column writer at once; it looks at its page's size after each such slice.
constexpr int64_t kSliceRows = 4 * 1024;
constexpr int16_t kPresent = 1;

Result<std::unique_ptr<arrow::util::Codec>> MakeCodec(const ParquetOptions& options) {
  if (options.codec == arrow::Compression::UNCOMPRESSED) return nullptr;
  if (arrow::util::Codec::SupportsCompressionLevel(options.codec)) {
    return arrow::util::Codec::Create(options.codec, options.level);
  }
  return arrow::util::Codec::Create(options.codec);
}

template <typename Offset>
int64_t RowsWithin(const Offset* offsets, int64_t begin, int64_t end, int64_t bytes_max) {
  const auto limit = static_cast<int64_t>(offsets[begin]) + bytes_max;
  const Offset* last =
      std::upper_bound(offsets + begin + 1, offsets + end + 1, limit,
                       [](int64_t value, Offset offset) { return value < offset; });
  return std::max<int64_t>(1, last - (offsets + begin + 1));
}

// How many rows from `begin` may go into one slice: at most kSliceRows and, beyond the first row,
// `bytes_max`.
int64_t SliceRows(const arrow::Array& chunk, int64_t begin, int64_t bytes_max) {
  const int64_t end = std::min(chunk.length(), begin + kSliceRows);
  switch (chunk.type_id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return RowsWithin(static_cast<const arrow::BinaryArray&>(chunk).raw_value_offsets(), begin,
                        end, bytes_max);
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return RowsWithin(static_cast<const arrow::LargeBinaryArray&>(chunk).raw_value_offsets(),
                        begin, end, bytes_max);
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW: {
      const auto& views = static_cast<const arrow::BinaryViewArray&>(chunk);
      int64_t bytes = 0;
      int64_t row = begin;
      for (; row < end; ++row) {
        if (!views.IsNull(row)) bytes += static_cast<int64_t>(views.GetView(row).size());
        if (bytes > bytes_max) break;
      }
      return std::max<int64_t>(1, row - begin);
    }
    default:
      return end - begin;
  }
}

parquet::Encoding::type FormatEncoding(ColumnEncoding encoding) {
  switch (encoding) {
    case ColumnEncoding::kDelta:
      return parquet::Encoding::DELTA_BINARY_PACKED;
    case ColumnEncoding::kDeltaLength:
      return parquet::Encoding::DELTA_LENGTH_BYTE_ARRAY;
    default:
      return parquet::Encoding::PLAIN;
  }
}

// The array that Parquet stores: extension types are only names for their storage.
std::shared_ptr<arrow::Array> StorageArray(std::shared_ptr<arrow::Array> array) {
  while (array->type_id() == arrow::Type::EXTENSION) {
    array = static_cast<const arrow::ExtensionArray&>(*array).storage();
  }
  return array;
}

}  // namespace

std::shared_ptr<parquet::WriterProperties> MakeWriterProperties(const ParquetOptions& options,
                                                                ColumnEncoding encoding,
                                                                ColumnStatistics statistics,
                                                                arrow::MemoryPool* pool) {
  parquet::WriterProperties::Builder builder;
  builder.memory_pool(pool)
      ->version(parquet::ParquetVersion::PARQUET_2_6)
      ->enable_store_decimal_as_integer()
      ->compression(options.codec)
      ->data_pagesize(options.data_page_bytes)
      ->dictionary_pagesize_limit(options.dictionary_page_bytes)
      ->write_batch_size(kSliceRows)
      // Pages are bounded by bytes; a bound by rows would only cut columns of small values into
      // many tiny ones.
      ->max_rows_per_page(std::numeric_limits<int32_t>::max())
      ->max_row_group_length(std::numeric_limits<int64_t>::max())
      ->disable_write_page_index()
      ->set_size_statistics_level(parquet::SizeStatisticsLevel::None);
  if (statistics == ColumnStatistics::kNone) builder.disable_statistics();
  if (encoding == ColumnEncoding::kDictionary) {
    builder.enable_dictionary();
  } else {
    builder.disable_dictionary();
    builder.encoding(FormatEncoding(encoding));
  }
  return builder.build();
}

EncodedBounds BoundsOf(const parquet::ColumnChunkMetaData& column) {
  EncodedBounds bounds;
  if (!column.is_stats_set()) return bounds;
  const auto statistics = column.encoded_statistics();
  if (!statistics) return bounds;
  if (statistics->has_min) bounds.min = statistics->min();
  if (statistics->has_max) bounds.max = statistics->max();
  if (statistics->has_null_count) bounds.null_count = statistics->null_count;
  return bounds;
}

FlatColumnEncoder::FlatColumnEncoder(std::shared_ptr<const ParquetLayout> layout,
                                     arrow::MemoryPool* pool)
    : layout_(std::move(layout)), pool_(pool) {}

Result<std::unique_ptr<FlatColumnEncoder>> FlatColumnEncoder::Make(
    std::shared_ptr<const ParquetLayout> layout, arrow::MemoryPool* pool) {
  std::unique_ptr<FlatColumnEncoder> encoder(new FlatColumnEncoder(std::move(layout), pool));
  ARROW_ASSIGN_OR_RAISE(encoder->codec_, MakeCodec(encoder->layout_->options()));
  encoder->scratch_.pool = pool;
  encoder->scratch_.codec = encoder->codec_.get();
  for (auto encoding : {ColumnEncoding::kPlain, ColumnEncoding::kDictionary, ColumnEncoding::kDelta,
                        ColumnEncoding::kDeltaLength}) {
    const auto index = static_cast<size_t>(encoding);
    const ParquetOptions& options = encoder->layout_->options();
    encoder->properties_[index] =
        MakeWriterProperties(options, encoding, ColumnStatistics::kByLibrary, pool);
    encoder->text_properties_[index] =
        MakeWriterProperties(options, encoding, ColumnStatistics::kNone, pool);
  }
  encoder->arrow_properties_ = parquet::default_arrow_writer_properties();
  return encoder;
}

Result<const int16_t*> FlatColumnEncoder::Levels(const arrow::Array& chunk, int64_t begin,
                                                 int64_t count) {
  if (!levels_) {
    ARROW_ASSIGN_OR_RAISE(levels_,
                          arrow::AllocateResizableBuffer(kSliceRows * sizeof(int16_t), pool_));
  }
  auto* levels = levels_->mutable_data_as<int16_t>();
  if (chunk.type_id() == arrow::Type::NA) {
    std::fill_n(levels, count, int16_t{0});
  } else if (chunk.null_count() == 0) {
    std::fill_n(levels, count, kPresent);
  } else {
    const uint8_t* bitmap = chunk.null_bitmap_data();
    for (int64_t i = 0; i < count; ++i) {
      levels[i] =
          arrow::bit_util::GetBit(bitmap, chunk.offset() + begin + i) ? kPresent : int16_t{0};
    }
  }
  return levels;
}

Status FlatColumnEncoder::WriteChunk(const arrow::Array& chunk, bool nullable,
                                     parquet::ColumnWriter* writer) {
  for (int64_t begin = 0; begin < chunk.length();) {
    const int64_t rows = SliceRows(chunk, begin, layout_->options().data_page_bytes);
    const int16_t* levels = nullptr;
    if (nullable) {
      ARROW_ASSIGN_OR_RAISE(levels, Levels(chunk, begin, rows));
    }
    const auto slice = chunk.Slice(begin, rows);
    ARROW_RETURN_NOT_OK(
        writer->WriteArrow(levels, nullptr, rows, *slice, context_.get(), nullable));
    begin += rows;
  }
  return Status::OK();
}

Result<EncodedColumn> FlatColumnEncoder::EncodeLongTexts(arrow::ArrayVector chunks, bool nullable) {
  EncodedColumn encoded;
  LongTextPages pages(&encoded, &scratch_);
  TextBounds text_bounds;
  for (auto& chunk : chunks) {
    text_bounds.Add(*chunk);
    for (int64_t begin = 0; begin < chunk->length();) {
      const int64_t rows = SliceRows(*chunk, begin, layout_->options().data_page_bytes);
      ARROW_RETURN_NOT_OK(pages.Add(*chunk->Slice(begin, rows), nullable));
      begin += rows;
    }
    chunk.reset();
  }
  pages.Close();
  encoded.bounds = text_bounds.Finish();
  return encoded;
}

Result<EncodedColumn> FlatColumnEncoder::Encode(int column, arrow::ArrayVector chunks) {
  if (!context_) {
    context_ = std::make_unique<parquet::ArrowWriteContext>(pool_, arrow_properties_.get());
  }
  for (auto& chunk : chunks) chunk = StorageArray(std::move(chunk));
  const bool is_dictionary = chunks.front()->type_id() == arrow::Type::DICTIONARY;
  const ColumnSample sample = is_dictionary ? ColumnSample() : SampleColumn(chunks);
  const ColumnEncoding encoding =
      is_dictionary ? ColumnEncoding::kDictionary : ChooseEncoding(sample, layout_->options());
  const bool is_text = TextBounds::Handles(*chunks.front()->type());
  const bool nullable = layout_->schema()->field(column)->nullable();
  if (is_text && encoding == ColumnEncoding::kPlain && sample.largest_bytes >= kLongTextBytes) {
    return EncodeLongTexts(std::move(chunks), nullable);
  }
  const auto& properties =
      (is_text ? text_properties_ : properties_)[static_cast<size_t>(encoding)];
  const parquet::ColumnDescriptor* descriptor = layout_->descriptor().Column(column);
  EncodedColumn encoded;
  auto metadata = parquet::ColumnChunkMetaDataBuilder::Make(properties, descriptor);
  auto writer = parquet::ColumnWriter::Make(
      metadata.get(), std::make_unique<EncodedPageWriter>(&encoded, &scratch_), properties.get());
  TextBounds text_bounds;
  for (auto& chunk : chunks) {
    if (is_text) text_bounds.Add(*chunk);
    ARROW_RETURN_NOT_OK(WriteChunk(*chunk, nullable, writer.get()));
    chunk.reset();
  }
  writer->Close();
  if (is_text) {
    encoded.bounds = text_bounds.Finish();
    return encoded;
  }
  const parquet::ApplicationVersion trusted("headrace version 0.1.0");
  encoded.bounds = BoundsOf(*parquet::ColumnChunkMetaData::Make(
      metadata->contents(), descriptor, parquet::default_reader_properties(), &trusted));
  return encoded;
}

}  // namespace headrace
