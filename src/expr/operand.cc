#include "expr/operand.h"

#include <arrow/array/util.h>
#include <arrow/util/bitmap_ops.h>

namespace headrace::expr {

Result<Operand> Operand::Make(const Datum& datum, arrow::MemoryPool* pool) {
  Operand out;
  if (datum.is_scalar()) {
    ARROW_ASSIGN_OR_RAISE(auto array, arrow::MakeArrayFromScalar(*datum.scalar(), 1, pool));
    out.data_ = array->data();
    out.step_ = 0;
  } else {
    out.data_ = datum.array();
  }
  const auto& data = *out.data_;
  out.type_ = data.type;
  out.offset_ = data.offset;
  if (data.MayHaveNulls() && data.GetNullCount() > 0 && data.buffers[0])
    out.validity_ = data.buffers[0]->data();
  static constexpr int64_t kNothing[2] = {0, 0};
  const auto pointer = [&](size_t index) {
    return data.buffers.size() > index && data.buffers[index] && data.buffers[index]->data()
               ? data.buffers[index]->data()
               : reinterpret_cast<const uint8_t*>(kNothing);
  };
  if (arrow::is_binary_like(data.type->id())) {
    out.offsets_ = reinterpret_cast<const int32_t*>(pointer(1));
    out.bytes_ = reinterpret_cast<const char*>(pointer(2));
  } else {
    out.values_ = pointer(1);
  }
  return out;
}

void Operand::IntersectValidity(int64_t rows, uint8_t* bits) const {
  if (is_constant()) {
    arrow::bit_util::SetBitsTo(bits, 0, rows, false);
  } else {
    arrow::internal::BitmapAnd(bits, 0, validity_, offset_, rows, 0, bits);
  }
}

Int128 Operand::integer(int64_t row) const {
  if (type_->id() == arrow::Type::DECIMAL128) return decimal(row);
  return VisitIntegerType(type_->id(),
                          [&](auto tag) -> Int128 { return value<decltype(tag)>(row); });
}

Result<std::vector<Operand>> MakeOperands(const KernelCall& call) {
  std::vector<Operand> out;
  out.reserve(call.args.size());
  for (const auto& arg : call.args) {
    ARROW_ASSIGN_OR_RAISE(auto operand, Operand::Make(arg, call.pool()));
    out.push_back(std::move(operand));
  }
  return out;
}

Result<std::shared_ptr<arrow::Buffer>> TextWriter::Finish() {
  ARROW_RETURN_NOT_OK(status_);
  if (bytes_.length() > INT32_MAX) {
    return MakeError(ErrorKind::kBadInput, 250,
                     "the text of one batch passes 2 GiB; use a smaller chunk_size");
  }
  return bytes_.Finish();
}

namespace internal {

Result<std::shared_ptr<arrow::Buffer>> AllocateZeroed(int64_t bytes, arrow::MemoryPool* pool) {
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> buffer, arrow::AllocateBuffer(bytes, pool));
  std::memset(buffer->mutable_data(), 0, buffer->size());
  return buffer;
}

Result<Validity> CombineValidity(const std::vector<Operand>& operands, int64_t rows,
                                 arrow::MemoryPool* pool) {
  Validity out;
  ARROW_ASSIGN_OR_RAISE(out.bitmap, AllocateZeroed(arrow::bit_util::BytesForBits(rows), pool));
  out.bits = out.bitmap->mutable_data();
  arrow::bit_util::SetBitsTo(out.bits, 0, rows, true);
  for (const auto& operand : operands) {
    if (operand.has_nulls()) operand.IntersectValidity(rows, out.bits);
  }
  out.null_count = rows - arrow::internal::CountSetBits(out.bits, 0, rows);
  return out;
}

namespace {

// A call of scalars alone gives a scalar, so that constants stay constants.
Result<Datum> Finish(const KernelCall& call, std::shared_ptr<arrow::ArrayData> data) {
  const bool constant = std::all_of(call.args.begin(), call.args.end(),
                                    [](const Datum& arg) { return arg.is_scalar(); });
  if (!constant || data->length != 1) return Datum(std::move(data));
  ARROW_ASSIGN_OR_RAISE(auto scalar, arrow::MakeArray(data)->GetScalar(0));
  return Datum(std::move(scalar));
}

}  // namespace

Result<Datum> FinishFixed(const KernelCall& call, const TypePtr& type, Validity validity,
                          std::shared_ptr<arrow::Buffer> values) {
  if (validity.null_count == 0) validity.bitmap = nullptr;
  return Finish(
      call, arrow::ArrayData::Make(type, call.rows, {std::move(validity.bitmap), std::move(values)},
                                   validity.null_count));
}

Result<Datum> FinishText(const KernelCall& call, const TypePtr& type, Validity validity,
                         std::shared_ptr<arrow::Buffer> offsets, TextWriter* writer) {
  ARROW_ASSIGN_OR_RAISE(auto bytes, writer->Finish());
  if (validity.null_count == 0) validity.bitmap = nullptr;
  return Finish(
      call, arrow::ArrayData::Make(
                type, call.rows, {std::move(validity.bitmap), std::move(offsets), std::move(bytes)},
                validity.null_count));
}

}  // namespace internal
}  // namespace headrace::expr
