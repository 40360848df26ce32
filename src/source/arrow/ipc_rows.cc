#include "source/arrow/ipc_rows.h"

#include <arrow/array/util.h>
#include <arrow/array/validate.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/cast.h>
#include <arrow/compute/exec.h>
#include <arrow/util/int_util.h>

#include <algorithm>
#include <cstring>

#include "data/byte_size.h"
#include "source/arrow/carried_type.h"

namespace headrace {
namespace {

using arrow::Type;

// A batch may become this many times larger than aimed at before it is cut anew.
constexpr int64_t kOversize = 2;

bool IsText(Type::type id) {
  return id == Type::STRING || id == Type::BINARY || id == Type::LARGE_STRING ||
         id == Type::LARGE_BINARY || id == Type::STRING_VIEW || id == Type::BINARY_VIEW;
}

int64_t TextBytes(const arrow::Array& texts, int64_t index) {
  switch (texts.type_id()) {
    case Type::STRING:
    case Type::BINARY:
      return static_cast<const arrow::BinaryArray&>(texts).value_length(index);
    case Type::LARGE_STRING:
    case Type::LARGE_BINARY:
      return static_cast<const arrow::LargeBinaryArray&>(texts).value_length(index);
    default:
      return static_cast<int64_t>(
          static_cast<const arrow::BinaryViewArray&>(texts).GetView(index).size());
  }
}

// Bytes that a column of the delivered batch will take.
int64_t DeliveredBytes(const arrow::Array& column) {
  if (column.type_id() == Type::DICTIONARY) {
    const auto& encoded = static_cast<const arrow::DictionaryArray&>(column);
    const arrow::Array& values = *encoded.dictionary();
    if (!IsText(values.type_id())) {
      return column.length() * ReferencedBytes(*values.data()) /
             std::max<int64_t>(1, values.length());
    }
    int64_t bytes = 4 * column.length();
    for (int64_t i = 0; i < column.length(); ++i) {
      if (encoded.IsValid(i)) bytes += TextBytes(values, encoded.GetValueIndex(i));
    }
    return bytes;
  }
  if (column.type_id() == Type::STRING_VIEW || column.type_id() == Type::BINARY_VIEW) {
    int64_t bytes = 4 * column.length();
    for (int64_t i = 0; i < column.length(); ++i) {
      if (column.IsValid(i)) bytes += TextBytes(column, i);
    }
    return bytes;
  }
  return ReferencedBytes(*column.data());
}

int64_t DeliveredBytes(const arrow::RecordBatch& batch) {
  int64_t bytes = 0;
  for (const auto& column : batch.columns()) bytes += DeliveredBytes(*column);
  return bytes;
}

// The dictionary was validated when it was loaded.
Status ValidateValues(const arrow::ArrayData& data) {
  if (data.type->id() != Type::DICTIONARY) return arrow::internal::ValidateArrayFull(data);
  arrow::ArrayData indices = data;
  indices.type = static_cast<const arrow::DictionaryType&>(*data.type).index_type();
  indices.dictionary = nullptr;
  ARROW_RETURN_NOT_OK(arrow::internal::ValidateArrayFull(indices));
  return arrow::internal::CheckIndexBounds(arrow::ArraySpan(indices),
                                           static_cast<uint64_t>(data.dictionary->length));
}

Status Validate(const arrow::ArrayData& data, bool nullable) {
  ARROW_RETURN_NOT_OK(ValidateValues(data));
  if (!nullable && data.GetNullCount() > 0) {
    return Status::Invalid("its schema says that it holds no NULL, it holds ", data.GetNullCount());
  }
  return Status::OK();
}

// Validation passes over the views of NULLs, but a cast looks at every one: those of NULLs become
// empty, in a copy, because the buffers of damaged columns may overlap.
Status ClearNullViews(arrow::ArrayData* data, arrow::MemoryPool* pool) {
  using View = arrow::BinaryViewType::c_type;
  const auto id = data->type->storage_id();
  if ((id == Type::STRING_VIEW || id == Type::BINARY_VIEW) && data->GetNullCount() > 0) {
    const int64_t count = data->offset + data->length;
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> views,
                          arrow::AllocateBuffer(count * static_cast<int64_t>(sizeof(View)), pool));
    auto* out = reinterpret_cast<View*>(views->mutable_data());
    std::memcpy(out, data->buffers[1]->data(), static_cast<size_t>(views->size()));
    for (int64_t i = 0; i < data->length; ++i) {
      if (data->IsNull(i)) out[data->offset + i] = View{};
    }
    data->buffers[1] = std::move(views);
  }
  for (const auto& child : data->child_data) {
    ARROW_RETURN_NOT_OK(ClearNullViews(child.get(), pool));
  }
  return Status::OK();
}

}  // namespace

IpcBatchReader::IpcBatchReader(const IpcSchema& stored, std::vector<int> wanted,
                               std::shared_ptr<arrow::Schema> delivered, IpcBatchBounds bounds,
                               arrow::MemoryPool* pool)
    : stored_(stored),
      delivered_index_(stored.schema->num_fields(), -1),
      delivered_(std::move(delivered)),
      bounds_(bounds),
      pool_(pool) {
  for (size_t i = 0; i < wanted.size(); ++i) {
    delivered_index_[wanted[i]] = static_cast<int>(i);
    last_wanted_ = std::max(last_wanted_, wanted[i]);
  }
}

Status IpcBatchReader::ForEachColumn(const std::function<Status(int, int)>& use) const {
  for (int column = 0; column <= last_wanted_; ++column) {
    ARROW_RETURN_NOT_OK(use(column, delivered_index_[column]));
  }
  return Status::OK();
}

bool IpcBatchReader::CanReadRange(const IpcBatchHead& head) const {
  if (head.codec()) return false;
  for (int column = 0; column <= last_wanted_; ++column) {
    if (delivered_index_[column] < 0) continue;
    if (!headrace::CanReadRange(*stored_.schema->field(column)->type())) return false;
  }
  return true;
}

Result<int64_t> IpcBatchReader::MeasureWhole(const IpcBatchHead& head, const IpcBody& body) const {
  IpcColumns columns(head, body);
  int64_t bytes = 0;
  int64_t compressed = 0;
  ARROW_RETURN_NOT_OK(ForEachColumn([&](int stored, int delivered) -> Status {
    const auto& type = *stored_.schema->field(stored)->type();
    if (delivered < 0) return columns.Skip(type);
    ARROW_ASSIGN_OR_RAISE(const WholeBytes column, columns.MeasureWhole(type));
    compressed = std::max(compressed, column.compressed);
    if (__builtin_add_overflow(bytes, column.plain, &bytes)) {
      return Status::Invalid("the batch claims more bytes than can be counted");
    }
    return Status::OK();
  }));
  if (__builtin_add_overflow(bytes, compressed, &bytes)) {
    return Status::Invalid("the batch claims more bytes than can be counted");
  }
  return bytes;
}

Result<int64_t> IpcBatchReader::Measure(const IpcBatchHead& head, const IpcBody& body,
                                        RowRange rows) const {
  IpcColumns columns(head, body);
  int64_t bytes = 0;
  ARROW_RETURN_NOT_OK(ForEachColumn([&](int stored, int delivered) -> Status {
    const auto& type = *stored_.schema->field(stored)->type();
    if (delivered < 0) return columns.Skip(type);
    ARROW_ASSIGN_OR_RAISE(const int64_t column, columns.Measure(type, rows));
    bytes += column;
    return Status::OK();
  }));
  return bytes;
}

Result<std::shared_ptr<arrow::RecordBatch>> IpcBatchReader::Load(
    const IpcBatchHead& head, const IpcBody& body, const IpcDictionaries& dictionaries,
    RowRange rows) const {
  IpcColumns columns(head, body);
  arrow::ArrayVector arrays(delivered_->num_fields());
  arrow::FieldVector fields(delivered_->num_fields());
  ARROW_RETURN_NOT_OK(ForEachColumn([&](int stored, int delivered) -> Status {
    const auto& field = stored_.schema->field(stored);
    if (delivered < 0) return columns.Skip(*field->type());
    ARROW_ASSIGN_OR_RAISE(auto data, columns.Load(field->type(), rows));
    if (const int64_t id = stored_.dictionary_ids[stored]; id >= 0) {
      const auto dictionary = dictionaries.find(id);
      if (dictionary == dictionaries.end()) {
        return Status::Invalid("column '", field->name(), "' has no dictionary");
      }
      const auto& encoded =
          static_cast<const arrow::DictionaryType&>(*StorageTypeOf(field->type()));
      if (!dictionary->second->type->Equals(*StorageTypeOf(encoded.value_type()))) {
        return Status::Invalid("column '", field->name(), "' shares a dictionary of another type");
      }
      data->dictionary = dictionary->second;
    }
    const Status valid = Validate(*data, field->nullable());
    if (!valid.ok()) {
      return valid.WithMessage("column '", field->name(), "', counted from row ", rows.begin, ": ",
                               valid.message());
    }
    ARROW_RETURN_NOT_OK(ClearNullViews(data.get(), pool_));
    arrays[delivered] = arrow::MakeArray(std::move(data));
    fields[delivered] = arrow::field(field->name(), arrays[delivered]->type());
    return Status::OK();
  }));
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), rows.size(), std::move(arrays));
}

Result<std::shared_ptr<arrow::RecordBatch>> IpcBatchReader::Deliver(
    const arrow::RecordBatch& loaded) const {
  arrow::compute::ExecContext context(pool_, /*executor=*/nullptr);
  context.set_use_threads(false);
  arrow::ArrayVector columns = loaded.columns();
  for (int i = 0; i < loaded.num_columns(); ++i) {
    auto& column = columns[i];
    if (column->type_id() == Type::DICTIONARY) {
      const auto& encoded = static_cast<const arrow::DictionaryArray&>(*column);
      ARROW_ASSIGN_OR_RAISE(
          const auto plain,
          arrow::compute::Take(encoded.dictionary(), encoded.indices(),
                               arrow::compute::TakeOptions::NoBoundsCheck(), &context));
      column = plain.make_array();
    }
    const auto& type = delivered_->field(i)->type();
    if (column->type()->Equals(*type)) continue;
    ARROW_ASSIGN_OR_RAISE(
        const auto cast,
        arrow::compute::Cast(column, arrow::compute::CastOptions::Safe(type), &context));
    column = cast.make_array();
  }
  return arrow::RecordBatch::Make(delivered_, loaded.num_rows(), std::move(columns));
}

Status IpcBatchReader::EmitSlices(const arrow::RecordBatch& loaded, const Use& use) const {
  int64_t rows = bounds_.rows;
  for (int64_t at = 0; at < loaded.num_rows();) {
    rows = std::min(rows, loaded.num_rows() - at);
    auto slice = loaded.Slice(at, rows);
    const int64_t bytes = DeliveredBytes(*slice);
    if (bytes > kOversize * bounds_.bytes && rows > 1) {
      rows = std::clamp<int64_t>(rows * bounds_.bytes / bytes, 1, rows / 2);
      continue;
    }
    ARROW_ASSIGN_OR_RAISE(auto delivered, Deliver(*slice));
    ARROW_RETURN_NOT_OK(use(std::move(delivered)));
    at += rows;
    // The rows that follow may be smaller.
    rows = std::min(bounds_.rows, 2 * rows);
  }
  return Status::OK();
}

Status IpcBatchReader::Read(const IpcBatchHead& head, const IpcBody& body,
                            const IpcDictionaries& dictionaries, RowRange rows,
                            const Use& use) const {
  if (rows.size() > 1 && CanReadRange(head)) {
    ARROW_ASSIGN_OR_RAISE(const int64_t bytes, Measure(head, body, rows));
    if (bytes > kOversize * bounds_.bytes) {
      const int64_t middle = rows.begin + rows.size() / 2;
      ARROW_RETURN_NOT_OK(Read(head, body, dictionaries, {rows.begin, middle}, use));
      return Read(head, body, dictionaries, {middle, rows.end}, use);
    }
  }
  ARROW_ASSIGN_OR_RAISE(const auto loaded, Load(head, body, dictionaries, rows));
  return EmitSlices(*loaded, use);
}

Result<std::shared_ptr<arrow::ArrayData>> LoadDictionary(
    const IpcBatchHead& head, const IpcBody& body, const std::shared_ptr<arrow::DataType>& type) {
  IpcColumns columns(head, body);
  ARROW_ASSIGN_OR_RAISE(auto values, columns.Load(type, {0, head.rows()}));
  ARROW_RETURN_NOT_OK(arrow::internal::ValidateArrayFull(*values));
  ARROW_RETURN_NOT_OK(ClearNullViews(values.get(), body.pool()));
  return values;
}

}  // namespace headrace
