#include "expr/expr.h"
#include "pipeline/read_values.h"
#include "pipeline/tables.h"

namespace headrace {
namespace {

// An expression that does not parse is told at the place of its text.
Status CheckExpression(const YamlNode& text, const ReadContext& context) {
  return WithContext(expr::Parse(text.text).status(), PlaceOf(context.file, text));
}

Status CheckExpressions(const YamlNode& map, const ReadContext& context) {
  for (const auto& [key, text] : map.entries) ARROW_RETURN_NOT_OK(CheckExpression(text, context));
  return Status::OK();
}

template <typename StepKind>
Status ReadPairsStep(const YamlNode& value, const ReadContext& context, Step* out) {
  StepKind step;
  ARROW_RETURN_NOT_OK(ReadTextPairs(value, context, &step.columns));
  if (step.columns.empty())
    return ConfigError(context.file, value, 142, "the step names no column");
  out->what = std::move(step);
  return Status::OK();
}

template <typename StepKind>
Status ReadListStep(const YamlNode& value, const ReadContext& context, Step* out) {
  StepKind step;
  ARROW_RETURN_NOT_OK(ReadTextList(value, context, &step.columns));
  if (step.columns.empty())
    return ConfigError(context.file, value, 142, "the step names no column");
  out->what = std::move(step);
  return Status::OK();
}

Status ReadFilter(const YamlNode& value, const ReadContext& context, Step* out) {
  FilterStep step;
  ARROW_RETURN_NOT_OK(ReadText(value, context, &step.predicate));
  ARROW_RETURN_NOT_OK(CheckExpression(value, context));
  out->what = std::move(step);
  return Status::OK();
}

Status ReadCast(const YamlNode& value, const ReadContext& context, Step* out) {
  ARROW_RETURN_NOT_OK(ReadPairsStep<CastStep>(value, context, out));
  for (const auto& [column, type] : value.entries) {
    ARROW_RETURN_NOT_OK(
        WithContext(expr::ParseType(type.text).status(), PlaceOf(context.file, type)));
  }
  return Status::OK();
}

constexpr Key<Step> kStepKeys[] = {
    {{"filter", Presence::kOptional, "expression", "", "keeps the rows for which it is true"},
     ReadFilter},
    {{"derive", Presence::kOptional, "map of name: expression", "",
      "adds or replaces columns; later ones see earlier ones"},
     [](auto& value, auto& context, auto* out) {
       ARROW_RETURN_NOT_OK(ReadPairsStep<DeriveStep>(value, context, out));
       return CheckExpressions(value, context);
     }},
    {{"select", Presence::kOptional, "list of columns", "", "keeps these columns, in this order"},
     ReadListStep<SelectStep>},
    {{"rename", Presence::kOptional, "map of old: new", "",
      "all at once, so that two columns can swap names"},
     ReadPairsStep<RenameStep>},
    {{"drop", Presence::kOptional, "list of columns", "", "leaves these columns out"},
     ReadListStep<DropStep>},
    {{"cast", Presence::kOptional, "map of column: type", "",
      "changes types; a value that does not fit stops the run"},
     ReadCast},
    {{"fill_null", Presence::kOptional, "map of column: literal", "",
      "replaces NULL; text stands in single quotes: `\"'none'\"`"},
     [](auto& value, auto& context, auto* out) {
       ARROW_RETURN_NOT_OK(ReadPairsStep<FillNullStep>(value, context, out));
       return CheckExpressions(value, context);
     }},
    {{"limit", Presence::kOptional, "count", "", "the first rows in input order"},
     [](auto& value, auto& context, auto* out) {
       LimitStep step;
       ARROW_RETURN_NOT_OK(ReadCount(value, context, 0, &step.rows));
       out->what = step;
       return Status::OK();
     }},
    LaterKey<Step>("distinct", "a step of a later version"),
    LaterKey<Step>("aggregate", "a step of a later version"),
    LaterKey<Step>("sort", "a step of a later version"),
    LaterKey<Step>("join", "a step of a later version"),
    LaterKey<Step>("union", "a step of a later version"),
    LaterKey<Step>("window", "a step of a later version"),
    LaterKey<Step>("unpivot", "a step of a later version"),
    LaterKey<Step>("sample", "a step of a later version"),
};

}  // namespace

Status ReadSteps(const YamlNode& value, const ReadContext& context, std::vector<Step>* out) {
  if (value.kind != YamlNode::Kind::kSequence) {
    return ConfigError(context.file, value, 142,
                       "steps must be a list; each step begins with '- '");
  }
  for (const YamlNode& item : value.items) {
    Step step;
    ARROW_RETURN_NOT_OK(ReadMap(item, "step", kStepKeys, context, &step));
    if (item.entries.size() != 1) {
      return ConfigError(context.file, item, 142,
                         "a step has exactly one key; begin each step with '- '");
    }
    step.where = PlaceOf(context.file, item.entries.front().second);
    out->push_back(std::move(step));
  }
  return Status::OK();
}

SectionDoc StepsSection() {
  return {"steps", "A list; every item has exactly one of these keys. Steps run in this order.",
          DocsOf(kStepKeys)};
}

}  // namespace headrace
