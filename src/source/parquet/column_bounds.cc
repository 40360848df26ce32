#include "source/parquet/column_bounds.h"

#include <arrow/array/util.h>
#include <arrow/compute/cast.h>
#include <arrow/compute/exec.h>
#include <parquet/arrow/reader.h>
#include <parquet/bloom_filter.h>
#include <parquet/exception.h>
#include <parquet/schema.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "source/parquet/row_group_reader.h"
#include "source/schema_union.h"

namespace headrace {
namespace {

// Larger ones take longer to read than many a row group to filter.
constexpr int64_t kBloomBytesMax = int64_t{8} << 20;

bool IsNaN(const arrow::Scalar& scalar) {
  switch (scalar.type->id()) {
    case arrow::Type::FLOAT:
      return std::isnan(static_cast<const arrow::FloatScalar&>(scalar).value);
    case arrow::Type::DOUBLE:
      return std::isnan(static_cast<const arrow::DoubleScalar&>(scalar).value);
    default:
      return false;
  }
}

// In a union of files the scan's column may be wider.
bool SameType(const arrow::Schema& schema, const arrow::Field& field) {
  const auto column = schema.GetFieldByName(field.name());
  return !column || IsSameColumn(*column->type(), *DeliveredType(field.type()));
}

template <typename ScalarType>
auto ValueOf(const arrow::Scalar& value) {
  return static_cast<const ScalarType&>(value).value;
}

// As a value of `type` is stored in a column of `physical` type; nullopt where the two do not go
// together as they are.
std::optional<uint64_t> HashOf(const parquet::BloomFilter& bloom, const arrow::Scalar& value,
                               parquet::Type::type physical) {
  using arrow::Type;
  const auto id = value.type->id();
  if (physical == parquet::Type::BYTE_ARRAY && arrow::is_base_binary_like(id)) {
    return bloom.Hash(static_cast<const arrow::BaseBinaryScalar&>(value).view());
  }
  if (physical == parquet::Type::INT64) {
    if (id == Type::INT64) return bloom.Hash(ValueOf<arrow::Int64Scalar>(value));
  }
  if (physical == parquet::Type::INT32) {
    if (id == Type::INT32) return bloom.Hash(ValueOf<arrow::Int32Scalar>(value));
    if (id == Type::INT16) return bloom.Hash(int32_t{ValueOf<arrow::Int16Scalar>(value)});
    if (id == Type::INT8) return bloom.Hash(int32_t{ValueOf<arrow::Int8Scalar>(value)});
    if (id == Type::DATE32) return bloom.Hash(ValueOf<arrow::Date32Scalar>(value));
  }
  return std::nullopt;
}

}  // namespace

PrunableColumn FindPrunableColumn(const std::string& name, const arrow::Schema& scan_schema,
                                  const ParquetFile& file) {
  PrunableColumn column;
  column.field = file.schema()->GetFieldByName(name);
  if (column.field && SameType(scan_schema, *column.field)) {
    column.leaf = FlatLeaf(*file.metadata()->schema(), name);
  }
  return column;
}

expr::ColumnBounds BoundsOf(const parquet::Statistics& statistics, const arrow::Field& field,
                            int64_t rows) {
  expr::ColumnBounds bounds;
  bounds.rows = rows;
  if (statistics.HasNullCount()) bounds.null_count = statistics.null_count();
  std::shared_ptr<arrow::Scalar> min;
  std::shared_ptr<arrow::Scalar> max;
  if (!statistics.HasMinMax() || !parquet::arrow::StatisticsAsScalars(statistics, &min, &max).ok())
    return bounds;
  if (!min || !max || !min->type->Equals(*field.type()) || IsNaN(*min) || IsNaN(*max))
    return bounds;
  bounds.min = std::move(min);
  if (!arrow::is_floating(field.type()->id())) bounds.max = std::move(max);
  return bounds;
}

struct BloomFilters::Filter {
  std::shared_ptr<arrow::DataType> type;
  parquet::Type::type physical = parquet::Type::UNDEFINED;
  std::unique_ptr<parquet::BloomFilter> filter;  // null: there is none to ask
};

BloomFilters::BloomFilters(const ParquetFile& file, int row_group, const arrow::Schema& scan_schema,
                           arrow::MemoryPool* pool)
    : file_(file), row_group_(row_group), scan_schema_(scan_schema), pool_(pool) {}

BloomFilters::~BloomFilters() = default;

BloomFilters::Filter BloomFilters::ReadFilter(const std::string& column) {
  const PrunableColumn found = FindPrunableColumn(column, scan_schema_, file_);
  if (found.leaf < 0) return {};
  const auto chunk = file_.metadata()->RowGroup(row_group_)->ColumnChunk(found.leaf);
  const auto offset = chunk->bloom_filter_offset();
  // A length is not always written; without it the stream is the bound.
  const auto length = chunk->bloom_filter_length();
  if (!offset || *offset <= 0 || *offset >= file_.size_bytes()) return {};
  if (length && (*length <= 0 || *length > kBloomBytesMax)) return {};
  PARQUET_ASSIGN_OR_THROW(
      const auto stream,
      arrow::io::RandomAccessFile::GetStream(
          file_.input(), *offset, std::min(kBloomBytesMax, file_.size_bytes() - *offset)));
  auto filter = parquet::BlockSplitBloomFilter::Deserialize(parquet::ReaderProperties(pool_),
                                                            stream.get(), length);
  return {DeliveredType(found.field->type()),
          file_.metadata()->schema()->Column(found.leaf)->physical_type(),
          std::make_unique<parquet::BlockSplitBloomFilter>(std::move(filter))};
}

bool BloomFilters::MayContain(const std::string& column, const arrow::Scalar& value) {
  auto found = filters_.find(column);
  if (found == filters_.end()) {
    Filter filter;
    try {
      filter = ReadFilter(column);
    } catch (const std::exception&) {
      // Damaged, or no memory for it: it says nothing.
    }
    found = filters_.emplace(column, std::move(filter)).first;
  }
  const Filter& filter = found->second;
  if (filter.filter == nullptr || !value.is_valid) return true;
  std::shared_ptr<arrow::Scalar> stored = value.GetSharedPtr();
  if (!value.type->Equals(*filter.type)) {
    arrow::compute::ExecContext context(arrow::system_memory_pool());  // one value at plan time
    const auto cast = arrow::compute::Cast(arrow::Datum(stored), filter.type,
                                           arrow::compute::CastOptions::Safe(), &context);
    if (!cast.ok()) return true;
    stored = cast->scalar();
  }
  const auto hash = HashOf(*filter.filter, *stored, filter.physical);
  return !hash || filter.filter->FindHash(*hash);
}

}  // namespace headrace
