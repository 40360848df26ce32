#include "sink/parquet/page_writer.h"

#include <arrow/util/crc32.h>
#include <parquet/column_page.h>
#include <parquet/exception.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <limits>

#include "sink/parquet/thrift_compact.h"

namespace headrace {
namespace {

void CheckPageSize(int64_t bytes) {
  // The format counts a page's bytes in 32 bits.
  if (bytes > std::numeric_limits<int32_t>::max()) {
    throw parquet::ParquetException("a page of ", bytes, " bytes is larger than the format allows");
  }
}

// Of a page as it is stored, header left out. The format keeps the bits of the usual CRC-32 in a
// signed number.
int32_t Checksum(const std::vector<std::shared_ptr<arrow::Buffer>>& body) {
  uint32_t sum = 0;
  for (const auto& piece : body)
    sum = arrow::internal::crc32(sum, piece->data(), static_cast<size_t>(piece->size()));
  return static_cast<int32_t>(sum);
}

// Without a vector of shared pointers for every page.
int32_t Checksum(const arrow::Buffer& body) {
  return static_cast<int32_t>(
      arrow::internal::crc32(0, body.data(), static_cast<size_t>(body.size())));
}

}  // namespace

void EncodedPageWriter::Close(bool has_dictionary, bool fallback) {
  // Data pages are RLE levels plus values; every encoding seen stands in the list once.
  column_->encodings.push_back(static_cast<int>(parquet::Encoding::RLE));
  for (const EncodedPageCount& pages : column_->page_counts) {
    if (std::find(column_->encodings.begin(), column_->encodings.end(), pages.encoding) ==
        column_->encodings.end()) {
      column_->encodings.push_back(pages.encoding);
    }
  }
  PARQUET_THROW_NOT_OK(index_.Finish(scratch_->pool, column_));
}

void EncodedPageWriter::NotePage(int64_t offset, int64_t values, const EncodedBounds& bounds) {
  const PagePlace place = {.offset = offset - column_->data_offset,
                           .first_row = column_->values - values,
                           .bytes = column_->compressed_bytes - offset};
  PARQUET_THROW_NOT_OK(index_.Add(place, values, bounds));
}

void EncodedPageWriter::Compress(const arrow::Buffer& source, arrow::ResizableBuffer* target) {
  const int64_t bound = scratch_->codec->MaxCompressedBytes(source.size());
  PARQUET_THROW_NOT_OK(target->Resize(bound, /*shrink_to_fit=*/false));
  PARQUET_ASSIGN_OR_THROW(
      const int64_t size,
      scratch_->codec->Compress(source.data(), source.size(), target->mutable_data(), bound));
  constexpr int64_t kJudgedMin = 1024;  // a page of NULLs alone says nothing about others
  const bool pays = source.size() < kJudgedMin || size <= source.size() - source.size() / 10;
  if (use_ == CodecUse::kAlways || pays) {
    use_ = CodecUse::kAlways;
    PARQUET_THROW_NOT_OK(target->Resize(size, /*shrink_to_fit=*/false));
    return;
  }
  use_ = CodecUse::kNever;
  column_->is_compressed = false;
  // The library takes this page as it comes out of here, and asks no more for the others.
  PARQUET_THROW_NOT_OK(target->Resize(source.size(), /*shrink_to_fit=*/false));
  std::memcpy(target->mutable_data(), source.data(), static_cast<size_t>(source.size()));
}

std::shared_ptr<arrow::Buffer> EncodedPageWriter::Stored(const arrow::Buffer& plain) {
  if (!has_compressor()) return std::make_shared<arrow::Buffer>(plain.data(), plain.size());
  if (!scratch_->compressed) {
    PARQUET_ASSIGN_OR_THROW(scratch_->compressed,
                            arrow::AllocateResizableBuffer(0, scratch_->pool));
  }
  Compress(plain, scratch_->compressed.get());
  return std::make_shared<arrow::Buffer>(scratch_->compressed->data(),
                                         scratch_->compressed->size());
}

std::shared_ptr<arrow::Buffer> EncodedPageWriter::MakePiece(const arrow::Buffer& body,
                                                            int64_t uncompressed_bytes) {
  const std::string& header = scratch_->header;
  const auto header_bytes = static_cast<int64_t>(header.size());
  PARQUET_ASSIGN_OR_THROW(std::shared_ptr<arrow::Buffer> piece,
                          arrow::AllocateBuffer(header_bytes + body.size(), scratch_->pool));
  std::memcpy(piece->mutable_data(), header.data(), header.size());
  if (body.size() > 0) std::memcpy(piece->mutable_data() + header_bytes, body.data(), body.size());
  column_->compressed_bytes += piece->size();
  column_->uncompressed_bytes += header_bytes + uncompressed_bytes;
  return piece;
}

int64_t EncodedPageWriter::Keep(const arrow::Buffer& body, int64_t uncompressed_bytes) {
  column_->pieces.push_back(MakePiece(body, uncompressed_bytes));
  return static_cast<int64_t>(scratch_->header.size()) + uncompressed_bytes;
}

void EncodedPageWriter::Count(int page_type, int encoding) {
  for (EncodedPageCount& pages : column_->page_counts) {
    if (pages.page_type == page_type && pages.encoding == encoding) {
      ++pages.count;
      return;
    }
  }
  column_->page_counts.push_back({page_type, encoding, 1});
}

void EncodedPageWriter::BeginDataPage(const DataPageHead& head) {
  CheckPageSize(head.plain_bytes);
  CheckPageSize(head.stored_bytes);
  scratch_->header.clear();
  CompactWriter header(&scratch_->header);
  header.Int32(1, static_cast<int>(parquet::PageType::DATA_PAGE));
  header.Int32(2, static_cast<int32_t>(head.plain_bytes));
  header.Int32(3, static_cast<int32_t>(head.stored_bytes));
  header.Int32(4, head.checksum);
  header.BeginStruct(5);
  header.Int32(1, head.values);
  header.Int32(2, static_cast<int>(head.encoding));
  header.Int32(3, static_cast<int>(parquet::Encoding::RLE));
  header.Int32(4, static_cast<int>(parquet::Encoding::RLE));
  header.EndStruct();
  header.EndStruct();

  if (!has_data_page_) column_->data_offset = column_->compressed_bytes;
  has_data_page_ = true;
  column_->values += head.values;
  Count(static_cast<int>(parquet::PageType::DATA_PAGE), static_cast<int>(head.encoding));
}

int64_t EncodedPageWriter::WriteDataPage(const parquet::DataPage& page) {
  if (page.type() != parquet::PageType::DATA_PAGE) {
    throw parquet::ParquetException("only data pages of version 1 are written");
  }
  BeginDataPage({page.num_values(), page.uncompressed_size(), page.size(), Checksum(*page.buffer()),
                 page.encoding()});
  return Keep(*page.buffer(), page.uncompressed_size());
}

void EncodedPageWriter::WritePage(int64_t values, parquet::Encoding::type encoding,
                                  const arrow::Buffer& plain, const EncodedBounds& bounds) {
  const auto stored = Stored(plain);
  const int64_t offset = column_->compressed_bytes;
  BeginDataPage(
      {static_cast<int32_t>(values), plain.size(), stored->size(), Checksum(*stored), encoding});
  Keep(*stored, plain.size());
  NotePage(offset, values, bounds);
}

void EncodedPageWriter::KeepPlainPage(int64_t values, int64_t plain_bytes,
                                      std::vector<std::shared_ptr<arrow::Buffer>> body) {
  int64_t stored_bytes = 0;
  for (const auto& piece : body) stored_bytes += piece->size();
  BeginDataPage({static_cast<int32_t>(values), plain_bytes, stored_bytes, Checksum(body),
                 parquet::Encoding::PLAIN});
  const int64_t offset = column_->compressed_bytes;
  Keep(arrow::Buffer(nullptr, 0), plain_bytes);
  column_->compressed_bytes += stored_bytes;
  NotePage(offset, values, {});
  std::move(body.begin(), body.end(), std::back_inserter(column_->pieces));
}

void EncodedPageWriter::BeginDictionaryPage(int32_t values, int64_t plain_bytes,
                                            const arrow::Buffer& stored,
                                            parquet::Encoding::type encoding, bool is_sorted) {
  CheckPageSize(plain_bytes);
  CheckPageSize(stored.size());
  scratch_->header.clear();
  CompactWriter header(&scratch_->header);
  header.Int32(1, static_cast<int>(parquet::PageType::DICTIONARY_PAGE));
  header.Int32(2, static_cast<int32_t>(plain_bytes));
  header.Int32(3, static_cast<int32_t>(stored.size()));
  header.Int32(4, Checksum(stored));
  header.BeginStruct(7);
  header.Int32(1, values);
  header.Int32(2, static_cast<int>(encoding));
  header.Bool(3, is_sorted);
  header.EndStruct();
  header.EndStruct();
  Count(static_cast<int>(parquet::PageType::DICTIONARY_PAGE), static_cast<int>(encoding));
}

int64_t EncodedPageWriter::WriteDictionaryPage(const parquet::DictionaryPage& page) {
  CheckPageSize(page.size());
  const auto stored = Stored(*page.buffer());
  BeginDictionaryPage(page.num_values(), page.size(), *stored, page.encoding(), page.is_sorted());
  column_->dictionary_offset = column_->compressed_bytes;
  return Keep(*stored, page.size());
}

void EncodedPageWriter::WriteDictionaryFirst(int64_t values, const arrow::Buffer& plain) {
  const auto stored = Stored(plain);
  BeginDictionaryPage(static_cast<int32_t>(values), plain.size(), *stored, parquet::Encoding::PLAIN,
                      /*is_sorted=*/false);
  const auto piece = MakePiece(*stored, plain.size());
  column_->dictionary_offset = 0;
  column_->data_offset = piece->size();
  column_->pieces.insert(column_->pieces.begin(), piece);
}

}  // namespace headrace
