#include "source/arrow/ipc_columns.h"

#include <arrow/extension_type.h>
#include <arrow/util/bit_util.h>
#include <arrow/util/compression.h>

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "source/arrow/carried_type.h"

namespace headrace {
namespace {

using arrow::Type;
using arrow::bit_util::BytesForBits;

constexpr int64_t kPrefixBytes = 8;  // of a compressed buffer: its length when decompressed
constexpr int64_t kStoredPlain = -1;
constexpr int64_t kRowsPerByte = 8;

bool HasOffsets32(Type::type id) {
  return id == Type::STRING || id == Type::BINARY || id == Type::LIST || id == Type::MAP;
}
bool HasOffsets64(Type::type id) {
  return id == Type::LARGE_STRING || id == Type::LARGE_BINARY || id == Type::LARGE_LIST;
}
bool IsView(Type::type id) { return id == Type::STRING_VIEW || id == Type::BINARY_VIEW; }

const arrow::DataType& Stored(const arrow::DataType& type) {
  return type.id() == Type::EXTENSION
             ? *static_cast<const arrow::ExtensionType&>(type).storage_type()
             : type;
}

int64_t BitWidth(const arrow::DataType& type) {
  if (IsView(type.id())) return 8 * sizeof(arrow::BinaryViewType::c_type);
  return type.id() == Type::DICTIONARY
             ? static_cast<const arrow::DictionaryType&>(type).index_type()->bit_width()
             : type.bit_width();
}

int64_t ListSize(const arrow::DataType& type) {
  return static_cast<const arrow::FixedSizeListType&>(type).list_size();
}

// Rows are read from a whole byte of their bitmaps on; what comes before is skipped by the array's
// offset.
RowRange Aligned(RowRange rows) {
  if (rows.size() == 0) return {0, 0};
  return {rows.begin - rows.begin % kRowsPerByte, rows.end};
}

Status CheckLength(const IpcNode& node, RowRange rows) {
  if (rows.end <= node.length) return Status::OK();
  return Status::Invalid("an array of ", node.length, " values where ", rows.end, " are needed");
}

Result<RowRange> Times(RowRange rows, int64_t size) {
  RowRange out;
  if (size < 0 || __builtin_mul_overflow(rows.begin, size, &out.begin) ||
      __builtin_mul_overflow(rows.end, size, &out.end)) {
    return Status::Invalid("lists of ", size, " values each are too many");
  }
  return out;
}

}  // namespace

bool CanReadRange(const arrow::DataType& given) {
  const arrow::DataType& type = Stored(given);
  if (IsView(type.id())) return false;
  const auto& fields = type.fields();
  return std::all_of(fields.begin(), fields.end(),
                     [](const auto& field) { return CanReadRange(*field->type()); });
}

Result<int64_t> IpcColumns::BufferCount(const arrow::DataType& type) {
  switch (type.id()) {
    case Type::NA:
    case Type::RUN_END_ENCODED:
      return 0;
    case Type::STRUCT:
    case Type::FIXED_SIZE_LIST:
      return 1;
    case Type::SPARSE_UNION:
      return head_.unions_have_validity() ? 2 : 1;
    case Type::DENSE_UNION:
      return head_.unions_have_validity() ? 3 : 2;
    case Type::STRING:
    case Type::BINARY:
    case Type::LARGE_STRING:
    case Type::LARGE_BINARY:
    case Type::LIST_VIEW:
    case Type::LARGE_LIST_VIEW:
      return 3;
    case Type::STRING_VIEW:
    case Type::BINARY_VIEW: {
      ARROW_ASSIGN_OR_RAISE(const int64_t heaps, head_.variadic_count(variadic_++));
      return 2 + heaps;
    }
    default:
      return 2;
  }
}

Status IpcColumns::Skip(const arrow::DataType& given) {
  const arrow::DataType& type = Stored(given);
  ARROW_RETURN_NOT_OK(NextNode().status());
  ARROW_ASSIGN_OR_RAISE(const int64_t buffers, BufferCount(type));
  buffer_ += buffers;
  if (type.id() == Type::DICTIONARY) return Status::OK();
  for (const auto& field : type.fields()) ARROW_RETURN_NOT_OK(Skip(*field->type()));
  return Status::OK();
}

Result<int64_t> IpcColumns::UncompressedBytes(const IpcBuffer& buffer) const {
  if (!head_.codec() || buffer.length == 0) return buffer.length;
  if (buffer.length < kPrefixBytes) return Status::Invalid("a compressed buffer without length");
  ARROW_ASSIGN_OR_RAISE(const auto prefix, body_.Read(buffer.offset, kPrefixBytes));
  int64_t length;
  std::memcpy(&length, prefix->data(), sizeof(length));
  if (length == kStoredPlain) return buffer.length - kPrefixBytes;
  if (length < 0) return Status::Invalid("a compressed buffer claims ", length, " bytes");
  return length;
}

Result<std::shared_ptr<arrow::Buffer>> IpcColumns::Decompress(const IpcBuffer& buffer) const {
  ARROW_ASSIGN_OR_RAISE(const int64_t length, UncompressedBytes(buffer));
  if (buffer.length == 0) return body_.Read(buffer.offset, 0);
  ARROW_ASSIGN_OR_RAISE(auto stored, body_.Read(buffer.offset, buffer.length));
  int64_t claimed;
  std::memcpy(&claimed, stored->data(), sizeof(claimed));
  if (claimed == kStoredPlain) return arrow::SliceBuffer(std::move(stored), kPrefixBytes, length);
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> plain,
                        arrow::AllocateBuffer(length, body_.pool()));
  ARROW_ASSIGN_OR_RAISE(auto codec, arrow::util::Codec::Create(*head_.codec()));
  ARROW_ASSIGN_OR_RAISE(const int64_t count, codec->Decompress(stored->size() - kPrefixBytes,
                                                               stored->data() + kPrefixBytes,
                                                               length, plain->mutable_data()));
  if (count != length) {
    return Status::Invalid("a compressed buffer of ", length, " bytes gives ", count);
  }
  return plain;
}

Result<std::shared_ptr<arrow::Buffer>> IpcColumns::ReadPart(const IpcBuffer& buffer, int64_t offset,
                                                            int64_t length) const {
  const auto check = [&](int64_t there) -> Status {
    if (offset >= 0 && length >= 0 && offset <= there && length <= there - offset) {
      return Status::OK();
    }
    return Status::Invalid("an array needs bytes ", offset, " to ", offset + length,
                           " of a buffer of ", there);
  };
  if (!head_.codec()) {
    ARROW_RETURN_NOT_OK(check(buffer.length));
    return body_.Read(buffer.offset + offset, length);
  }
  ARROW_ASSIGN_OR_RAISE(auto plain, Decompress(buffer));
  ARROW_RETURN_NOT_OK(check(plain->size()));
  return arrow::SliceBuffer(std::move(plain), offset, length);
}

Result<std::shared_ptr<arrow::Buffer>> IpcColumns::ReadBits(const IpcBuffer& buffer,
                                                            RowRange bits) const {
  return ReadPart(buffer, bits.begin / kRowsPerByte, BytesForBits(bits.size()));
}

Status IpcColumns::LoadValidity(const IpcNode& node, RowRange rows, arrow::ArrayData* out) {
  ARROW_ASSIGN_OR_RAISE(const IpcBuffer buffer, NextBuffer());
  out->buffers.push_back(nullptr);
  if (node.null_count == 0 || rows.size() == 0) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(out->buffers[0], ReadBits(buffer, rows));
  out->null_count = arrow::kUnknownNullCount;
  return Status::OK();
}

Status IpcColumns::LoadFixed(RowRange rows, arrow::ArrayData* out) {
  ARROW_ASSIGN_OR_RAISE(const IpcBuffer buffer, NextBuffer());
  const int64_t width = BitWidth(*out->type);
  if (width == 1) {
    ARROW_ASSIGN_OR_RAISE(out->buffers.emplace_back(), ReadBits(buffer, rows));
    return Status::OK();
  }
  ARROW_ASSIGN_OR_RAISE(const RowRange bytes, Times(rows, width / 8));
  return ReadPart(buffer, bytes.begin, bytes.size()).Value(&out->buffers.emplace_back());
}

// `rows` begin at a whole byte. The offsets come out relative to the first value of the array.
template <typename Offset>
Result<IpcColumns::Ends> IpcColumns::LoadOffsets(RowRange rows, arrow::ArrayData* out) {
  ARROW_ASSIGN_OR_RAISE(const IpcBuffer buffer, NextBuffer());
  auto& offsets = out->buffers.emplace_back();
  if (rows.size() == 0) {
    ARROW_ASSIGN_OR_RAISE(offsets, arrow::AllocateBuffer(sizeof(Offset), body_.pool()));
    std::memset(offsets->mutable_data(), 0, sizeof(Offset));
    return Ends{};
  }
  ARROW_ASSIGN_OR_RAISE(const RowRange bytes, Times({rows.begin, rows.end + 1}, sizeof(Offset)));
  ARROW_ASSIGN_OR_RAISE(offsets, ReadPart(buffer, bytes.begin, bytes.size()));
  const auto* values = reinterpret_cast<const Offset*>(offsets->data());
  const Ends ends{values[out->offset], values[rows.size()]};
  if (ends.first < 0 || ends.last < ends.first) {
    return Status::Invalid("offsets run from ", ends.first, " to ", ends.last);
  }
  if (ends.first == 0) return ends;
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> moved,
                        arrow::AllocateBuffer(bytes.size(), body_.pool()));
  auto* target = reinterpret_cast<Offset*>(moved->mutable_data());
  using Unsigned = std::make_unsigned_t<Offset>;  // damaged offsets may overflow
  for (int64_t i = 0; i <= rows.size(); ++i) {
    target[i] = i < out->offset ? 0
                                : static_cast<Offset>(static_cast<Unsigned>(values[i]) -
                                                      static_cast<Unsigned>(ends.first));
  }
  offsets = std::move(moved);
  return ends;
}

template <typename Offset>
Status IpcColumns::LoadBytes(RowRange rows, arrow::ArrayData* out) {
  ARROW_ASSIGN_OR_RAISE(const Ends ends, LoadOffsets<Offset>(rows, out));
  ARROW_ASSIGN_OR_RAISE(const IpcBuffer buffer, NextBuffer());
  return ReadPart(buffer, ends.first, ends.last - ends.first).Value(&out->buffers.emplace_back());
}

template <typename Offset>
Status IpcColumns::LoadList(RowRange rows, arrow::ArrayData* out) {
  ARROW_ASSIGN_OR_RAISE(const Ends ends, LoadOffsets<Offset>(rows, out));
  return LoadChild(*out->type, 0, {ends.first, ends.last}, out);
}

Status IpcColumns::LoadViews(RowRange rows, arrow::ArrayData* out) {
  ARROW_RETURN_NOT_OK(LoadFixed(rows, out));
  ARROW_ASSIGN_OR_RAISE(const int64_t heaps, head_.variadic_count(variadic_++));
  for (int64_t i = 0; i < heaps; ++i) {
    ARROW_ASSIGN_OR_RAISE(const IpcBuffer buffer, NextBuffer());
    if (head_.codec()) {
      ARROW_ASSIGN_OR_RAISE(out->buffers.emplace_back(), Decompress(buffer));
    } else {
      ARROW_ASSIGN_OR_RAISE(out->buffers.emplace_back(), body_.Read(buffer.offset, buffer.length));
    }
  }
  return Status::OK();
}

Status IpcColumns::LoadChild(const arrow::DataType& parent, int index, RowRange rows,
                             arrow::ArrayData* out) {
  return Load(parent.field(index)->type(), rows).Value(&out->child_data.emplace_back());
}

Result<std::shared_ptr<arrow::ArrayData>> IpcColumns::Load(
    const std::shared_ptr<arrow::DataType>& given, RowRange wanted) {
  const auto& type = StorageTypeOf(given);
  ARROW_ASSIGN_OR_RAISE(const IpcNode node, NextNode());
  ARROW_RETURN_NOT_OK(CheckLength(node, wanted));
  const RowRange rows = Aligned(wanted);
  auto out = std::make_shared<arrow::ArrayData>(type, wanted.size());
  out->offset = wanted.size() == 0 ? 0 : wanted.begin - rows.begin;
  out->null_count = 0;
  if (type->id() == Type::NA) {
    out->buffers = {nullptr};
    out->null_count = out->length;
    return out;
  }
  ARROW_RETURN_NOT_OK(LoadValidity(node, rows, out.get()));
  switch (type->id()) {
    case Type::STRING:
    case Type::BINARY:
      ARROW_RETURN_NOT_OK(LoadBytes<int32_t>(rows, out.get()));
      break;
    case Type::LARGE_STRING:
    case Type::LARGE_BINARY:
      ARROW_RETURN_NOT_OK(LoadBytes<int64_t>(rows, out.get()));
      break;
    case Type::LIST:
    case Type::MAP:
      ARROW_RETURN_NOT_OK(LoadList<int32_t>(rows, out.get()));
      break;
    case Type::LARGE_LIST:
      ARROW_RETURN_NOT_OK(LoadList<int64_t>(rows, out.get()));
      break;
    case Type::STRING_VIEW:
    case Type::BINARY_VIEW:
      ARROW_RETURN_NOT_OK(LoadViews(rows, out.get()));
      break;
    case Type::FIXED_SIZE_LIST: {
      ARROW_ASSIGN_OR_RAISE(const RowRange values, Times(rows, ListSize(*type)));
      ARROW_RETURN_NOT_OK(LoadChild(*type, 0, values, out.get()));
      break;
    }
    case Type::STRUCT:
      for (int i = 0; i < type->num_fields(); ++i) {
        ARROW_RETURN_NOT_OK(LoadChild(*type, i, rows, out.get()));
      }
      break;
    default:
      ARROW_RETURN_NOT_OK(LoadFixed(rows, out.get()));
  }
  return out;
}

template <typename Offset>
Result<IpcColumns::Ends> IpcColumns::MeasureEnds(RowRange rows) {
  ARROW_ASSIGN_OR_RAISE(const IpcBuffer buffer, NextBuffer());
  if (rows.size() == 0) return Ends{};
  const auto read = [&](int64_t row) -> Result<int64_t> {
    ARROW_ASSIGN_OR_RAISE(const RowRange bytes, Times({row, row + 1}, sizeof(Offset)));
    ARROW_ASSIGN_OR_RAISE(const auto part, ReadPart(buffer, bytes.begin, bytes.size()));
    Offset value;
    std::memcpy(&value, part->data(), sizeof(value));
    return value;
  };
  Ends ends;
  ARROW_ASSIGN_OR_RAISE(ends.first, read(rows.begin));
  ARROW_ASSIGN_OR_RAISE(ends.last, read(rows.end));
  if (ends.first < 0 || ends.last < ends.first) {
    return Status::Invalid("offsets run from ", ends.first, " to ", ends.last);
  }
  return ends;
}

Result<int64_t> IpcColumns::Measure(const arrow::DataType& given, RowRange rows) {
  const arrow::DataType& type = Stored(given);
  ARROW_ASSIGN_OR_RAISE(const IpcNode node, NextNode());
  ARROW_RETURN_NOT_OK(CheckLength(node, rows));
  if (type.id() == Type::NA) return 0;
  ARROW_RETURN_NOT_OK(NextBuffer().status());
  int64_t bytes = BytesForBits(rows.size());
  Ends ends;
  const bool wide = HasOffsets64(type.id());
  if (wide || HasOffsets32(type.id())) {
    ARROW_ASSIGN_OR_RAISE(ends, wide ? MeasureEnds<int64_t>(rows) : MeasureEnds<int32_t>(rows));
    bytes += rows.size() * (wide ? 8 : 4);
    if (type.num_fields() == 0) {
      ARROW_ASSIGN_OR_RAISE(const IpcBuffer data, NextBuffer());
      if (ends.last > data.length) {
        return Status::Invalid("offsets run to ", ends.last, " in ", data.length, " bytes");
      }
      return bytes + ends.last - ends.first;
    }
  } else if (type.id() == Type::FIXED_SIZE_LIST) {
    ARROW_ASSIGN_OR_RAISE(const RowRange values, Times(rows, ListSize(type)));
    ends = {values.begin, values.end};
  } else if (type.id() == Type::STRUCT) {
    ends = {rows.begin, rows.end};
  } else {
    ARROW_RETURN_NOT_OK(NextBuffer().status());
    ARROW_ASSIGN_OR_RAISE(const RowRange bits, Times(rows, BitWidth(type)));
    return bytes + BytesForBits(bits.size());
  }
  for (const auto& field : type.fields()) {
    ARROW_ASSIGN_OR_RAISE(const int64_t child, Measure(*field->type(), {ends.first, ends.last}));
    bytes += child;
  }
  return bytes;
}

Result<WholeBytes> IpcColumns::MeasureWhole(const arrow::DataType& given) {
  const int64_t first = buffer_;
  ARROW_RETURN_NOT_OK(Skip(given));
  WholeBytes bytes;
  for (int64_t i = first; i < buffer_; ++i) {
    ARROW_ASSIGN_OR_RAISE(const IpcBuffer buffer, head_.buffer(i));
    ARROW_ASSIGN_OR_RAISE(const int64_t plain, UncompressedBytes(buffer));
    if (__builtin_add_overflow(bytes.plain, plain, &bytes.plain)) {
      return Status::Invalid("a column claims more bytes than can be counted");
    }
    if (head_.codec()) bytes.compressed = std::max(bytes.compressed, buffer.length);
  }
  return bytes;
}

}  // namespace headrace
