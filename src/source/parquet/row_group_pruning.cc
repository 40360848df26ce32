#include "source/parquet/row_group_pruning.h"

#include <parquet/arrow/reader.h>
#include <parquet/exception.h>
#include <parquet/schema.h>
#include <parquet/statistics.h>

#include <cmath>

#include "source/hive_pruning.h"
#include "source/parquet/row_group_reader.h"
#include "source/schema_union.h"

namespace headrace {
namespace {

// The leaf of a top-level column that is no group; -1 for nested ones.
int FlatLeaf(const parquet::SchemaDescriptor& schema, const std::string& column) {
  const auto* root = schema.group_node();
  const int field = root->FieldIndex(column);
  if (field < 0 || !root->field(field)->is_primitive() || root->field(field)->is_repeated())
    return -1;
  return schema.ColumnIndex(*root->field(field));
}

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

std::optional<expr::ColumnBounds> StatisticsBounds(const std::string& column,
                                                   const arrow::Schema& schema,
                                                   const ParquetFile& file,
                                                   const parquet::RowGroupMetaData& row_group) {
  const auto field = file.schema()->GetFieldByName(column);
  const int leaf = FlatLeaf(*file.metadata()->schema(), column);
  if (!field || leaf < 0 || !SameType(schema, *field)) return std::nullopt;
  const auto chunk = row_group.ColumnChunk(leaf);
  const auto statistics = chunk->is_stats_set() ? chunk->statistics() : nullptr;
  if (!statistics) return std::nullopt;
  expr::ColumnBounds bounds;
  bounds.rows = row_group.num_rows();
  if (statistics->HasNullCount()) bounds.null_count = statistics->null_count();
  std::shared_ptr<arrow::Scalar> min;
  std::shared_ptr<arrow::Scalar> max;
  if (!statistics->HasMinMax() ||
      !parquet::arrow::StatisticsAsScalars(*statistics, &min, &max).ok())
    return bounds;
  if (!min || !max || !min->type->Equals(*field->type()) || IsNaN(*min) || IsNaN(*max))
    return bounds;
  bounds.min = std::move(min);
  if (!arrow::is_floating(field->type()->id())) bounds.max = std::move(max);
  return bounds;
}

}  // namespace

bool RowGroupMayMatch(const expr::BoundExpr& predicate, const arrow::Schema& schema,
                      const ParquetFile& file, int row_group, const HiveColumns& hive,
                      int file_index) {
  try {
    const auto metadata = file.metadata()->RowGroup(row_group);
    return expr::MayMatch(predicate, [&](const std::string& column) {
      auto bounds = HiveBounds(hive, file_index, column);
      return bounds ? bounds : StatisticsBounds(column, schema, file, *metadata);
    });
  } catch (const std::exception&) {
    return true;  // damaged statistics say nothing; reading the pages will tell
  }
}

}  // namespace headrace
