#include "sink/parquet/column_encoder.h"

#include <arrow/extension_type.h>
#include <arrow/util/bit_util.h>
#include <parquet/exception.h>
#include <parquet/metadata.h>
#include <parquet/statistics.h>

#include <algorithm>
#include <limits>

#include "sink/parquet/column_slices.h"
#include "sink/parquet/float_split.h"
#include "sink/parquet/long_text_pages.h"
#include "sink/parquet/text_bounds.h"

namespace headrace {
namespace {

constexpr int16_t kPresent = 1;

// At least one row.
int64_t PageSliceRows(const arrow::Array& chunk, int64_t begin, const ParquetOptions& options) {
  return std::max<int64_t>(1, SliceRows(chunk, begin, options.data_page_bytes));
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
    builder.encoding(FormatEncodingOf(encoding));
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
    : layout_(std::move(layout)), pool_(pool), flat_scratch_(pool) {}

Result<std::unique_ptr<FlatColumnEncoder>> FlatColumnEncoder::Make(
    std::shared_ptr<const ParquetLayout> layout, arrow::MemoryPool* pool) {
  std::unique_ptr<FlatColumnEncoder> encoder(new FlatColumnEncoder(std::move(layout), pool));
  const ParquetOptions& options = encoder->layout_->options();
  ARROW_ASSIGN_OR_RAISE(encoder->codec_, BlockCodec::Make(options.codec, options.level));
  ARROW_ASSIGN_OR_RAISE(encoder->stream_codec_, MakeLibraryCodec(options.codec, options.level));
  encoder->scratch_.pool = pool;
  encoder->scratch_.codec = encoder->codec_.get();
  encoder->scratch_.stream_codec = encoder->stream_codec_.get();
  ARROW_ASSIGN_OR_RAISE(encoder->flat_scratch_.values, arrow::AllocateResizableBuffer(0, pool));
  for (auto encoding : {ColumnEncoding::kPlain, ColumnEncoding::kDictionary, ColumnEncoding::kDelta,
                        ColumnEncoding::kDeltaLength}) {
    const auto index = static_cast<size_t>(encoding);
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
    const int64_t rows = PageSliceRows(chunk, begin, layout_->options());
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
      const int64_t rows = PageSliceRows(*chunk, begin, layout_->options());
      ARROW_RETURN_NOT_OK(pages.Add(*chunk->Slice(begin, rows), nullable));
      begin += rows;
    }
    chunk.reset();
  }
  pages.Close();
  encoded.bounds = text_bounds.Finish();
  return encoded;
}

template <typename V>
Result<EncodedColumn> FlatColumnEncoder::EncodeFlat(arrow::ArrayVector chunks,
                                                    const FlatPagesOptions& options) {
  EncodedColumn encoded;
  FlatPages<V> pages(options, &encoded, &scratch_, &flat_scratch_);
  for (auto& chunk : chunks) {
    ARROW_RETURN_NOT_OK(pages.Add(*chunk));
    chunk.reset();
  }
  ARROW_RETURN_NOT_OK(pages.Finish());
  return encoded;
}

Result<EncodedColumn> FlatColumnEncoder::Encode(int column, arrow::ArrayVector chunks) {
  for (auto& chunk : chunks) chunk = StorageArray(std::move(chunk));
  const arrow::DataType& type = *chunks.front()->type();
  if (type.id() == arrow::Type::DICTIONARY)
    return EncodeByLibrary(column, std::move(chunks), ColumnEncoding::kDictionary);
  const ParquetOptions& options = layout_->options();
  const ColumnSample sample = SampleColumn(chunks);
  ColumnEncoding encoding = ChooseEncoding(sample, options);
  if (encoding == ColumnEncoding::kPlain && sample.taken > 0 &&
      (type.id() == arrow::Type::FLOAT || type.id() == arrow::Type::DOUBLE)) {
    ARROW_ASSIGN_OR_RAISE(const bool pays, PaysToSplit(chunks, codec_.get(), pool_));
    if (pays) encoding = ColumnEncoding::kByteStreamSplit;
  }
  const bool nullable = layout_->schema()->field(column)->nullable();
  if (TextBounds::Handles(type) && encoding == ColumnEncoding::kPlain &&
      sample.largest_bytes >= kLongTextBytes) {
    return EncodeLongTexts(std::move(chunks), nullable);
  }
  const FlatPagesOptions pages = {
      .type = FlatTypeOf(type, layout_->descriptor().Column(column)->physical_type()),
      .nullable = nullable,
      .encoding = encoding,
      .fallback = sample.is_text ? ColumnEncoding::kDeltaLength : ColumnEncoding::kPlain,
      .page_bytes = options.data_page_bytes,
      .dictionary_bytes = options.dictionary_page_bytes};
  const bool fits_pages = sample.largest_bytes <= options.data_page_bytes;
  if (fits_pages && pages.type.kind == FlatKind::kFourBytes)
    return EncodeFlat<uint32_t>(std::move(chunks), pages);
  if (fits_pages && pages.type.kind == FlatKind::kEightBytes)
    return EncodeFlat<uint64_t>(std::move(chunks), pages);
  if (fits_pages && pages.type.kind == FlatKind::kText)
    return EncodeFlat<std::string_view>(std::move(chunks), pages);
  return EncodeByLibrary(column, std::move(chunks), encoding);
}

Result<EncodedColumn> FlatColumnEncoder::EncodeByLibrary(int column, arrow::ArrayVector chunks,
                                                         ColumnEncoding encoding) {
  if (!context_) {
    context_ = std::make_unique<parquet::ArrowWriteContext>(pool_, arrow_properties_.get());
  }
  const bool is_text = TextBounds::Handles(*chunks.front()->type());
  const bool nullable = layout_->schema()->field(column)->nullable();
  const auto& properties =
      (is_text ? text_properties_ : properties_)[static_cast<size_t>(encoding)];
  const parquet::ColumnDescriptor* descriptor = layout_->descriptor().Column(column);
  // A dictionary page is written before the pages that could decide.
  const CodecUse codec_use =
      encoding == ColumnEncoding::kDictionary ? CodecUse::kAlways : CodecUse::kIfItPays;
  EncodedColumn encoded;
  auto metadata = parquet::ColumnChunkMetaDataBuilder::Make(properties, descriptor);
  auto writer = parquet::ColumnWriter::Make(
      metadata.get(), std::make_unique<EncodedPageWriter>(&encoded, &scratch_, codec_use),
      properties.get());
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
