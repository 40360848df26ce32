// The values of Arrow arrays in the form in which Parquet stores them.
#pragma once

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <parquet/types.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/status.h"

namespace headrace {

// kNone: types that the library's column writer is left to convert and encode.
enum class FlatKind : uint8_t { kNone, kFourBytes, kEightBytes, kText };
enum class ValueOrder : uint8_t { kSigned, kUnsigned, kFloat, kBytes };

struct FlatType {
  FlatKind kind = FlatKind::kNone;
  ValueOrder order = ValueOrder::kSigned;
};

// `stored` is what Parquet makes of the type, which is not a dictionary or an extension.
FlatType FlatTypeOf(const arrow::DataType& type, parquet::Type::type stored);

// The values of `rows` that are not null, in order: where they stand, or converted in `scratch`,
// and good until either changes. V: uint32_t, uint64_t (the bits of floats as well),
// std::string_view.
template <typename V>
Result<std::span<const V>> PresentValues(const arrow::Array& rows, arrow::ResizableBuffer* scratch);

}  // namespace headrace
