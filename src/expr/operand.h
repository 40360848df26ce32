// Reading and writing columns row by row, for kernels that Arrow does not have.
#pragma once

#include <arrow/array/data.h>
#include <arrow/buffer_builder.h>
#include <arrow/util/bit_util.h>

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "expr/kernel.h"
#include "expr/value_text.h"

namespace headrace::expr {

// Role: one argument of a kernel; a scalar is a column whose every row is the same. Owner: the
// kernel call. Threads: one. value/text/... of a null row are unspecified but safe to read for
// fixed-width types.
class Operand {
 public:
  static Result<Operand> Make(const Datum& datum, arrow::MemoryPool* pool);

  bool is_null(int64_t row) const {
    return validity_ != nullptr && !arrow::bit_util::GetBit(validity_, row * step_ + offset_);
  }
  bool has_nulls() const { return validity_ != nullptr; }
  // Clears the bits of the rows that are null here. Only with has_nulls().
  void IntersectValidity(int64_t rows, uint8_t* bits) const;
  bool is_constant() const { return step_ == 0; }
  template <typename T>
  T value(int64_t row) const {
    T out;
    std::memcpy(&out, values_ + (row * step_ + offset_) * static_cast<int64_t>(sizeof(T)),
                sizeof(T));
    return out;
  }
  // First value, for loops over arrays; the next row is `is_constant() ? 0 : 1` further.
  template <typename T>
  const T* values() const {
    return reinterpret_cast<const T*>(values_) + offset_;
  }
  bool boolean(int64_t row) const {
    return arrow::bit_util::GetBit(values_, row * step_ + offset_);
  }
  std::string_view text(int64_t row) const {
    const int64_t at = row * step_ + offset_;
    return {bytes_ + offsets_[at], static_cast<size_t>(offsets_[at + 1] - offsets_[at])};
  }
  Int128 decimal(int64_t row) const { return value<Int128>(row); }
  // Any integer or decimal type (unscaled), any real type.
  Int128 integer(int64_t row) const;
  double real(int64_t row) const {
    return type_->id() == arrow::Type::FLOAT ? static_cast<double>(value<float>(row))
                                             : value<double>(row);
  }
  const TypePtr& type() const { return type_; }
  // Bytes of text in all rows: a first guess at an output's size.
  int64_t text_bytes() const {
    return offsets_ ? offsets_[data_->offset + data_->length] - offsets_[data_->offset] : 0;
  }

 private:
  std::shared_ptr<arrow::ArrayData> data_;  // keeps the buffers alive
  TypePtr type_;
  int64_t step_ = 1;
  int64_t offset_ = 0;
  const uint8_t* validity_ = nullptr;
  const uint8_t* values_ = nullptr;
  const int32_t* offsets_ = nullptr;
  const char* bytes_ = nullptr;
};

Result<std::vector<Operand>> MakeOperands(const KernelCall& call);

// Collects text of one column; a failed allocation sticks and is returned by Finish.
class TextWriter {
 public:
  explicit TextWriter(arrow::MemoryPool* pool) : bytes_(pool) {}
  void Reserve(int64_t bytes) { Keep(bytes_.Reserve(bytes)); }
  void Append(std::string_view text) {
    if (text.empty()) return;  // it may have no address to copy from
    if (status_.ok()) Keep(bytes_.Append(text.data(), static_cast<int64_t>(text.size())));
  }
  int64_t size() const { return bytes_.length(); }
  const Status& status() const { return status_; }
  Result<std::shared_ptr<arrow::Buffer>> Finish();

 private:
  void Keep(Status status) {
    if (!status.ok()) status_ = std::move(status);
  }
  arrow::BufferBuilder bytes_;
  Status status_;
};

namespace internal {

// Validity of the output: NULL where any operand is. Rows may be cleared afterwards.
struct Validity {
  std::shared_ptr<arrow::Buffer> bitmap;
  uint8_t* bits = nullptr;
  int64_t null_count = 0;
  void SetNull(int64_t row) {
    arrow::bit_util::ClearBit(bits, row);
    ++null_count;
  }
};
Result<Validity> CombineValidity(const std::vector<Operand>& operands, int64_t rows,
                                 arrow::MemoryPool* pool);
Result<Datum> FinishFixed(const KernelCall& call, const TypePtr& type, Validity validity,
                          std::shared_ptr<arrow::Buffer> values);
Result<Datum> FinishText(const KernelCall& call, const TypePtr& type, Validity validity,
                         std::shared_ptr<arrow::Buffer> offsets, TextWriter* writer);
Result<std::shared_ptr<arrow::Buffer>> AllocateZeroed(int64_t bytes, arrow::MemoryPool* pool);

}  // namespace internal

struct FailurePolicy {
  OnFailure on_failure = OnFailure::kError;
  std::string_view what;  // the message with kError
};

// out[row] by compute(row, T* out) -> bool for every row without a null operand; false is a
// failure.
template <typename T, typename Compute>
Result<Datum> MapFixed(const KernelCall& call, const TypePtr& type,
                       const std::vector<Operand>& operands, FailurePolicy policy,
                       Compute&& compute) {
  ARROW_ASSIGN_OR_RAISE(auto validity, internal::CombineValidity(operands, call.rows, call.pool()));
  ARROW_ASSIGN_OR_RAISE(auto values, internal::AllocateZeroed(call.rows * sizeof(T), call.pool()));
  T* out = reinterpret_cast<T*>(values->mutable_data());
  const bool any_null = validity.null_count > 0;
  for (int64_t row = 0; row < call.rows; ++row) {
    if (any_null && !arrow::bit_util::GetBit(validity.bits, row)) continue;
    if (!compute(row, &out[row])) [[unlikely]] {
      if (policy.on_failure == OnFailure::kError) return MakeValueError(policy.what);
      out[row] = T{};
      validity.SetNull(row);
    }
  }
  return internal::FinishFixed(call, type, std::move(validity), std::move(values));
}

// As MapFixed for bool results: compute(row, bool* out) -> bool.
template <typename Compute>
Result<Datum> MapBool(const KernelCall& call, const std::vector<Operand>& operands,
                      FailurePolicy policy, Compute&& compute) {
  ARROW_ASSIGN_OR_RAISE(auto validity, internal::CombineValidity(operands, call.rows, call.pool()));
  ARROW_ASSIGN_OR_RAISE(
      auto values, internal::AllocateZeroed(arrow::bit_util::BytesForBits(call.rows), call.pool()));
  uint8_t* bits = values->mutable_data();
  const bool any_null = validity.null_count > 0;
  for (int64_t row = 0; row < call.rows; ++row) {
    if (any_null && !arrow::bit_util::GetBit(validity.bits, row)) continue;
    bool out = false;
    if (!compute(row, &out)) [[unlikely]] {
      if (policy.on_failure == OnFailure::kError) return MakeValueError(policy.what);
      validity.SetNull(row);
    }
    if (out) arrow::bit_util::SetBit(bits, row);
  }
  return internal::FinishFixed(call, arrow::boolean(), std::move(validity), std::move(values));
}

// As MapFixed for string and binary results: compute(row, TextWriter*) -> bool appends the row's
// bytes; what a failed row appended is kept out of the result only with kError, so append after
// checking.
template <typename Compute>
Result<Datum> MapText(const KernelCall& call, const TypePtr& type,
                      const std::vector<Operand>& operands, FailurePolicy policy,
                      Compute&& compute) {
  ARROW_ASSIGN_OR_RAISE(auto validity, internal::CombineValidity(operands, call.rows, call.pool()));
  ARROW_ASSIGN_OR_RAISE(auto offsets,
                        internal::AllocateZeroed((call.rows + 1) * sizeof(int32_t), call.pool()));
  int32_t* ends = reinterpret_cast<int32_t*>(offsets->mutable_data());
  TextWriter writer(call.pool());
  if (!operands.empty() && !operands[0].is_constant()) writer.Reserve(operands[0].text_bytes());
  const bool any_null = validity.null_count > 0;
  for (int64_t row = 0; row < call.rows; ++row) {
    if (!any_null || arrow::bit_util::GetBit(validity.bits, row)) {
      if (!compute(row, &writer)) [[unlikely]] {
        if (policy.on_failure == OnFailure::kError) return MakeValueError(policy.what);
        validity.SetNull(row);
      }
      if (writer.size() > INT32_MAX || !writer.status().ok()) [[unlikely]]
        break;
    }
    ends[row + 1] = static_cast<int32_t>(writer.size());
  }
  return internal::FinishText(call, type, std::move(validity), std::move(offsets), &writer);
}

// Calls visit(T{}) with the C++ type of an integer Arrow type.
template <typename Visit>
auto VisitIntegerType(arrow::Type::type id, Visit&& visit) {
  switch (id) {
    case arrow::Type::INT8:
      return visit(int8_t{});
    case arrow::Type::INT16:
      return visit(int16_t{});
    case arrow::Type::INT32:
      return visit(int32_t{});
    case arrow::Type::UINT8:
      return visit(uint8_t{});
    case arrow::Type::UINT16:
      return visit(uint16_t{});
    case arrow::Type::UINT32:
      return visit(uint32_t{});
    case arrow::Type::UINT64:
      return visit(uint64_t{});
    default:
      return visit(int64_t{});
  }
}

}  // namespace headrace::expr
