// Evaluation of a bound tree on a batch, and the naming of the row that fails.
#include <arrow/array/util.h>

#include "expr/bound.h"
#include "expr/cast.h"
#include "expr/errors.h"

namespace headrace::expr {
namespace {

Datum SliceOf(const Datum& value, int64_t offset, int64_t length) {
  return value.is_array() ? Datum(value.array()->Slice(offset, length)) : value;
}

std::vector<Datum> SliceAll(const std::vector<Datum>& args, int64_t offset, int64_t length) {
  std::vector<Datum> out;
  for (const auto& arg : args) out.push_back(SliceOf(arg, offset, length));
  return out;
}

bool IsValueError(const Status& status) { return GetErrorKind(status) == ErrorKind::kBadInput; }

// Value as a message shows it: text in quotes, long text cut.
std::string ShowValue(const std::shared_ptr<arrow::Array>& array) {
  if (array->length() == 0 || array->IsNull(0)) return "NULL";
  constexpr size_t kShown = 60;
  const auto type = array->type();
  auto rule = FindCast(type, arrow::utf8(), OnFailure::kNull);
  if (!rule) return array->ToString();
  arrow::compute::ExecContext context(arrow::system_memory_pool());
  std::vector<Datum> args = {array};
  auto text = rule->kernel(KernelCall{args, 1, &context});
  if (!text.ok() || !text->is_array()) return "?";
  const auto strings = text->make_array();
  if (strings->IsNull(0)) return "?";
  std::string out(static_cast<const arrow::StringArray&>(*strings).GetView(0));
  if (out.size() > kShown) {
    size_t cut = kShown;
    while (cut > 0 && (static_cast<unsigned char>(out[cut]) & 0xC0) == 0x80) --cut;
    out = out.substr(0, cut) + "...";
  }
  return type->id() == arrow::Type::STRING ? "'" + out + "'" : out;
}

// First row that fails, by halving: the work of one more pass. -1 when no single row fails alone.
int64_t FindFailingRow(const BoundExpr& node, const std::vector<Datum>& args, int64_t rows,
                       arrow::compute::ExecContext* context) {
  int64_t begin = 0;
  int64_t end = rows;
  while (end - begin > 1) {
    const int64_t middle = begin + (end - begin) / 2;
    const auto half = SliceAll(args, begin, middle - begin);
    const auto result = node.kernel()(KernelCall{half, middle - begin, context});
    if (result.ok()) {
      begin = middle;
    } else if (IsValueError(result.status())) {
      end = middle;
    } else {
      return -1;
    }
  }
  return begin;
}

// "division by zero in a / b with a = 5, b = 0".
Status Explain(const BoundExpr& node, const std::vector<Datum>& args, int64_t rows,
               const Status& failure, arrow::compute::ExecContext* context) {
  if (!IsValueError(failure)) return failure;
  std::string values;
  const int64_t row = FindFailingRow(node, args, rows, context);
  for (size_t i = 0; row >= 0 && i < args.size(); ++i) {
    if (args[i].is_scalar()) continue;  // a constant stands in the text already
    const auto one = args[i].make_array()->Slice(row, 1);
    std::string name = ToText(node.children()[i]->syntax());
    constexpr size_t kLongestName = 60;
    if (name.size() > kLongestName) name = fmt::format("argument {}", i + 1);
    const std::string shown = fmt::format("{} = {}", name, ShowValue(one));
    if (values.find(shown) != std::string::npos) continue;
    values += (values.empty() ? " with " : ", ") + shown;
  }
  std::string text = ToText(node.syntax());
  constexpr size_t kLongestText = 200;
  if (text.size() > kLongestText) text = text.substr(0, kLongestText) + "...";
  return MakeErrorFromMessage(ErrorKind::kBadInput, kValueError,
                              fmt::format("{} in {}{}", failure.message(), text, values));
}

Result<Datum> EvaluateLet(const BoundExpr& node, const EvaluationInput& input,
                          arrow::compute::ExecContext* context) {
  ARROW_ASSIGN_OR_RAISE(auto value, EvaluateNode(*node.children()[0], input, context));
  EvaluationInput extended = input;
  extended.columns.resize(std::max<size_t>(input.columns.size(), node.column() + 1));
  ARROW_ASSIGN_OR_RAISE(extended.columns[node.column()],
                        ToArray(value, input.rows, context->memory_pool()));
  return EvaluateNode(*node.children()[1], extended, context);
}

}  // namespace

Result<Datum> EvaluateNode(const BoundExpr& node, const EvaluationInput& input,
                           arrow::compute::ExecContext* context) {
  switch (node.kind()) {
    case BoundKind::kLiteral:
      return Datum(node.literal());
    case BoundKind::kColumn:
      return Datum(input.columns[node.column()]);
    case BoundKind::kAnd:
    case BoundKind::kOr:
      return EvaluateLogical(node, input, context);
    case BoundKind::kCase:
      return EvaluateCase(node, input, context);
    case BoundKind::kCoalesce:
      return EvaluateCoalesce(node, input, context);
    case BoundKind::kLet:
      return EvaluateLet(node, input, context);
    case BoundKind::kCall:
      break;
  }
  if (input.rows == 0) {
    // Constants that cannot be computed do not fail where there is no row to compute them for.
    ARROW_ASSIGN_OR_RAISE(auto empty, arrow::MakeEmptyArray(node.type(), context->memory_pool()));
    return Datum(std::move(empty));
  }
  std::vector<Datum> args;
  args.reserve(node.children().size());
  bool constant = true;
  for (const auto& child : node.children()) {
    ARROW_ASSIGN_OR_RAISE(auto arg, EvaluateNode(*child, input, context));
    constant = constant && arg.is_scalar();
    args.push_back(std::move(arg));
  }
  const int64_t rows = constant ? 1 : input.rows;
  auto out = node.kernel()(KernelCall{args, rows, context});
  if (!out.ok()) return Explain(node, args, rows, out.status(), context);
  // A kernel that loses rows would shift every value after them.
  HEADRACE_CHECK(!out->is_array() || out->length() == rows);
  return out;
}

Result<std::shared_ptr<arrow::Array>> Evaluate(const BoundExpr& expression,
                                               const arrow::RecordBatch& batch,
                                               arrow::MemoryPool* pool) {
  arrow::compute::ExecContext context(pool);
  context.set_use_threads(false);
  ARROW_ASSIGN_OR_RAISE(auto value,
                        EvaluateNode(expression, {batch.columns(), batch.num_rows()}, &context));
  return ToArray(value, batch.num_rows(), pool);
}

Result<std::shared_ptr<arrow::Array>> EvaluateFilter(const BoundExpr& predicate,
                                                     const arrow::RecordBatch& batch,
                                                     arrow::MemoryPool* pool) {
  if (predicate.kind() != BoundKind::kAnd) return Evaluate(predicate, batch, pool);
  arrow::compute::ExecContext context(pool);
  context.set_use_threads(false);
  ARROW_ASSIGN_OR_RAISE(auto value, EvaluateLogical(predicate, {batch.columns(), batch.num_rows()},
                                                    &context, NullOperand::kDecides));
  return ToArray(value, batch.num_rows(), pool);
}

}  // namespace headrace::expr
