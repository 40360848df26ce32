#include "source/csv/column_converter.h"

#include <arrow/util/bit_util.h>

#include <cstring>

#include "expr/expr.h"
#include "source/csv/unescape.h"

namespace headrace {

bool NullRule::Matches(const uint8_t* begin, const uint8_t* end) const {
  const std::string_view text(reinterpret_cast<const char*>(begin),
                              static_cast<size_t>(end - begin));
  for (const std::string& null_text : null_texts) {
    if (text == null_text) return true;
  }
  return false;
}

uint8_t* UnescapeField(FieldText field, const Dialect& dialect, uint8_t* out) {
  const int marker = dialect.escape != kNoCharacter ? dialect.escape : dialect.quote;
  const uint8_t* at = field.begin;
  while (at != field.end) {
    const void* found = std::memchr(at, marker, static_cast<size_t>(field.end - at));
    const uint8_t* stop = found != nullptr ? static_cast<const uint8_t*>(found) : field.end;
    std::memcpy(out, at, static_cast<size_t>(stop - at));
    out += stop - at;
    if (stop == field.end) break;
    // An escape itself goes and what follows it stays, whatever it is; of two quotes one goes.
    at = stop + 1;
    const bool takes_next = at != field.end && (marker == dialect.escape || *at == marker);
    *out++ = takes_next ? *at++ : *stop;
  }
  return out;
}

Result<std::shared_ptr<arrow::Array>> ColumnConverter::Convert(const RecordRange& range, int column,
                                                               arrow::MemoryPool* pool,
                                                               BadField* bad) const {
  BadPlaces found;
  ARROW_ASSIGN_OR_RAISE(auto array, ConvertOrFind(range, column, pool, &found));
  if (found.places.empty()) return array;
  const BadPlaces::Place& first = found.places.front();
  *bad = BadField{first.row, first.begin, first.end, {}};
  Explain(first.begin, first.end, &bad->reason);
  return nullptr;
}

Result<std::unique_ptr<ColumnConverter>> MakeColumnConverter(
    const std::shared_ptr<arrow::DataType>& type, const Dialect& dialect, const NullRule& nulls) {
  if (auto converter = MakeNumberConverter(type, dialect, nulls)) return converter;
  if (auto converter = MakeTimeConverter(type, dialect, nulls)) return converter;
  if (auto converter = MakeStringConverter(type, dialect, nulls)) return converter;
  return MakeError(ErrorKind::kInvalidConfig, 162,
                   "text cannot be read as this type; read it as string and cast: {}",
                   expr::TypeText(*type));
}

int64_t FixedBytesPerRow(const arrow::DataType& type) {
  if (arrow::is_fixed_width(type.id())) {
    return (static_cast<const arrow::FixedWidthType&>(type).bit_width() + 7) / 8;
  }
  return sizeof(int32_t);  // an offset
}

}  // namespace headrace
