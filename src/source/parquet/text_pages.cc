#include "source/parquet/text_pages.h"

#include <parquet/exception.h>
#include <parquet/schema.h>

#include <algorithm>

namespace headrace {
namespace {

constexpr int64_t kPageBytesMax = int64_t{1} << 31;
constexpr int64_t kSlicePart = 4;  // of its page, the least that is cut out
// Of encodings whose values are put together when they are decoded.
constexpr int64_t kDecodedBytes = int64_t{1} << 20;

bool IsDictionary(parquet::Encoding::type encoding) {
  return encoding == parquet::Encoding::PLAIN_DICTIONARY ||
         encoding == parquet::Encoding::RLE_DICTIONARY;
}

bool LiesIn(const parquet::ByteArray& value, const parquet::Page* page) {
  return page != nullptr && value.ptr >= page->data() &&
         value.ptr + value.len <= page->data() + page->size();
}

// Where the pages of a column chunk begin.
int64_t FirstPageOffset(const parquet::ColumnChunkMetaData& chunk) {
  const bool has_dictionary = chunk.has_dictionary_page() && chunk.dictionary_page_offset() > 0;
  return has_dictionary ? std::min(chunk.data_page_offset(), chunk.dictionary_page_offset())
                        : chunk.data_page_offset();
}

// About what the dictionary takes unpacked: the footer tells only what it takes in the file.
int64_t DictionaryBytes(const parquet::ColumnChunkMetaData& chunk) {
  const int64_t stored = chunk.data_page_offset() - FirstPageOffset(chunk);
  if (stored <= 0 || chunk.total_compressed_size() <= 0) return 0;
  const double growth = static_cast<double>(chunk.total_uncompressed_size()) /
                        static_cast<double>(chunk.total_compressed_size());
  return static_cast<int64_t>(
      std::min(static_cast<double>(stored) * growth, static_cast<double>(kPageBytesMax)));
}

}  // namespace

bool TextPages::CanRead(const ParquetFile& file, int leaf, const arrow::DataType& type) {
  if (leaf < 0) return false;
  const parquet::ColumnDescriptor& column = *file.metadata()->schema()->Column(leaf);
  // What these wrote is not what the footer says; the library knows them.
  const parquet::ApplicationVersion& writer = file.metadata()->writer_version();
  if (writer.VersionLt(parquet::ApplicationVersion::PARQUET_816_FIXED_VERSION()) ||
      writer.VersionLt(parquet::ApplicationVersion::PARQUET_CPP_10353_FIXED_VERSION()))
    return false;
  return column.physical_type() == parquet::Type::BYTE_ARRAY &&
         column.max_repetition_level() == 0 && column.max_definition_level() <= 1 &&
         arrow::is_base_binary_like(type.id());
}

TextPages::TextPages(const ParquetFile& file, const parquet::RowGroupMetaData& row_group, int leaf,
                     PageCursor* cursor, arrow::MemoryPool* pool)
    : column_(file.metadata()->schema()->Column(leaf)),
      cursor_(cursor),
      pool_(pool),
      properties_(MakeReaderProperties(pool)),
      codec_(row_group.ColumnChunk(leaf)->compression()),
      values_total_(row_group.ColumnChunk(leaf)->num_values()) {
  const auto chunk = row_group.ColumnChunk(leaf);
  PARQUET_ASSIGN_OR_THROW(window_, arrow::AllocateBuffer(kWindowBytes, pool));
  values_ = reinterpret_cast<parquet::ByteArray*>(window_->mutable_data());
  indexes_ = reinterpret_cast<int32_t*>(values_ + kWindowRows);
  definition_ = reinterpret_cast<int16_t*>(indexes_ + kWindowRows);
  stream_ = parquet::ReaderProperties(properties_)
                .GetStream(file.input(), FirstPageOffset(*chunk), chunk->total_compressed_size());
  cursor_->dictionary_bytes = DictionaryBytes(*chunk);
}

TextPages::~TextPages() = default;

std::shared_ptr<parquet::Page> TextPages::NextPage() {
  if (reader_ == nullptr) {
    reader_ = parquet::PageReader::Open(stream_, values_total_ - cursor_->end, codec_, properties_,
                                        *column_);
    reader_->set_data_page_filter([cursor = cursor_](const parquet::DataPageStats& page) {
      return cursor->Pass(page.num_values);
    });
  }
  auto page = reader_->NextPage();
  // The reader unpacks every page into the same memory. What is to stay gets a reader of its own,
  // and goes with its last user.
  if (page != nullptr &&
      (page->type() == parquet::PageType::DICTIONARY_PAGE || page->size() >= kSliceBytes)) {
    reader_.reset();
  }
  return page;
}

Result<bool> TextPages::LoadPage() {
  page_.reset();
  if (cursor_->end == 0) cursor_->BeforeDictionary();
  while (auto page = NextPage()) {
    switch (page->type()) {
      case parquet::PageType::DICTIONARY_PAGE:
        ARROW_RETURN_NOT_OK(SetDictionary(std::move(page)));
        continue;
      case parquet::PageType::DATA_PAGE: {
        const auto& data = static_cast<const parquet::DataPageV1&>(*page);
        BeginValues(data, BeginLevels(data));
        break;
      }
      case parquet::PageType::DATA_PAGE_V2: {
        const auto& data = static_cast<const parquet::DataPageV2&>(*page);
        BeginValues(data, BeginLevels(data));
        break;
      }
      default:
        continue;
    }
    page_end_ = cursor_->end;
    page_left_ = static_cast<const parquet::DataPage&>(*page).num_values();
    page_ = std::move(page);
    if (page_left_ > 0) return true;
  }
  return false;
}

int64_t TextPages::BeginLevels(const parquet::DataPageV1& page) {
  if (column_->max_definition_level() == 0) return 0;
  return levels_.SetData(page.definition_level_encoding(), column_->max_definition_level(),
                         page.num_values(), page.data(), page.size());
}

int64_t TextPages::BeginLevels(const parquet::DataPageV2& page) {
  const int64_t before = page.repetition_levels_byte_length();
  const int64_t bytes = page.definition_levels_byte_length();
  if (before + bytes > page.size()) throw parquet::ParquetException("a page ends in its levels");
  if (column_->max_definition_level() > 0) {
    levels_.SetDataV2(static_cast<int>(bytes), column_->max_definition_level(), page.num_values(),
                      page.data() + before);
  }
  return before + bytes;
}

void TextPages::BeginValues(const parquet::DataPage& page, int64_t levels_bytes) {
  const uint8_t* const data = page.data() + levels_bytes;
  const int bytes = page.size() - static_cast<int>(levels_bytes);
  decoder_ = nullptr;
  if (IsDictionary(page.encoding())) {
    if (dictionary_ == nullptr) throw parquet::ParquetException("a page without its dictionary");
    if (index_decoder_ == nullptr)
      index_decoder_ = parquet::MakeDictDecoder<parquet::ByteArrayType>(column_, pool_);
    index_decoder_->SetData(page.num_values(), data, bytes);
    return;
  }
  auto& decoder = decoders_[page.encoding()];
  if (decoder == nullptr)
    decoder = parquet::MakeTypedDecoder<parquet::ByteArrayType>(page.encoding(), column_, pool_);
  decoder_ = decoder.get();
  decoder_->SetData(page.num_values(), data, bytes);
}

Status TextPages::SetDictionary(std::shared_ptr<parquet::Page> page) {
  const auto& dictionary = static_cast<const parquet::DictionaryPage&>(*page);
  if (dictionary_ != nullptr) return Status::Invalid("the column has two dictionaries");
  if (dictionary.encoding() != parquet::Encoding::PLAIN &&
      dictionary.encoding() != parquet::Encoding::PLAIN_DICTIONARY)
    return Status::NotImplemented("a dictionary that is encoded itself");
  dictionary_size_ = dictionary.num_values();
  // Each has its length before it.
  if (dictionary_size_ > page->size() / static_cast<int64_t>(sizeof(uint32_t)))
    return Status::Invalid("the dictionary claims ", dictionary_size_, " values in ", page->size(),
                           " bytes");
  ARROW_ASSIGN_OR_RAISE(
      auto values, arrow::AllocateBuffer(
                       dictionary_size_ * static_cast<int64_t>(sizeof(parquet::ByteArray)), pool_));
  auto decoder =
      parquet::MakeTypedDecoder<parquet::ByteArrayType>(parquet::Encoding::PLAIN, column_, pool_);
  decoder->SetData(dictionary_size_, page->data(), page->size());
  const int count = decoder->Decode(reinterpret_cast<parquet::ByteArray*>(values->mutable_data()),
                                    dictionary_size_);
  if (count != dictionary_size_) return Status::Invalid("the dictionary ends before its values");
  dictionary_ = std::move(values);
  dictionary_page_ = std::move(page);
  return Status::OK();
}

void TextPages::DecodeValues(int count) {
  if (decoder_ != nullptr) {
    if (decoder_->Decode(values_, count) != count)
      throw parquet::ParquetException("a page ends before its values");
    return;
  }
  if (index_decoder_->DecodeIndices(count, indexes_) != count)
    throw parquet::ParquetException("a page ends before its values");
  const auto* const dictionary = reinterpret_cast<const parquet::ByteArray*>(dictionary_->data());
  for (int i = 0; i < count; ++i) {
    if (static_cast<uint32_t>(indexes_[i]) >= static_cast<uint32_t>(dictionary_size_))
      throw parquet::ParquetException("a value that its dictionary lacks");
    values_[i] = dictionary[indexes_[i]];
  }
}

Status TextPages::DecodeWindow() {
  int64_t rows = std::min(page_left_, kWindowRows);
  if (decoder_ != nullptr && decoder_->encoding() == parquet::Encoding::DELTA_BYTE_ARRAY)
    rows = std::clamp<int64_t>(kDecodedBytes / std::max<int64_t>(1, cursor_->value_bytes), 1, rows);
  int64_t present = rows;
  if (column_->max_definition_level() > 0) {
    if (levels_.Decode(static_cast<int>(rows), definition_) != rows)
      return Status::Invalid("a page ends before its levels");
    present = std::count(definition_, definition_ + rows, int16_t{1});
  }
  if (present > 0) DecodeValues(static_cast<int>(present));
  window_has_nulls_ = present < rows;
  if (window_has_nulls_) {
    for (int64_t row = rows - 1, value = present - 1; row >= 0; --row)
      values_[row] = definition_[row] != 0 ? values_[value--] : parquet::ByteArray(0, nullptr);
  }
  page_left_ -= rows;
  window_begin_ = 0;
  window_end_ = rows;
  return Status::OK();
}

Result<TextPages::Window> TextPages::Look() {
  if (window_begin_ == window_end_) {
    if (page_left_ == 0) {
      ARROW_ASSIGN_OR_RAISE(const bool found, LoadPage());
      if (!found) return Window();
    }
    ARROW_RETURN_NOT_OK(DecodeWindow());
  }
  return Window{values_ + window_begin_, window_end_ - window_begin_, window_has_nulls_};
}

Result<bool> TextPages::SkipTo(int64_t row) {
  cursor_->needed_from = row;
  while (next_row() < row) {
    ARROW_ASSIGN_OR_RAISE(const Window window, Look());
    if (window.rows == 0) return false;
    Take(std::clamp<int64_t>(row - next_row(), 0, window.rows));
  }
  return true;
}

std::shared_ptr<arrow::Buffer> TextPages::SliceOf(const parquet::ByteArray& value) const {
  if (value.len < kSliceBytes) return nullptr;
  for (const auto* page : {&page_, &dictionary_page_}) {
    if (!LiesIn(value, page->get())) continue;
    if (value.len * kSlicePart < (*page)->size()) return nullptr;
    return arrow::SliceBuffer((*page)->buffer(), value.ptr - (*page)->data(), value.len);
  }
  return nullptr;
}

}  // namespace headrace
