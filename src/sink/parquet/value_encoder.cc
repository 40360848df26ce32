#include "sink/parquet/value_encoder.h"

#include <arrow/util/bit_util.h>

#include <cstring>
#include <string_view>
#include <type_traits>

#include "sink/parquet/bit_packing.h"
#include "sink/parquet/delta_packer.h"
#include "sink/parquet/float_split.h"

namespace headrace {
namespace {

// Gathers the bytes of values until their page ends.
template <typename V>
class GatheringEncoder : public ValueEncoder<V> {
 public:
  explicit GatheringEncoder(arrow::MemoryPool* pool) : values_(pool) {}
  int64_t page_bytes() const override { return values_.length(); }
  Status FinishPage(arrow::BufferBuilder* page) override {
    ARROW_RETURN_NOT_OK(page->Reserve(values_.length()));
    AppendReserved(values_.data(), values_.length(), page);
    values_.Rewind(0);
    return Status::OK();
  }

 protected:
  arrow::BufferBuilder values_;
};

template <typename V>
class PlainEncoder : public GatheringEncoder<V> {
 public:
  using GatheringEncoder<V>::GatheringEncoder;
  Status Put(std::span<const V> values) override {
    const auto bytes = static_cast<int64_t>(values.size_bytes());
    ARROW_RETURN_NOT_OK(this->values_.Reserve(bytes));
    AppendReserved(values.data(), bytes, &this->values_);
    return Status::OK();
  }
};

template <typename V>
class SplitEncoder : public PlainEncoder<V> {
 public:
  using PlainEncoder<V>::PlainEncoder;
  Status FinishPage(arrow::BufferBuilder* page) override {
    arrow::BufferBuilder& values = this->values_;
    ARROW_RETURN_NOT_OK(page->Reserve(values.length()));
    SplitBytes(values.data(), values.length(), sizeof(V), page->mutable_data() + page->length());
    page->UnsafeAdvance(values.length());
    values.Rewind(0);
    return Status::OK();
  }
};

template <typename V>
class DeltaEncoder : public ValueEncoder<V> {
 public:
  explicit DeltaEncoder(arrow::MemoryPool* pool) : packer_(pool) {}
  Status Put(std::span<const V> values) override { return packer_.Put(values); }
  int64_t page_bytes() const override { return packer_.bytes(); }
  Status FinishPage(arrow::BufferBuilder* page) override { return packer_.Finish(page); }

 private:
  DeltaPacker<V> packer_;
};

Status ReserveTexts(std::span<const std::string_view> texts, int64_t each,
                    arrow::BufferBuilder* out) {
  int64_t bytes = each * static_cast<int64_t>(texts.size());
  for (const std::string_view text : texts) bytes += static_cast<int64_t>(text.size());
  return out->Reserve(bytes);
}

class PlainTextEncoder : public GatheringEncoder<std::string_view> {
 public:
  using GatheringEncoder::GatheringEncoder;
  Status Put(std::span<const std::string_view> texts) override {
    ARROW_RETURN_NOT_OK(ReserveTexts(texts, sizeof(uint32_t), &values_));
    for (const std::string_view text : texts) {
      const auto length = arrow::bit_util::ToLittleEndian(static_cast<uint32_t>(text.size()));
      values_.UnsafeAppend(&length, sizeof(length));
      AppendReserved(text.data(), static_cast<int64_t>(text.size()), &values_);
    }
    return Status::OK();
  }
};

class DeltaLengthEncoder : public GatheringEncoder<std::string_view> {
 public:
  explicit DeltaLengthEncoder(arrow::MemoryPool* pool)
      : GatheringEncoder(pool), scratch_(pool), lengths_(pool) {}
  Status Put(std::span<const std::string_view> texts) override {
    scratch_.Rewind(0);
    ARROW_RETURN_NOT_OK(scratch_.Reserve(static_cast<int64_t>(texts.size() * sizeof(uint32_t))));
    ARROW_RETURN_NOT_OK(ReserveTexts(texts, 0, &values_));
    auto* length = reinterpret_cast<uint32_t*>(scratch_.mutable_data());
    for (const std::string_view text : texts) {
      *length++ = static_cast<uint32_t>(text.size());
      AppendReserved(text.data(), static_cast<int64_t>(text.size()), &values_);
    }
    return lengths_.Put({reinterpret_cast<const uint32_t*>(scratch_.data()), texts.size()});
  }
  int64_t page_bytes() const override { return lengths_.bytes() + values_.length(); }
  Status FinishPage(arrow::BufferBuilder* page) override {
    ARROW_RETURN_NOT_OK(lengths_.Finish(page));
    return GatheringEncoder::FinishPage(page);
  }

 private:
  arrow::BufferBuilder scratch_;  // lengths of one Put
  DeltaPacker<uint32_t> lengths_;
};

}  // namespace

template <typename V>
std::unique_ptr<ValueEncoder<V>> MakeValueEncoder(ColumnEncoding encoding,
                                                  arrow::MemoryPool* pool) {
  if constexpr (std::is_integral_v<V>) {
    if (encoding == ColumnEncoding::kDelta) return std::make_unique<DeltaEncoder<V>>(pool);
    if (encoding == ColumnEncoding::kByteStreamSplit)
      return std::make_unique<SplitEncoder<V>>(pool);
    return std::make_unique<PlainEncoder<V>>(pool);
  } else {
    if (encoding == ColumnEncoding::kDeltaLength) return std::make_unique<DeltaLengthEncoder>(pool);
    return std::make_unique<PlainTextEncoder>(pool);
  }
}

template std::unique_ptr<ValueEncoder<uint32_t>> MakeValueEncoder(ColumnEncoding,
                                                                  arrow::MemoryPool*);
template std::unique_ptr<ValueEncoder<uint64_t>> MakeValueEncoder(ColumnEncoding,
                                                                  arrow::MemoryPool*);
template std::unique_ptr<ValueEncoder<std::string_view>> MakeValueEncoder(ColumnEncoding,
                                                                          arrow::MemoryPool*);

}  // namespace headrace
