#include <arrow/array/data.h>

#include <cstring>

#include "source/csv/column_converter.h"
#include "source/csv/validity.h"
#include "source/json/json_column.h"
#include "source/json/pool_array.h"

namespace headrace {
namespace {

// Where a value stands in the block: between the byte before it and its end, as a field of a CSV
// record does. Offsets have 31 bits; the last bit says that the text has to be decoded.
struct Span {
  uint32_t before;
  uint32_t end;
};
constexpr Span kNull = {UINT32_MAX, 0};  // a field without bytes
constexpr uint32_t kEscaped = 1u << 31;

// Role: notes where values stand; what they are is for those derived from it.
class LeafColumn : public JsonColumn {
 public:
  LeafColumn(std::shared_ptr<arrow::DataType> type, std::string name, arrow::MemoryPool* pool)
      : type_(std::move(type)), name_(std::move(name)), pool_(pool), spans_(pool) {}

  int64_t value_bytes() const override {
    return FixedBytesPerRow(*type_) + static_cast<int64_t>(sizeof(Span)) * 3 / 2;
  }
  Status PadTo(int64_t length) override {
    ARROW_RETURN_NOT_OK(spans_.Fill(length, kNull));
    length_ = spans_.size();
    return Status::OK();
  }
  void Truncate(int64_t length) override {
    spans_.Truncate(length);
    length_ = spans_.size();
  }
  void Erase(const IndexSpans& spans) override {
    spans_.Erase(spans);
    length_ = spans_.size();
  }
  void Clear() override {
    spans_.Clear();
    length_ = 0;
  }

 protected:
  bool TakeSpan(JsonCursor* cursor, JsonTake* take, uint32_t escaped_flag) {
    JsonString text{cursor->at, nullptr, false};
    if (*text.begin == '"') {
      if (!cursor->String(&text)) return false;
    } else {
      const bool nested = *text.begin == '{' || *text.begin == '[';
      if (!(nested ? cursor->SkipValue() : cursor->Scalar())) return false;
      text.end = cursor->at;
    }
    if (text.end - text.begin > take->field_bytes_max) [[unlikely]]
      return cursor->Fail(JsonProblem::kTooLong, text.begin,
                          fmt::format("column {}: {} bytes, the limit is {}", name_,
                                      text.end - text.begin, take->field_bytes_max));
    const Span span{
        static_cast<uint32_t>(text.begin - take->text - 1),
        static_cast<uint32_t>(text.end - take->text) | (text.escaped ? escaped_flag : 0)};
    const Status pushed = spans_.Push(span);
    if (!pushed.ok()) [[unlikely]] {
      take->status = pushed;
      return false;
    }
    ++length_;
    return true;
  }

  const std::shared_ptr<arrow::DataType> type_;
  const std::string name_;
  arrow::MemoryPool* const pool_;
  PoolArray<Span> spans_;
};

// Role: everything but text. A string counts as what stands between its quotes.
class ConvertedColumn : public LeafColumn {
 public:
  ConvertedColumn(std::shared_ptr<arrow::DataType> type, std::string name, arrow::MemoryPool* pool,
                  std::unique_ptr<ColumnConverter> converter)
      : LeafColumn(std::move(type), std::move(name), pool), converter_(std::move(converter)) {}

  bool Take(JsonCursor* cursor, JsonTake* take) override {
    return TakeSpan(cursor, take, /*escaped_flag=*/0);
  }

  Result<std::shared_ptr<arrow::Array>> Convert(int64_t length, const JsonTake& take,
                                                JsonBadValue* bad) override {
    ARROW_RETURN_NOT_OK(PadTo(length));
    BadField field;
    ARROW_ASSIGN_OR_RAISE(auto array,
                          converter_->Convert(Range(take, 0, length), 0, pool_, &field));
    if (field.row >= 0 && (bad->begin == nullptr || field.begin < bad->begin))
      *bad = BadValue(std::move(field));
    return array;
  }

  Status FindBad(int64_t length, const JsonTake& take, JsonBadValues* bad) const override {
    bool wants_more = true;
    for (int64_t at = 0; at < length && wants_more;) {
      const RecordRange range = Range(take, at, length - at);
      BadPlaces found;
      found.count_max = kJsonBadRowsMax;
      ARROW_RETURN_NOT_OK(converter_->ConvertOrFind(range, 0, pool_, &found).status());
      for (const BadPlaces::Place& place : found.places) {
        BadField field{place.row, place.begin, place.end, {}};
        converter_->Explain(place.begin, place.end, &field.reason);
        wants_more = bad->Add(BadValue(std::move(field)));
        if (!wants_more) break;
      }
      // Many may stand in one row, of which only the first counts.
      if (found.places.size() < found.count_max) break;
      at += found.places.back().row + 1;
    }
    bad->EndColumn();
    return Status::OK();
  }

 private:
  RecordRange Range(const JsonTake& take, int64_t first, int64_t count) const {
    RecordRange range;
    range.text = take.text;
    range.index = reinterpret_cast<const uint32_t*>(spans_.data() + first);
    range.stride = 2;
    range.rows = count;
    range.columns = 1;
    return range;
  }
  JsonBadValue BadValue(BadField field) const {
    return {field.begin, field.end, name_, type_, std::move(field.reason)};
  }

  const std::unique_ptr<ColumnConverter> converter_;
};

// Short texts are copied as whole chunks; text and output have this much room behind them.
constexpr int64_t kChunk = 32;
static_assert(kChunk <= kTextPadding);

// Role: text and binary. Strings are decoded; any other value stands as it is written.
class TextColumn : public LeafColumn {
 public:
  using LeafColumn::LeafColumn;

  bool Take(JsonCursor* cursor, JsonTake* take) override {
    return TakeSpan(cursor, take, kEscaped);
  }

  Result<std::shared_ptr<arrow::Array>> Convert(int64_t length, const JsonTake& take,
                                                JsonBadValue*) override {
    ARROW_RETURN_NOT_OK(PadTo(length));
    ARROW_ASSIGN_OR_RAISE(
        std::shared_ptr<arrow::Buffer> offsets,
        arrow::AllocateBuffer((length + 1) * static_cast<int64_t>(sizeof(int32_t)), pool_));
    ARROW_ASSIGN_OR_RAISE(auto data,
                          arrow::AllocateResizableBuffer(TextBytes(length) + kChunk, pool_));
    int32_t* const offset = reinterpret_cast<int32_t*>(offsets->mutable_data());
    uint8_t* const first = data->mutable_data();
    uint8_t* out = first;
    Validity validity(length, pool_);
    offset[0] = 0;
    for (int64_t i = 0; i < length; ++i) {
      const Span span = spans_[i];
      const uint8_t* const begin = take.text + static_cast<uint32_t>(span.before + 1);
      if (span.before == kNull.before) {
        ARROW_RETURN_NOT_OK(validity.SetNull(i));
      } else if ((span.end & kEscaped) != 0) {
        out = DecodeJsonString({begin, take.text + (span.end & ~kEscaped), true}, out);
      } else {
        out = Copy(begin, take.text + span.end, out);
      }
      offset[i + 1] = static_cast<int32_t>(out - first);
    }
    ARROW_RETURN_NOT_OK(data->Resize(out - first, /*shrink_to_fit=*/false));
    const int64_t null_count = validity.null_count();
    return arrow::MakeArray(arrow::ArrayData::Make(
        type_, length,
        {validity.Finish(), std::move(offsets), std::shared_ptr<arrow::Buffer>(std::move(data))},
        null_count));
  }

  Status FindBad(int64_t, const JsonTake&, JsonBadValues*) const override { return Status::OK(); }

 private:
  int64_t TextBytes(int64_t length) const {
    int64_t bytes = 0;
    for (int64_t i = 0; i < length; ++i)
      bytes += static_cast<uint32_t>((spans_[i].end & ~kEscaped) - (spans_[i].before + 1));
    return bytes;
  }
  static uint8_t* Copy(const uint8_t* begin, const uint8_t* end, uint8_t* out) {
    const int64_t length = end - begin;
    std::memcpy(out, begin, kChunk);
    if (length > kChunk) [[unlikely]]
      std::memcpy(out + kChunk, begin + kChunk, static_cast<size_t>(length - kChunk));
    return out + length;
  }
};

}  // namespace

Result<std::unique_ptr<JsonColumn>> MakeJsonLeaf(const std::shared_ptr<arrow::DataType>& type,
                                                 std::string name, arrow::MemoryPool* pool) {
  if (type->id() == arrow::Type::STRING || type->id() == arrow::Type::BINARY)
    return std::make_unique<TextColumn>(type, std::move(name), pool);
  Dialect unquoted;
  unquoted.quote = kNoCharacter;
  auto converter = MakeColumnConverter(type, unquoted, NullRule{});
  if (!converter.ok()) return WithContext(converter.status(), "column " + name);
  return std::make_unique<ConvertedColumn>(type, std::move(name), pool,
                                           converter.MoveValueUnsafe());
}

}  // namespace headrace
