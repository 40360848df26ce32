#include "plan/column_names.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "base/nearest_name.h"
#include "expr/ast.h"
#include "expr/errors.h"

namespace headrace {
namespace {

constexpr size_t kNamesShown = 12;
constexpr ErrorCode kAmbiguousColumn = 252;

std::string NamesThereAre(const std::vector<std::string>& columns) {
  const size_t shown = std::min(columns.size(), kNamesShown);
  std::string text = fmt::format("{}", fmt::join(columns.begin(), columns.begin() + shown, ", "));
  if (shown < columns.size()) text += fmt::format(" and {} more", columns.size() - shown);
  return text;
}

// A name's column, or why there is none: what is wrong, and what to do.
struct Resolution {
  std::optional<std::string> column;
  ErrorCode code = 0;
  std::string what = {};
  std::string advice = {};
};

Resolution Resolve(std::string_view name, const std::vector<std::string>& columns) {
  std::vector<std::string> alike;
  for (const std::string& column : columns) {
    if (column == name) return {column};
    if (SameButForCase(column, name)) alike.push_back(column);
  }
  if (alike.size() == 1) return {alike.front()};
  if (alike.size() > 1) {
    return {std::nullopt, kAmbiguousColumn, fmt::format("ambiguous column '{}'", name),
            fmt::format("it may be any of {}; write it exactly", fmt::join(alike, ", "))};
  }
  const std::string nearest = NearestName(name, columns);
  std::string advice = nearest.empty() ? "" : fmt::format("did you mean '{}'? ", nearest);
  return {std::nullopt, expr::kUnknownColumn, fmt::format("unknown column '{}'", name),
          advice + "columns are: " + NamesThereAre(columns)};
}

}  // namespace

Result<std::string> ResolveColumn(std::string_view name, const std::vector<std::string>& columns) {
  Resolution resolution = Resolve(name, columns);
  if (resolution.column) return *std::move(resolution.column);
  return MakeError(ErrorKind::kInvalidPlan, resolution.code, "{}; {}", resolution.what,
                   resolution.advice);
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
    const Resolution resolution = Resolve(expression.name(), columns);
    if (resolution.column) return Status::OK();
    return expr::ErrorAt(expression, resolution.code, resolution.what, resolution.advice);
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
  return WithContext(
      status, where.empty() ? std::string(kind_name) : fmt::format("{}: {}", where, kind_name));
}

Status AtStep(const Status& status, const PlanNode& node) {
  return AtStep(status, node.where(), node.kind_name());
}

}  // namespace headrace
