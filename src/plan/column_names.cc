#include "plan/column_names.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>

#include "base/nearest_name.h"
#include "expr/ast.h"
#include "expr/errors.h"

namespace headrace {
namespace {

constexpr size_t kNamesShown = 12;

bool EqualIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) == std::tolower(static_cast<unsigned char>(y));
  });
}

std::string NamesThereAre(const std::vector<std::string>& columns) {
  const size_t shown = std::min(columns.size(), kNamesShown);
  std::string text = fmt::format("{}", fmt::join(columns.begin(), columns.begin() + shown, ", "));
  if (shown < columns.size()) text += fmt::format(" and {} more", columns.size() - shown);
  return text;
}

}  // namespace

Result<std::string> ResolveColumn(std::string_view name, const std::vector<std::string>& columns) {
  std::vector<std::string> alike;
  for (const std::string& column : columns) {
    if (column == name) return column;
    if (EqualIgnoringCase(column, name)) alike.push_back(column);
  }
  if (alike.size() == 1) return alike.front();
  if (alike.size() > 1) {
    return MakeError(ErrorKind::kInvalidPlan, 252,
                     "ambiguous column '{}': it may be any of {}; write it exactly", name,
                     fmt::join(alike, ", "));
  }
  return MakeError(ErrorKind::kInvalidPlan, 251, "unknown column '{}'{}; columns are: {}", name,
                   DidYouMean(name, columns), NamesThereAre(columns));
}

ColumnSet ColumnsReadBy(const expr::Expr& expression, const std::vector<std::string>& columns) {
  ColumnSet read;
  for (const std::string& name : expr::ReferencedColumns(expression)) {
    auto column = ResolveColumn(name, columns);
    HEADRACE_CHECK(column.ok());
    read.insert(*column);
  }
  return read;
}

Status CheckColumns(const expr::Expr& expression, const std::vector<std::string>& columns) {
  if (expression.kind() == expr::ExprKind::kColumn) {
    auto column = ResolveColumn(expression.name(), columns);
    if (column.ok()) return Status::OK();
    return expr::ErrorAt(expression, GetErrorCode(column.status()), column.status().message());
  }
  for (const expr::ExprPtr& child : expression.children()) {
    ARROW_RETURN_NOT_OK(CheckColumns(*child, columns));
  }
  return Status::OK();
}

std::string QuoteColumn(std::string_view name) {
  std::string quoted = "\"";
  for (char c : name) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

Status AtStep(const Status& status, std::string_view where, std::string_view kind_name) {
  return WithContext(status, where.empty() ? std::string(kind_name)
                                           : fmt::format("{}: {}", where, kind_name));
}

Status AtStep(const Status& status, const PlanNode& node) {
  return AtStep(status, node.where(), node.kind_name());
}

}  // namespace headrace
