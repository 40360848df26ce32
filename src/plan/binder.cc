// BindPlan: types for a plan, from the scan upwards.
#include <algorithm>

#include "plan/bound_plan.h"
#include "plan/column_names.h"
#include "plan/nodes/sink.h"

namespace headrace {
namespace {

// Types whose values have one text each, which a reader turns back into the value. Floating point
// has not: 0.1 and 0.10000000000000001, NaN, -0.0.
bool MakesDirectoryNames(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::BOOL:
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::STRING_VIEW:
    case arrow::Type::DATE32:
    case arrow::Type::TIMESTAMP:
    case arrow::Type::DECIMAL128:
      return true;
    default:
      return arrow::is_integer(type.id());
  }
}

Result<std::vector<int>> BindPartitionColumns(const OutputSpec& output,
                                              const arrow::Schema& schema) {
  std::vector<int> indices;
  for (const std::string& name : output.partition_by) {
    const int index = schema.GetFieldIndex(name);
    HEADRACE_CHECK(index >= 0);
    const arrow::DataType& type = *schema.field(index)->type();
    if (!MakesDirectoryNames(type)) {
      return MakeError(ErrorKind::kInvalidPlan, 265,
                       "partition_by: column '{}' is {}, which makes no directory names; derive a "
                       "column of integers, text, dates or booleans from it",
                       name, expr::TypeText(type));
    }
    indices.push_back(index);
  }
  return indices;
}

// The source's schema cut down to what the plan reads, in the plan's order.
Result<std::shared_ptr<arrow::Schema>> ScanSchema(const ScanPushdown& scan,
                                                  const arrow::Schema& source_schema) {
  arrow::FieldVector fields;
  for (const std::string& column : scan.columns) {
    auto field = source_schema.GetFieldByName(column);
    if (!field) {
      return MakeError(ErrorKind::kInternal, 901,
                       "the source gives no column '{}' that the plan asked for", column);
    }
    fields.push_back(std::move(field));
  }
  return arrow::schema(std::move(fields));
}

}  // namespace

Result<BoundPlan> BindPlan(const LogicalPlan& plan,
                           const std::shared_ptr<arrow::Schema>& source_schema) {
  std::vector<const PlanNode*> chain;  // sink first
  for (const PlanNode* node = plan.root.get(); !node->inputs().empty(); node = &node->input()) {
    chain.push_back(node);
  }
  BoundPlan bound;
  ARROW_ASSIGN_OR_RAISE(bound.source_schema, ScanSchema(plan.scan, *source_schema));
  std::shared_ptr<arrow::Schema> schema = bound.source_schema;
  for (size_t i = chain.size() - 1; i > 0; --i) {
    ARROW_ASSIGN_OR_RAISE(BoundStep step, chain[i]->Bind(schema));
    schema = step.output_schema;
    bound.steps.push_back(std::move(step));
  }
  bound.output_schema = schema;
  const auto& sink = static_cast<const SinkNode&>(*plan.root);
  for (const OutputSpec& output : sink.outputs()) {
    ARROW_ASSIGN_OR_RAISE(auto columns, BindPartitionColumns(output, *schema));
    bound.partition_columns.push_back(std::move(columns));
    bound.sort_columns.push_back(output.sort_within);
  }
  return bound;
}

Result<BoundStep> PlanNode::Bind(const std::shared_ptr<arrow::Schema>&) const {
  return MakeError(ErrorKind::kInternal, 902, "a plan node is no step and cannot be bound: {}",
                   kind_name());
}

}  // namespace headrace
