// Plans as text.
#include <fmt/ranges.h>

#include "base/units.h"
#include "plan/bound_plan.h"
#include "plan/nodes/sink.h"

namespace headrace {
namespace {

void AppendTree(const PlanNode& node, int depth, std::string* text) {
  *text += fmt::format("{:{}}{} {}\n", "", 2 * depth, node.kind_name(), node.Describe());
  for (const PlanNodePtr& input : node.inputs()) AppendTree(*input, depth + 1, text);
}

std::string SchemaText(const arrow::Schema& schema) {
  std::vector<std::string> columns;
  for (const auto& field : schema.fields()) {
    columns.push_back(fmt::format("{} {}", field->name(), expr::TypeText(*field->type())));
  }
  return fmt::format("({})", fmt::join(columns, ", "));
}

std::string Estimates(const ExplainContext& context) {
  std::string text;
  if (context.estimated_rows >= 0)
    text += fmt::format(", about {} rows", FormatCount(context.estimated_rows));
  if (context.total_bytes >= 0) text += fmt::format(", {}", FormatBytes(context.total_bytes));
  return text;
}

std::string ScanLine(const LogicalPlan& plan, const ExplainContext& context) {
  const ScanPushdown& scan = plan.scan;
  std::string text = scan.all_columns ? "all columns"
                                      : fmt::format("{} of {} columns", scan.columns.size(),
                                                    plan.source_columns.size());
  if (scan.predicate) text += fmt::format(", prune by {}", expr::ToText(*scan.predicate));
  if (scan.row_limit >= 0) text += fmt::format(", first {} rows", FormatCount(scan.row_limit));
  return text + Estimates(context);
}

}  // namespace

std::string ExplainTree(const PlanNode& root) {
  std::string text;
  AppendTree(root, 0, &text);
  return text;
}

std::string ExplainPlan(const LogicalPlan& plan, const BoundPlan& bound,
                        const ExplainContext& context) {
  std::string text =
      fmt::format("sink {} {}\n", plan.root->Describe(), SchemaText(*bound.output_schema));
  int depth = 1;
  for (auto step = bound.steps.rbegin(); step != bound.steps.rend(); ++step, ++depth) {
    text += fmt::format("{:{}}{} {}", "", 2 * depth, step->name, step->text);
    // Filters and limits pass their input's columns on; naming them again would hide what changes.
    if (std::holds_alternative<BoundProject>(step->what))
      text.append(" ").append(SchemaText(*step->output_schema));
    text += "\n";
  }
  text += fmt::format("{:{}}scan {} {}\n", "", 2 * depth, ScanLine(plan, context),
                      SchemaText(*bound.source_schema));
  for (const std::string& line : context.scan_evidence) {
    text += fmt::format("{:{}}{}\n", "", 2 * depth + 2, line);
  }
  return text;
}

}  // namespace headrace
