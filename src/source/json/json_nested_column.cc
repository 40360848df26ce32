#include <arrow/array/data.h>

#include <algorithm>
#include <cstring>

#include "source/json/json_column.h"
#include "source/json/pool_array.h"

namespace headrace {
namespace {

// Types are found over the same text, so this is one that changed in between.
bool OtherKind(JsonCursor* cursor, const std::string& name) {
  return cursor->Fail(JsonProblem::kInvalid, cursor->at,
                      fmt::format("column {} was of another kind when its type was found; did the "
                                  "file change?",
                                  name));
}

// Bits out of the first `length` bytes, if any is 0; counts these.
Result<std::shared_ptr<arrow::Buffer>> PackValidity(const PoolArray<uint8_t>& valid, int64_t length,
                                                    arrow::MemoryPool* pool, int64_t* nulls) {
  *nulls = std::count(valid.data(), valid.data() + length, uint8_t{0});
  if (*nulls == 0) return nullptr;
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> bits,
                        arrow::AllocateBuffer((length + 7) / 8, pool));
  std::memset(bits->mutable_data(), 0, static_cast<size_t>(bits->size()));
  for (int64_t i = 0; i < length; ++i)
    bits->mutable_data()[i / 8] |= static_cast<uint8_t>(valid[i] << i % 8);
  return bits;
}

// Role: objects.
class StructColumn : public JsonColumn {
 public:
  StructColumn(std::shared_ptr<arrow::DataType> type, std::string name,
               std::unique_ptr<JsonRowColumns> fields, arrow::MemoryPool* pool)
      : type_(std::move(type)),
        name_(std::move(name)),
        fields_(std::move(fields)),
        pool_(pool),
        valid_(pool) {}

  int64_t value_bytes() const override { return 2 + fields_->row_bytes(); }

  bool Take(JsonCursor* cursor, JsonTake* take) override {
    if (*cursor->at != '{') return OtherKind(cursor, name_);
    if (!fields_->TakeMembers(cursor, take, length_)) return false;
    take->status = valid_.Push(1);
    ++length_;
    return take->status.ok();
  }
  Status PadTo(int64_t length) override {
    ARROW_RETURN_NOT_OK(valid_.Fill(length, 0));
    length_ = valid_.size();
    return Status::OK();
  }
  void Truncate(int64_t length) override {
    valid_.Truncate(length);
    length_ = std::min(length_, length);
    fields_->Truncate(length_);
  }
  void Erase(const IndexSpans& spans) override {
    valid_.Erase(spans);
    length_ = valid_.size();
    fields_->Erase(spans);
  }
  void Clear() override {
    valid_.Clear();
    length_ = 0;
    fields_->Clear();
  }
  Result<std::shared_ptr<arrow::Array>> Convert(int64_t length, const JsonTake& take,
                                                JsonBadValue* bad) override {
    ARROW_RETURN_NOT_OK(PadTo(length));
    ARROW_ASSIGN_OR_RAISE(auto children, fields_->Convert(length, take, bad));
    if (children.empty()) return nullptr;
    int64_t nulls = 0;
    ARROW_ASSIGN_OR_RAISE(auto bits, PackValidity(valid_, length, pool_, &nulls));
    std::vector<std::shared_ptr<arrow::ArrayData>> data;
    for (const auto& child : children) data.push_back(child->data());
    return arrow::MakeArray(
        arrow::ArrayData::Make(type_, length, {std::move(bits)}, std::move(data), nulls));
  }
  Status FindBad(int64_t length, const JsonTake& take, JsonBadValues* bad) const override {
    return fields_->FindBad(length, take, bad);
  }

 private:
  const std::shared_ptr<arrow::DataType> type_;
  const std::string name_;
  const std::unique_ptr<JsonRowColumns> fields_;
  arrow::MemoryPool* const pool_;
  PoolArray<uint8_t> valid_;
};

// Role: arrays.
class ListColumn : public JsonColumn {
 public:
  ListColumn(std::shared_ptr<arrow::DataType> type, std::string name,
             std::unique_ptr<JsonColumn> element, arrow::MemoryPool* pool)
      : type_(std::move(type)),
        name_(std::move(name)),
        element_(std::move(element)),
        element_bytes_(element_->value_bytes()),
        pool_(pool),
        ends_(pool),
        valid_(pool) {}

  int64_t value_bytes() const override { return 12; }

  bool Take(JsonCursor* cursor, JsonTake* take) override {
    if (*cursor->at != '[') return OtherKind(cursor, name_);
    int64_t count = elements_;
    const bool good = cursor->Elements([&] {
      ++count;
      take->bytes += element_bytes_;
      if (*cursor->at == 'n') return cursor->Scalar();
      take->status = element_->PadTo(count - 1);
      return take->status.ok() && element_->Take(cursor, take);
    });
    if (!good) return false;
    if (count > INT32_MAX) return cursor->Fail(JsonProblem::kTooLong, cursor->at, "elements");
    elements_ = count;
    take->status = Append(1);
    return take->status.ok();
  }
  Status PadTo(int64_t length) override {
    while (length_ < length) ARROW_RETURN_NOT_OK(Append(0));
    return Status::OK();
  }
  void Truncate(int64_t length) override {
    ends_.Truncate(length);
    valid_.Truncate(length);
    length_ = std::min(length_, length);
    elements_ = EndOf(length_);
    element_->Truncate(elements_);
  }
  void Erase(const IndexSpans& spans) override {
    IndexSpans elements;
    for (const IndexSpan& span : spans) elements.push_back({EndOf(span.begin), EndOf(span.end)});
    // Each end moves down by the elements taken out before it.
    int64_t removed = 0;
    size_t next = 0;
    for (int64_t i = 0; i < ends_.size(); ++i) {
      for (; next < spans.size() && spans[next].end <= i; ++next)
        removed += elements[next].end - elements[next].begin;
      ends_[i] -= static_cast<int32_t>(removed);
    }
    ends_.Erase(spans);
    valid_.Erase(spans);
    element_->Erase(elements);
    length_ = ends_.size();
    elements_ = EndOf(length_);
  }
  void Clear() override {
    ends_.Clear();
    valid_.Clear();
    element_->Clear();
    length_ = 0;
    elements_ = 0;
  }
  Result<std::shared_ptr<arrow::Array>> Convert(int64_t length, const JsonTake& take,
                                                JsonBadValue* bad) override {
    ARROW_RETURN_NOT_OK(PadTo(length));
    ARROW_ASSIGN_OR_RAISE(auto elements, element_->Convert(EndOf(length), take, bad));
    if (elements == nullptr) return nullptr;
    ARROW_ASSIGN_OR_RAISE(
        std::shared_ptr<arrow::Buffer> offsets,
        arrow::AllocateBuffer((length + 1) * static_cast<int64_t>(sizeof(int32_t)), pool_));
    int32_t* const offset = reinterpret_cast<int32_t*>(offsets->mutable_data());
    offset[0] = 0;
    std::copy_n(ends_.data(), length, offset + 1);
    int64_t nulls = 0;
    ARROW_ASSIGN_OR_RAISE(auto bits, PackValidity(valid_, length, pool_, &nulls));
    return arrow::MakeArray(arrow::ArrayData::Make(
        type_, length, {std::move(bits), std::move(offsets)}, {elements->data()}, nulls));
  }
  Status FindBad(int64_t length, const JsonTake& take, JsonBadValues* bad) const override {
    return element_->FindBad(EndOf(length), take, bad);
  }

 private:
  // Elements of the first `length` values.
  int64_t EndOf(int64_t length) const {
    const int64_t known = std::min(length, ends_.size());
    return known > 0 ? ends_[known - 1] : 0;
  }
  Status Append(uint8_t valid) {
    ARROW_RETURN_NOT_OK(ends_.Push(static_cast<int32_t>(elements_)));
    ARROW_RETURN_NOT_OK(valid_.Push(valid));
    ++length_;
    return Status::OK();
  }

  const std::shared_ptr<arrow::DataType> type_;
  const std::string name_;
  const std::unique_ptr<JsonColumn> element_;
  const int64_t element_bytes_;
  arrow::MemoryPool* const pool_;
  PoolArray<int32_t> ends_;  // of each value, in elements
  PoolArray<uint8_t> valid_;
  int64_t elements_ = 0;
};

}  // namespace

Result<std::unique_ptr<JsonColumn>> MakeJsonColumn(const std::shared_ptr<arrow::DataType>& type,
                                                   std::string name, arrow::MemoryPool* pool) {
  if (type->id() == arrow::Type::STRUCT) {
    ARROW_ASSIGN_OR_RAISE(auto fields,
                          JsonRowColumns::Make(*arrow::schema(type->fields()), {}, pool, name));
    return std::make_unique<StructColumn>(type, std::move(name), std::move(fields), pool);
  }
  if (type->id() == arrow::Type::LIST) {
    const auto& element_type = static_cast<const arrow::ListType&>(*type).value_type();
    ARROW_ASSIGN_OR_RAISE(auto element, MakeJsonColumn(element_type, name + "[]", pool));
    return std::make_unique<ListColumn>(type, std::move(name), std::move(element), pool);
  }
  return MakeJsonLeaf(type, std::move(name), pool);
}

}  // namespace headrace
