// Functions of text.
#include <arrow/compute/api_scalar.h>

#include "expr/case_mapping.h"
#include "expr/function_table.h"
#include "expr/string_kernels.h"

namespace headrace::expr {
namespace {

constexpr char kStringCategory[] = "Text";

using arrow::compute::JoinOptions;

// Arrow joins (part, part, ..., separator).
Kernel ConcatKernel() {
  auto join = ArrowKernel("binary_join_element_wise",
                          std::make_shared<JoinOptions>(JoinOptions::EMIT_NULL));
  return [=](const KernelCall& call) -> Result<Datum> {
    std::vector<Datum> args = call.args;
    args.emplace_back(std::string());
    return join(KernelCall{args, call.rows, call.context});
  };
}

// A constant that is out of range for every row is an error of the plan, not of the first row.
Status CheckConstant(const CallSite& site, size_t index, int64_t least, std::string_view what) {
  if (index >= site.count()) return Status::OK();
  const BoundExpr& arg = *site.args()[index];
  if (!arg.is_literal() || !arg.literal()->is_valid || site.integer(index) >= least)
    return Status::OK();
  return site.Error(index, kBadConstant, what);
}

Result<Resolution> ResolveSubstring(CallSite& site) {
  ARROW_RETURN_NOT_OK(CheckConstant(site, 1, 1, "substring counts characters from 1"));
  ARROW_RETURN_NOT_OK(CheckConstant(site, 2, 0, "substring takes a count of 0 or more"));
  return Resolution{arrow::utf8(), SubstringKernel(), true};
}

Resolve Edge(Side side) {
  return [side](CallSite& site) -> Result<Resolution> {
    ARROW_RETURN_NOT_OK(CheckConstant(site, 1, 0, "left and right take a count of 0 or more"));
    return Resolution{arrow::utf8(), EdgeKernel(side), true};
  };
}

Resolve Trim(const char* ascii_name, const char* utf8_name) {
  return [=](CallSite& site) -> Result<Resolution> {
    const std::string characters = site.count() > 1 ? std::string(site.text(1)) : " ";
    const bool ascii =
        std::all_of(characters.begin(), characters.end(), [](char c) { return c > 0; });
    Kernel trim = ArrowKernel(ascii ? ascii_name : utf8_name,
                              std::make_shared<arrow::compute::TrimOptions>(characters));
    Kernel kernel = [trim](const KernelCall& call) -> Result<Datum> {
      const std::vector<Datum> text = {call.args[0]};
      return trim(KernelCall{text, call.rows, call.context});
    };
    return Resolution{arrow::utf8(), std::move(kernel)};
  };
}

Result<Resolution> ResolveLength(CallSite& site) {
  const bool binary = site.type(0)->id() == arrow::Type::BINARY;
  return Resolution{arrow::int32(), ArrowKernel(binary ? "binary_length" : "utf8_length")};
}

Kernel SwappedPosition() {
  return [position = PositionKernel()](const KernelCall& call) -> Result<Datum> {
    const std::vector<Datum> args = {call.args[1], call.args[0]};
    return position(KernelCall{args, call.rows, call.context});
  };
}

}  // namespace

void AddStringFunctions(std::vector<Function>* table) {
  const auto add = [&](const char* name, const char* signature, const char* summary,
                       const char* example, Parameters parameters, Resolve resolve,
                       const char* alias = nullptr) {
    table->push_back({name, kStringCategory, signature, summary, example, signature,
                      std::move(parameters), std::move(resolve), alias});
  };
  const TypePtr text = arrow::utf8();
  const Parameters one = {{Param::kText}};
  const Parameters two = {{Param::kText, Param::kText}};
  const Parameters text_and_count = {{Param::kText, Param::kInteger}};
  const Parameters trimmed = {{Param::kText, Param::kConstantText}, 1};
  add("||", "x || y", "The texts one after the other; NULL if one is NULL.",
      "'a' || 'b' -> 'ab'; 'a' || NULL -> NULL", two, Always(text, ConcatKernel()));
  add("concat", "concat(x, y, ...)", "The texts one after the other; NULL if one is NULL.",
      "concat('a', 'b', 'c') -> 'abc'; concat('a', NULL) -> NULL", {{Param::kText}, 0, true},
      Always(text, ConcatKernel()));
  add("concat_ws", "concat_ws(separator, x, y, ...)",
      "The texts with the separator between them, leaving out NULLs.",
      "concat_ws('-', 'a', NULL, 'b') -> 'a-b'", {{Param::kText, Param::kText}, 0, true},
      Always(text, JoinWithKernel()));
  add("length", "length(x)", "Number of code points of text, of bytes of binary.",
      "length('straße') -> 6", {{Param::kTextOrBinary}}, ResolveLength, "char_length");
  add("octet_length", "octet_length(x)", "Number of bytes.", "octet_length('straße') -> 7",
      {{Param::kTextOrBinary}}, Always(arrow::int32(), ArrowKernel("binary_length")));
  add("upper", "upper(x)", "Upper case, full Unicode mapping.", "upper('straße') -> 'STRASSE'", one,
      Always(text, UpperKernel()), "ucase");
  add("lower", "lower(x)", "Lower case, full Unicode mapping.", "lower('ÄB') -> 'äb'", one,
      Always(text, LowerKernel()), "lcase");
  add("trim", "trim(x [, characters])",
      "Without blanks (U+0020), or the given characters, on both ends.",
      "trim('  a b ') -> 'a b'; trim('xxaxx', 'x') -> 'a'", trimmed,
      Trim("ascii_trim", "utf8_trim"));
  table->back().spark_sql = "trim(BOTH characters FROM x)";
  add("ltrim", "ltrim(x [, characters])", "The same on the left end.", "ltrim('  a ') -> 'a '",
      trimmed, Trim("ascii_ltrim", "utf8_ltrim"));
  table->back().spark_sql = "trim(LEADING characters FROM x)";
  add("rtrim", "rtrim(x [, characters])", "The same on the right end.", "rtrim(' a  ') -> ' a'",
      trimmed, Trim("ascii_rtrim", "utf8_rtrim"));
  table->back().spark_sql = "trim(TRAILING characters FROM x)";
  add("substring", "substring(x, start [, count])",
      "Characters from `start` (1 is the first) on, at most `count`. A start below 1 is an error.",
      "substring('headrace', 1, 4) -> 'head'; substring('headrace', 5) -> 'race'; substring('abc', "
      "0) -> error",
      {{Param::kText, Param::kInteger, Param::kInteger}, 1}, ResolveSubstring, "substr");
  add("left", "left(x, count)", "The first characters. A negative count is an error.",
      "left('headrace', 4) -> 'head'", text_and_count, Edge(Side::kLeft));
  add("right", "right(x, count)", "The last characters. A negative count is an error.",
      "right('headrace', 4) -> 'race'", text_and_count, Edge(Side::kRight));
  add("replace", "replace(x, from, to)", "Every `from` in x becomes `to`.",
      "replace('a.b.c', '.', '/') -> 'a/b/c'", {{Param::kText, Param::kText, Param::kText}},
      AlwaysOrRaise(text, ReplaceKernel()));
  add("starts_with", "starts_with(x, part)", "TRUE when x begins with part.",
      "starts_with('headrace', 'head') -> TRUE", two,
      Always(arrow::boolean(), TextTestKernel(TextTest::kStartsWith)), "startswith");
  table->back().spark_sql = "startswith(x, part)";
  add("ends_with", "ends_with(x, part)", "TRUE when x ends with part.",
      "ends_with('headrace', 'race') -> TRUE", two,
      Always(arrow::boolean(), TextTestKernel(TextTest::kEndsWith)), "endswith");
  table->back().spark_sql = "endswith(x, part)";
  add("contains", "contains(x, part)", "TRUE when part is in x.",
      "contains('headrace', 'dra') -> TRUE", two,
      Always(arrow::boolean(), TextTestKernel(TextTest::kContains)));
  add("position", "position(part IN x)",
      "Place of the first part in x, from 1; 0 when absent. Also position(part, x).",
      "position('race' IN 'headrace') -> 5; position('x', 'abc') -> 0", two,
      Always(arrow::int32(), SwappedPosition()), "locate");
  add("strpos", "strpos(x, part)", "As position, with the arguments the other way round.",
      "strpos('äbc', 'c') -> 3", two, Always(arrow::int32(), PositionKernel()), "instr");
  table->back().spark_sql = "instr(x, part)";
  const Parameters pad = {{Param::kText, Param::kInteger, Param::kText}, 1};
  add("lpad", "lpad(x, length [, pad])", "x cut, or filled on the left, to so many characters.",
      "lpad('7', 3, '0') -> '007'; lpad('abcd', 2) -> 'ab'", pad,
      AlwaysOrRaise(text, PadKernel(Side::kLeft)));
  add("rpad", "rpad(x, length [, pad])", "The same on the right.", "rpad('ab', 5, 'xy') -> 'abxyx'",
      pad, AlwaysOrRaise(text, PadKernel(Side::kRight)));
  add("reverse", "reverse(x)", "The code points in reverse order.", "reverse('äbc') -> 'cbä'", one,
      Always(text, ArrowKernel("utf8_reverse")));
  add("repeat", "repeat(x, count)", "x so many times; the empty text for a count below 1.",
      "repeat('ab', 3) -> 'ababab'", text_and_count, AlwaysOrRaise(text, RepeatKernel()));
  add("split_part", "split_part(x, separator, index)",
      "The part at `index` between separators, from 1, or from the end when negative; the empty "
      "text when there is none.",
      "split_part('a-b-c', '-', 2) -> 'b'; split_part('a-b-c', '-', -1) -> 'c'",
      {{Param::kText, Param::kText, Param::kInteger}}, AlwaysOrRaise(text, SplitPartKernel()));
}

}  // namespace headrace::expr
