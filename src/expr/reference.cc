// The reference page of functions, out of the one table.
#include "expr/function_table.h"

namespace headrace::expr {

std::vector<FunctionDoc> FunctionReference() {
  std::vector<FunctionDoc> out;
  for (const auto& function : FunctionTable()) {
    out.push_back({function.name, function.signature, function.category, function.summary,
                   function.example, function.spark_sql});
  }
  return out;
}

namespace {

std::string Cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

std::string FunctionReferenceMarkdown() {
  std::string out =
      "# Functions and operators\n\n"
      "Generated from the function table (`src/expr/functions_*.cc`); do not edit, but run\n"
      "`HEADRACE_GOLDEN_UPDATE=1 test_expr --gtest_filter=FunctionTable.*`. What values and "
      "errors\n"
      "mean in general stands in [semantics.md](semantics.md). An arrow shows what an example "
      "gives.\n";
  std::vector<std::string> categories;
  for (const auto& function : FunctionTable()) {
    if (std::find(categories.begin(), categories.end(), function.category) == categories.end()) {
      categories.emplace_back(function.category);
    }
  }
  for (const auto& category : categories) {
    out += fmt::format(
        "\n## {}\n\n| | what it gives | example | in Spark SQL |\n|---|---|---|---|\n", category);
    for (const auto& function : FunctionTable()) {
      if (category != function.category) continue;
      const std::string alias = function.alias ? fmt::format(" (also `{}`)", function.alias) : "";
      std::string spark = function.spark_sql;
      spark = spark == function.signature ? "same" : "`" + Cell(spark) + "`";
      std::string examples;
      for (std::string_view rest = function.example; !rest.empty();) {
        const size_t end = rest.find("; ");
        examples += (examples.empty() ? "`" : "<br>`") + Cell(rest.substr(0, end)) + "`";
        rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 2);
      }
      out += fmt::format("| `{}`{} | {} | {} | {} |\n", Cell(function.signature), alias,
                         Cell(function.summary), examples, spark);
    }
  }
  return out;
}

}  // namespace headrace::expr
