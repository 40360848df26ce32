// LIKE, ILIKE and regular expressions.
#include <arrow/compute/api_scalar.h>

#include "expr/case_mapping.h"
#include "expr/function_table.h"
#include "expr/like.h"
#include "expr/operand.h"
#include "expr/regex_syntax.h"

namespace headrace::expr {
namespace {

constexpr char kPatternCategory[] = "Patterns";

using arrow::compute::ExtractRegexOptions;
using arrow::compute::MatchSubstringOptions;
using arrow::compute::ReplaceSubstringOptions;

Result<Datum> CallOne(const Kernel& kernel, const Datum& value, const KernelCall& call) {
  const std::vector<Datum> args = {value};
  return kernel(KernelCall{args, value.is_scalar() ? 1 : call.rows, call.context});
}

Kernel ConstantLikeKernel(LikePattern pattern) {
  return [pattern = std::move(pattern)](const KernelCall& call) -> Result<Datum> {
    ARROW_ASSIGN_OR_RAISE(auto text, Operand::Make(call.args[0], call.pool()));
    return MapBool(call, {text}, {}, [&](int64_t row, bool* out) {
      *out = pattern.Matches(text.text(row));
      return true;
    });
  };
}

enum class LetterCase : uint8_t { kCounts, kIgnored };

// Where case is ignored the pattern's letters are lowered, but not those that are its escape
// character.
Result<LikePattern> CompileLike(std::string_view pattern, const std::optional<std::string>& escape,
                                LetterCase letter_case, arrow::compute::ExecContext* context) {
  if (letter_case == LetterCase::kCounts) return LikePattern::Compile(pattern, escape);
  ARROW_ASSIGN_OR_RAISE(std::string neutral, LikePattern::WithNeutralEscape(pattern, escape));
  const std::vector<Datum> args = {Datum(std::move(neutral))};
  ARROW_ASSIGN_OR_RAISE(auto lowered, LowerKernel()(KernelCall{args, 1, context}));
  return LikePattern::Compile(static_cast<const arrow::StringScalar&>(*lowered.scalar()).ToString(),
                              LikePattern::kNeutralEscape);
}

// The pattern comes from a column: compiled again when it changes.
Kernel VaryingLikeKernel(std::optional<std::string> escape, LetterCase letter_case) {
  return [escape, letter_case](const KernelCall& call) -> Result<Datum> {
    ARROW_ASSIGN_OR_RAISE(auto text, Operand::Make(call.args[0], call.pool()));
    ARROW_ASSIGN_OR_RAISE(auto patterns, Operand::Make(call.args[1], call.pool()));
    std::optional<std::string> compiled_from;
    LikePattern pattern;
    return MapBool(
        call, {text, patterns}, {OnFailure::kError, "not a LIKE pattern: a stray escape character"},
        [&](int64_t row, bool* out) {
          if (compiled_from != patterns.text(row)) {
            auto compiled = CompileLike(patterns.text(row), escape, letter_case, call.context);
            if (!compiled.ok()) return false;
            pattern = compiled.MoveValueUnsafe();
            compiled_from = patterns.text(row);
          }
          *out = pattern.Matches(text.text(row));
          return true;
        });
  };
}

Resolve Like(LetterCase letter_case) {
  return [letter_case](CallSite& site) -> Result<Resolution> {
    std::optional<std::string> escape;
    if (site.count() > 2) escape = std::string(site.text(2));
    const BoundExpr& pattern = *site.args()[1];
    const bool constant = pattern.is_literal() && pattern.literal()->is_valid;
    Kernel like = VaryingLikeKernel(escape, letter_case);
    if (constant) {
      arrow::compute::ExecContext context(arrow::system_memory_pool());  // once, at plan time
      auto compiled = CompileLike(site.text(1), escape, letter_case, &context);
      if (!compiled.ok()) return site.Error(1, kBadConstant, compiled.status().message());
      like = ConstantLikeKernel(compiled.MoveValueUnsafe());
    }
    if (letter_case == LetterCase::kCounts)
      return Resolution{arrow::boolean(), std::move(like), !constant};
    Kernel kernel = [like, lower = LowerKernel()](const KernelCall& call) -> Result<Datum> {
      std::vector<Datum> args = call.args;
      ARROW_ASSIGN_OR_RAISE(args[0], CallOne(lower, call.args[0], call));
      return like(KernelCall{args, call.rows, call.context});
    };
    return Resolution{arrow::boolean(), std::move(kernel), !constant};
  };
}

// Refuses a pattern the library cannot run, when the plan is made.
Status CheckRegex(const CallSite& site, size_t index) {
  const std::string pattern(site.text(index));
  const Status dialect = CheckRegexDialect(pattern);
  if (!dialect.ok()) return site.Error(index, kBadConstant, dialect.message());
  arrow::compute::ExecContext context(arrow::system_memory_pool());
  const MatchSubstringOptions options(pattern);
  const Status status =
      CallArrow("match_substring_regex", {Datum("")}, &context, &options).status();
  return status.ok() ? status : site.Error(index, kBadConstant, status.message());
}

// Calls `kernel` on the first argument alone; the others are constants it knows.
Kernel OnFirst(Kernel kernel) {
  return [kernel = std::move(kernel)](const KernelCall& call) {
    return CallOne(kernel, call.args[0], call);
  };
}

Result<Resolution> ResolveMatches(CallSite& site) {
  ARROW_RETURN_NOT_OK(CheckRegex(site, 1));
  auto options = std::make_shared<MatchSubstringOptions>(std::string(site.text(1)));
  return Resolution{arrow::boolean(),
                    OnFirst(ArrowKernel("match_substring_regex", std::move(options)))};
}

Result<Resolution> ResolveReplace(CallSite& site) {
  ARROW_RETURN_NOT_OK(CheckRegex(site, 1));
  const int64_t groups = IsolateGroup(site.text(1), 0).groups;
  auto replacement = RewriteReplacement(site.text(2), groups);
  if (!replacement.ok()) return site.Error(2, kBadConstant, replacement.status().message());
  auto options = std::make_shared<ReplaceSubstringOptions>(std::string(site.text(1)), *replacement);
  return Resolution{arrow::utf8(),
                    OnFirst(ArrowKernel("replace_substring_regex", std::move(options))), true};
}

Result<Resolution> ResolveExtract(CallSite& site) {
  ARROW_RETURN_NOT_OK(CheckRegex(site, 1));
  const int64_t group = site.integer(2);
  const GroupPattern isolated = IsolateGroup(site.text(1), group);
  if (group < 0 || group > isolated.groups) {
    return site.Error(
        2, kBadConstant, fmt::format("there is no group {}", group),
        fmt::format("the regular expression has {}; 0 is the whole match", isolated.groups));
  }
  auto extract =
      ArrowKernel("extract_regex", std::make_shared<ExtractRegexOptions>(isolated.pattern));
  auto field = ArrowKernel(
      "struct_field", std::make_shared<arrow::compute::StructFieldOptions>(std::vector<int>{0}));
  Kernel kernel = [extract, field](const KernelCall& call) -> Result<Datum> {
    ARROW_ASSIGN_OR_RAISE(auto match, CallOne(extract, call.args[0], call));
    ARROW_ASSIGN_OR_RAISE(auto text, CallOne(field, match, call));
    // No match gives the empty text, NULL stays NULL.
    ARROW_ASSIGN_OR_RAISE(auto valid, CallArrow("is_valid", {call.args[0]}, call.context));
    const Datum null(arrow::MakeNullScalar(arrow::utf8()));
    ARROW_ASSIGN_OR_RAISE(auto fallback,
                          CallArrow("if_else", {valid, Datum(""), null}, call.context));
    return CallArrow("coalesce", {text, fallback}, call.context);
  };
  return Resolution{arrow::utf8(), std::move(kernel)};
}

}  // namespace

void AddPatternFunctions(std::vector<Function>* table) {
  const auto add = [&](const char* name, const char* signature, const char* summary,
                       const char* example, Parameters parameters, Resolve resolve,
                       const char* alias = nullptr) {
    table->push_back({name, kPatternCategory, signature, summary, example, signature,
                      std::move(parameters), std::move(resolve), alias});
  };
  const Parameters like = {{Param::kText, Param::kText, Param::kConstantText}, 1};
  add("like", "x LIKE pattern [ESCAPE character]",
      "The whole of x matches: % is any text, _ one character. There is no escape unless one is "
      "given.",
      "'headrace' LIKE 'head%' -> TRUE; 'a_c' LIKE 'a!_c' ESCAPE '!' -> TRUE; 'abc' NOT LIKE 'a_' "
      "-> TRUE",
      like, Like(LetterCase::kCounts));
  add("ilike", "x ILIKE pattern [ESCAPE character]",
      "As LIKE, upper and lower case being the same.", "'HeadRace' ILIKE 'head%' -> TRUE", like,
      Like(LetterCase::kIgnored));
  add("regexp_matches", "regexp_matches(x, regex)",
      "TRUE when a part of x matches the regular expression (RE2 syntax).",
      "regexp_matches('headrace', '^h.*e$') -> TRUE; regexp_matches('abc', '[0-9]') -> FALSE",
      {{Param::kText, Param::kConstantText}}, ResolveMatches, "regexp_like");
  table->back().spark_sql = "regexp_like(x, regex)";
  add("regexp_replace", "regexp_replace(x, regex, replacement)",
      "Every match replaced; $1 is the first group.",
      "regexp_replace('2024-02', '([0-9]+)-([0-9]+)', '$2/$1') -> '02/2024'",
      {{Param::kText, Param::kConstantText, Param::kConstantText}}, ResolveReplace);
  add("regexp_extract", "regexp_extract(x, regex, group)",
      "The text of a group (0 is the whole match) in the first match; the empty text when nothing "
      "matches.",
      "regexp_extract('a=12', '([a-z])=([0-9]+)', 2) -> '12'; regexp_extract('none', '([0-9])', 1) "
      "-> ''",
      {{Param::kText, Param::kConstantText, Param::kConstantInteger}}, ResolveExtract);
}

}  // namespace headrace::expr
