#include "sink/text/nested_text.h"

#include <arrow/array.h>
#include <arrow/extension_type.h>
#include <arrow/util/checked_cast.h>

#include <string>
#include <vector>

namespace headrace {
namespace {

using arrow::Type;
using arrow::internal::checked_cast;

template <typename ArrayType>
class ListText : public ColumnText {
 public:
  ListText(const arrow::Array& values, std::unique_ptr<ColumnText> elements)
      : values_(checked_cast<const ArrayType&>(values)), elements_(std::move(elements)) {}

  Status Append(int64_t row, TextBuffer* out) const override {
    if (values_.IsNull(row)) return out->Append("null");
    ARROW_RETURN_NOT_OK(out->Append("["));
    const int64_t begin = values_.value_offset(row);
    const int64_t end = begin + values_.value_length(row);
    for (int64_t i = begin; i < end; ++i) {
      if (i > begin) ARROW_RETURN_NOT_OK(out->Append(","));
      ARROW_RETURN_NOT_OK(elements_->Append(i, out));
    }
    return out->Append("]");
  }

 private:
  const ArrayType& values_;
  const std::unique_ptr<ColumnText> elements_;
};

template <typename ArrayType>
Result<std::unique_ptr<ColumnText>> MakeListText(const arrow::Array& values,
                                                 const TextStyle& style) {
  ARROW_ASSIGN_OR_RAISE(auto elements,
                        MakeColumnText(*checked_cast<const ArrayType&>(values).values(), style));
  return std::make_unique<ListText<ArrayType>>(values, std::move(elements));
}

class StructText : public ColumnText {
 public:
  // Fields of a slice are slices made on demand: `fields` keeps them.
  StructText(const arrow::Array& values, arrow::ArrayVector fields, std::vector<std::string> names,
             std::vector<std::unique_ptr<ColumnText>> texts)
      : values_(values),
        fields_(std::move(fields)),
        names_(std::move(names)),
        texts_(std::move(texts)) {}

  Status Append(int64_t row, TextBuffer* out) const override {
    if (values_.IsNull(row)) return out->Append("null");
    ARROW_RETURN_NOT_OK(out->Append("{"));
    for (size_t i = 0; i < texts_.size(); ++i) {
      ARROW_RETURN_NOT_OK(out->Append(names_[i]));
      ARROW_RETURN_NOT_OK(texts_[i]->Append(row, out));
    }
    return out->Append("}");
  }

 private:
  const arrow::Array& values_;
  const arrow::ArrayVector fields_;
  const std::vector<std::string> names_;  // with what stands before and behind them
  const std::vector<std::unique_ptr<ColumnText>> texts_;
};

Result<std::unique_ptr<ColumnText>> MakeStructText(const arrow::Array& values,
                                                   const TextStyle& style) {
  const auto& structs = checked_cast<const arrow::StructArray&>(values);
  arrow::ArrayVector fields = structs.fields();
  std::vector<std::unique_ptr<ColumnText>> texts;
  for (const auto& field : fields) {
    ARROW_ASSIGN_OR_RAISE(auto text, MakeColumnText(*field, style));
    texts.push_back(std::move(text));
  }
  ARROW_ASSIGN_OR_RAISE(auto names, JsonKeys(values.type()->fields()));
  return std::make_unique<StructText>(values, std::move(fields), std::move(names),
                                      std::move(texts));
}

class DictionaryText : public ColumnText {
 public:
  DictionaryText(const arrow::Array& values, std::string_view null,
                 std::unique_ptr<ColumnText> texts)
      : values_(checked_cast<const arrow::DictionaryArray&>(values)),
        null_(null),
        texts_(std::move(texts)) {}

  Status Append(int64_t row, TextBuffer* out) const override {
    if (values_.IsNull(row)) return out->Append(null_);
    return texts_->Append(values_.GetValueIndex(row), out);
  }

 private:
  const arrow::DictionaryArray& values_;
  const std::string_view null_;
  const std::unique_ptr<ColumnText> texts_;
};

}  // namespace

Result<std::vector<std::string>> JsonKeys(const arrow::FieldVector& fields) {
  TextBuffer text(arrow::default_memory_pool());
  std::vector<std::string> keys;
  for (const auto& field : fields) {
    text.Clear(INT64_MAX);
    if (!keys.empty()) ARROW_RETURN_NOT_OK(text.Append(","));
    ARROW_RETURN_NOT_OK(AppendJsonString(field->name(), &text));
    ARROW_RETURN_NOT_OK(text.Append(":"));
    keys.emplace_back(reinterpret_cast<const char*>(text.data()), text.size());
  }
  return keys;
}

Result<std::unique_ptr<ColumnText>> MakeNestedText(const arrow::Array& values,
                                                   const TextStyle& style) {
  switch (values.type_id()) {
    case Type::LIST:
      return MakeListText<arrow::ListArray>(values, style);
    case Type::MAP:
      return MakeListText<arrow::MapArray>(values, style);
    case Type::LARGE_LIST:
      return MakeListText<arrow::LargeListArray>(values, style);
    case Type::FIXED_SIZE_LIST:
      return MakeListText<arrow::FixedSizeListArray>(values, style);
    case Type::STRUCT:
      return MakeStructText(values, style);
    case Type::DICTIONARY: {
      const auto& dictionary = checked_cast<const arrow::DictionaryArray&>(values).dictionary();
      ARROW_ASSIGN_OR_RAISE(auto texts, MakeColumnText(*dictionary, style));
      const char* null = style.kind == TextStyle::Kind::kJson ? "null" : "";
      return std::make_unique<DictionaryText>(values, null, std::move(texts));
    }
    case Type::EXTENSION:
      return MakeColumnText(*checked_cast<const arrow::ExtensionArray&>(values).storage(), style);
    default:
      return MakeError(ErrorKind::kInternal, 904, "no text for type {}", values.type()->ToString());
  }
}

}  // namespace headrace
