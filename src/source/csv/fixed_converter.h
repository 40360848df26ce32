// The loop that reads a column of fixed-width values; one instance per kind of value.
#pragma once

#include <arrow/array.h>
#include <arrow/array/data.h>

#include <memory>
#include <utility>

#include "source/csv/column_converter.h"
#include "source/csv/field_cursor.h"
#include "source/csv/validity.h"

namespace headrace {

inline FieldText TrimBlanks(FieldText field) {
  while (!field.empty() && (*field.begin == ' ' || *field.begin == '\t')) ++field.begin;
  while (!field.empty() && (field.end[-1] == ' ' || field.end[-1] == '\t')) --field.end;
  return field;
}

// Whether a number, date or time could begin with this byte.
inline bool MayBeginValue(int byte) {
  return (byte >= '0' && byte <= '9') || byte == '-' || byte == '+' || byte == '.';
}

// `Parser` has `using Value`, `bool Fast(begin, end, Value*) const` for the usual form, `bool
// Slow(begin, end, Value*) const` for every other one, and `void Explain(begin, end, std::string*)
// const` for what neither takes.
template <class Parser>
class FixedConverter : public ColumnConverter {
 public:
  using Value = typename Parser::Value;

  FixedConverter(std::shared_ptr<arrow::DataType> type, const Dialect& dialect,
                 const NullRule& nulls, Parser parser)
      : type_(std::move(type)),
        quote_(dialect.quote),
        nulls_(nulls),
        only_empty_(nulls.only_empty()),
        bare_first_(only_empty_ && !MayBeginValue(dialect.quote)),
        parser_(std::move(parser)) {}

  Result<std::shared_ptr<arrow::Array>> ConvertOrFind(const RecordRange& range, int column,
                                                      arrow::MemoryPool* pool,
                                                      BadPlaces* bad) const override {
    ARROW_ASSIGN_OR_RAISE(
        std::shared_ptr<arrow::Buffer> values,
        arrow::AllocateBuffer(range.rows * static_cast<int64_t>(sizeof(Value)), pool));
    Value* out = reinterpret_cast<Value*>(values->mutable_data());
    Validity validity(range.rows, pool);
    FieldCursor cursor(range, column);
    for (int64_t row = 0; row < range.rows; ++row) {
      FieldText field = cursor.Next();
      if (bare_first_ && parser_.Fast(field.begin, field.end, &out[row])) [[likely]]
        continue;
      const FieldText raw = field;
      if (IsQuoted(field, quote_)) field = Unquoted(field);
      if (only_empty_ && parser_.Fast(field.begin, field.end, &out[row])) [[likely]]
        continue;
      if (field.empty() || (!only_empty_ && nulls_.Matches(field.begin, field.end))) {
        out[row] = Value{};
        ARROW_RETURN_NOT_OK(validity.SetNull(row));
        continue;
      }
      field = TrimBlanks(field);
      if (parser_.Slow(field.begin, field.end, &out[row])) continue;
      if (!bad->Add(row, raw.begin, raw.end)) return nullptr;
    }
    if (!bad->places.empty()) return nullptr;
    const int64_t null_count = validity.null_count();
    return arrow::MakeArray(arrow::ArrayData::Make(
        type_, range.rows, {validity.Finish(), std::move(values)}, null_count));
  }

  void Explain(const uint8_t* begin, const uint8_t* end, std::string* reason) const override {
    FieldText field{begin, end};
    if (IsQuoted(field, quote_)) field = Unquoted(field);
    field = TrimBlanks(field);
    parser_.Explain(field.begin, field.end, reason);
  }

 private:
  const std::shared_ptr<arrow::DataType> type_;
  const int quote_;
  const NullRule nulls_;
  const bool only_empty_;
  const bool bare_first_;  // no quoted field is a value as it stands, so quotes can wait
  const Parser parser_;
};

template <class Parser>
std::unique_ptr<ColumnConverter> MakeFixed(const std::shared_ptr<arrow::DataType>& type,
                                           const Dialect& dialect, const NullRule& nulls,
                                           Parser parser) {
  return std::make_unique<FixedConverter<Parser>>(type, dialect, nulls, std::move(parser));
}

}  // namespace headrace
