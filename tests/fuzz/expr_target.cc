// Fuzz target: expressions, from text over types to values, evaluated whole and row by row.
//
// Input: the expression's text. A tree written as text is the same tree; values do not depend on
// how rows are cut into batches.
#include <arrow/array/concatenate.h>
#include <arrow/json/from_string.h>
#include <arrow/record_batch.h>

#include "expr/expr.h"
#include "fuzz/fuzz_check.h"

namespace headrace::fuzz {
namespace {

constexpr size_t kTextBytesMax = 512;
constexpr int64_t kPoolBytes = 256 << 20;

// Values at the edges of every type, and NULLs.
const arrow::RecordBatch& Rows() {
  static const auto batch = [] {
    const std::vector<std::pair<std::shared_ptr<arrow::Field>, const char*>> columns = {
        {arrow::field("i", arrow::int32()), "[0, 1, -1, null, 2147483647, -2147483648]"},
        {arrow::field("l", arrow::int64()),
         "[7, null, 0, 9223372036854775807, -9223372036854775808, 12]"},
        {arrow::field("d", arrow::float64()), "[0.5, -0.0, null, 1e308, 3, -7.25]"},
        {arrow::field("m", arrow::decimal128(12, 2)),
         R"(["0.00", "9999999999.99", "-0.01", null, "12.50", "1.00"])"},
        {arrow::field("s", arrow::utf8()), R"(["", "head race", null, "naïve%_", "12", " 1.5 "])"},
        {arrow::field("t", arrow::date32()), "[0, null, 19000, -719162, 2932896, 59]"},
        {arrow::field("ts", arrow::timestamp(arrow::TimeUnit::MICRO)),
         "[0, 1, null, 1700000000000000, -62135596800000000, 253402300799999999]"},
        {arrow::field("b", arrow::boolean()), "[true, false, null, true, false, true]"}};
    arrow::FieldVector fields;
    arrow::ArrayVector arrays;
    for (const auto& [field, values] : columns) {
      fields.push_back(field);
      arrays.push_back(arrow::json::ArrayFromJSONString(field->type(), values).ValueOrDie());
    }
    return arrow::RecordBatch::Make(arrow::schema(fields), 6, arrays);
  }();
  return *batch;
}

bool SameValues(const arrow::Array& left, const arrow::Array& right) {
  return left.Equals(right, arrow::EqualOptions::Defaults().nans_equal(true));
}

void CheckTextRoundTrip(const expr::ExprPtr& tree) {
  const std::string text = expr::ToText(*tree);
  const auto again = expr::Parse(text);
  FUZZ_CHECK(again.ok(), "'{}': {}", text, again.status().ToString());
  FUZZ_CHECK(expr::ToText(**again) == text, "'{}' became '{}'", text, expr::ToText(**again));
}

using Evaluation = Result<std::shared_ptr<arrow::Array>> (*)(const expr::BoundExpr&,
                                                             const arrow::RecordBatch&,
                                                             arrow::MemoryPool*);

// A value or an error belongs to its row, whatever rows stand beside it.
void CheckRowByRow(Evaluation evaluate, const expr::BoundExpr& bound, arrow::MemoryPool* pool) {
  const auto whole = evaluate(bound, Rows(), pool);
  if (!whole.ok()) CheckError(whole.status());
  if (whole.status().IsOutOfMemory()) return;
  arrow::ArrayVector rows;
  for (int64_t i = 0; i < Rows().num_rows(); ++i) {
    const auto one = evaluate(bound, *Rows().Slice(i, 1), pool);
    if (one.status().IsOutOfMemory()) return;
    if (!one.ok()) {
      FUZZ_CHECK(!whole.ok(), "row {} alone: {}", i, one.status().ToString());
      return;
    }
    rows.push_back(*one);
  }
  FUZZ_CHECK(whole.ok(), "only together: {}", whole.status().ToString());
  const Status valid = (*whole)->ValidateFull();
  FUZZ_CHECK(valid.ok(), "{}", valid.ToString());
  FUZZ_CHECK((*whole)->length() == Rows().num_rows(), "{} values", (*whole)->length());
  const auto joined = arrow::Concatenate(rows, pool).ValueOrDie();
  FUZZ_CHECK(SameValues(**whole, *joined), "together {}\nalone {}", (*whole)->ToString(),
             joined->ToString());
}

void CheckExpression(std::string_view text) {
  const auto tree = expr::Parse(text);
  if (!tree.ok()) return CheckError(tree.status());
  CheckTextRoundTrip(*tree);
  const auto bound = expr::Bind(*tree, *Rows().schema());
  if (!bound.ok()) return CheckError(bound.status());
  CountedPool pool(kPoolBytes);
  CheckRowByRow(expr::Evaluate, **bound, &pool);
  if (expr::TypeOf(**bound)->id() == arrow::Type::BOOL) {
    CheckRowByRow(expr::EvaluateFilter, **bound, &pool);
    // Nothing is known of any column: nothing may be left out.
    FUZZ_CHECK(expr::MayMatch(**bound, [](const std::string&) { return std::nullopt; }) ||
                   expr::ReferencedColumns(**tree).empty(),
               "pruned without bounds: {}", text);
  }
}

}  // namespace
}  // namespace headrace::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace headrace::fuzz;  // NOLINT(google-build-using-namespace): a C function
  if (size <= kTextBytesMax) CheckExpression({reinterpret_cast<const char*>(data), size});
  return 0;
}
