#include "sink/parquet/flat_pages.h"

#include <algorithm>

#include "sink/parquet/bit_packing.h"
#include "sink/parquet/column_slices.h"

namespace headrace {
namespace {

// A page is also the unit in which readers skip rows.
constexpr int64_t kPageRowsMax = 5 * kSliceRows;

}  // namespace

template <typename V>
FlatPages<V>::FlatPages(FlatPagesOptions options, EncodedColumn* column, PageScratch* page_scratch,
                        FlatScratch* scratch)
    : options_(options),
      column_(column),
      page_scratch_(page_scratch),
      scratch_(scratch),
      writer_(column, page_scratch, CodecUse::kIfItPays),
      page_bounds_(options.type.order),
      bounds_(options.type.order) {
  scratch_->present.Reset();  // a column that failed may have left something
  if (options.encoding == ColumnEncoding::kDictionary) {
    dictionary_ = std::make_unique<ValueDictionary<V>>(page_scratch->pool);
  } else {
    encoder_ = MakeValueEncoder<V>(options.encoding, page_scratch->pool);
  }
}

template <typename V>
Status FlatPages<V>::Add(const arrow::Array& chunk) {
  for (int64_t begin = 0; begin < chunk.length();) {
    // A dictionary keeps what is new to it; everything else keeps all texts until the page ends.
    const int64_t held_bytes = dictionary_ ? 0 : encoder_->page_bytes();
    const int64_t rows =
        SliceRows(chunk, begin, std::max<int64_t>(0, options_.page_bytes - held_bytes));
    if (rows == 0 && rows_ > 0) {
      ARROW_RETURN_NOT_OK(FinishPage());
      continue;
    }
    ARROW_RETURN_NOT_OK(AddSlice(*chunk.Slice(begin, std::max<int64_t>(1, rows))));
    begin += std::max<int64_t>(1, rows);
  }
  return Status::OK();
}

template <typename V>
Status FlatPages<V>::AddSlice(const arrow::Array& slice) {
  ARROW_ASSIGN_OR_RAISE(const auto values, PresentValues<V>(slice, scratch_->values.get()));
  const int64_t nulls = slice.null_count();
  HEADRACE_CHECK(static_cast<int64_t>(values.size()) == slice.length() - nulls);
  if (options_.nullable) {
    ARROW_RETURN_NOT_OK(scratch_->present.Reserve(slice.length()));
    if (nulls == 0) {
      scratch_->present.UnsafeAppend(slice.length(), true);
    } else {
      scratch_->present.UnsafeAppend(slice.null_bitmap_data(), slice.offset(), slice.length());
    }
  }
  if (!dictionary_) page_bounds_.Add(values);
  ARROW_RETURN_NOT_OK(encoder().Put(values));
  rows_ += slice.length();
  nulls_ += nulls;
  const bool is_full = dictionary_ && dictionary_->table_bytes() > options_.dictionary_bytes;
  if (is_full || rows_ >= kPageRowsMax || encoder().page_bytes() >= options_.page_bytes)
    ARROW_RETURN_NOT_OK(FinishPage());
  if (!is_full) return Status::OK();
  ARROW_RETURN_NOT_OK(FinishDictionary());
  encoder_ = MakeValueEncoder<V>(options_.fallback, page_scratch_->pool);
  return Status::OK();
}

template <typename V>
Status FlatPages<V>::FinishPage() {
  if (dictionary_) dictionary_->AddPageBounds(&page_bounds_);
  arrow::BufferBuilder& page = scratch_->page;
  page.Rewind(0);
  if (options_.nullable) {
    ARROW_RETURN_NOT_OK(AppendLevels(scratch_->present.data(), rows_, nulls_, &page));
    scratch_->present.Reset();
  }
  ARROW_RETURN_NOT_OK(encoder().FinishPage(&page));
  // The dictionary itself often compresses well where the numbers of its values do not.
  if (dictionary_ && dictionary_->table_bytes() > page.length() / 16) writer_.KeepCodec();
  const ColumnEncoding encoding = dictionary_ ? ColumnEncoding::kDictionary
                                  : options_.encoding == ColumnEncoding::kDictionary
                                      ? options_.fallback
                                      : options_.encoding;
  EncodedBounds bounds;
  bounds.null_count = nulls_;
  page_bounds_.Finish(&bounds);
  if (options_.type.order == ValueOrder::kBytes) ShortenTextBounds(&bounds);
  writer_.WritePage(rows_, FormatEncodingOf(encoding), {page.data(), page.length()}, bounds);
  bounds_.Merge(page_bounds_);
  page_bounds_ = ValueBounds<V>(options_.type.order);
  chunk_nulls_ += nulls_;
  rows_ = nulls_ = 0;
  return Status::OK();
}

template <typename V>
Status FlatPages<V>::FinishDictionary() {
  writer_.WriteDictionaryFirst(dictionary_->size(),
                               {dictionary_->table(), dictionary_->table_bytes()});
  dictionary_.reset();
  return Status::OK();
}

template <typename V>
Status FlatPages<V>::Finish() {
  if (rows_ > 0) ARROW_RETURN_NOT_OK(FinishPage());
  if (dictionary_) ARROW_RETURN_NOT_OK(FinishDictionary());
  writer_.Close(/*has_dictionary=*/false, /*fallback=*/false);
  column_->bounds.null_count = chunk_nulls_;
  bounds_.Finish(&column_->bounds);
  return Status::OK();
}

template class FlatPages<uint32_t>;
template class FlatPages<uint64_t>;
template class FlatPages<std::string_view>;

}  // namespace headrace
