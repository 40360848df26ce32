#include "operators/project.h"

namespace headrace {

ProjectTransform::ProjectTransform(std::string name, std::vector<ProjectColumn> columns,
                                   std::shared_ptr<arrow::Schema> output_schema)
    : name_(std::move(name)), columns_(std::move(columns)), schema_(std::move(output_schema)) {}

Result<Batch> ProjectTransform::Apply(Batch batch, BatchPosition, arrow::MemoryPool* pool) {
  std::vector<std::shared_ptr<arrow::Array>> arrays;
  arrays.reserve(columns_.size());
  for (const auto& column : columns_) {
    if (column.expression == nullptr) {
      arrays.push_back(batch.columns->column(column.input_index));
    } else {
      ARROW_ASSIGN_OR_RAISE(auto array, expr::Evaluate(*column.expression, *batch.columns, pool));
      arrays.push_back(std::move(array));
    }
  }
  return Batch{arrow::RecordBatch::Make(schema_, batch.rows(), std::move(arrays))};
}

}  // namespace headrace
