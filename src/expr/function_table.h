// The one table of functions and operators: names, types, documentation and kernels.
//
// A new function is one entry in the file of its category plus a kernel if Arrow has none
// (docs/ADDING_A_FUNCTION.md).
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "expr/bound.h"
#include "expr/errors.h"
#include "expr/kernel.h"

namespace headrace::expr {

// What one argument may be. The binder checks it, and brings the argument to the one type the
// kernel wants where the class has one (given in parentheses), before the entry's Resolve sees it.
enum class Param : uint8_t {
  kAny,              // any type
  kBool,             // (bool)
  kNumber,           // integers, decimals, float, double
  kInteger,          // any integer (int64)
  kDouble,           // any number (double)
  kText,             // (string)
  kTextOrBinary,     // string or binary
  kDate,             // (date)
  kTimestamp,        // timestamp or timestamptz
  kDateOrTimestamp,  // date, timestamp or timestamptz
  kTemporal,         // those and time
  kConstantText,     // (string) known when the plan is made, not NULL
  kConstantInteger,  // (int64) known when the plan is made, not NULL
};

struct Parameters {
  std::vector<Param> params;
  int optional = 0;       // how many of the last ones may be left out
  bool variadic = false;  // the last one may be repeated
};

// What an entry decides for one call.
struct Resolution {
  TypePtr type;
  Kernel kernel;  // unused for other kinds than kCall
  bool may_raise = false;
  BoundKind kind = BoundKind::kCall;
};

// One call being bound. Resolve reads the argument types, may insert casts, and decides type and
// kernel.
class CallSite {
 public:
  CallSite(ExprPtr syntax, const Function& function, std::vector<BoundExprPtr> args)
      : syntax_(std::move(syntax)), function_(function), args_(std::move(args)) {}

  const std::vector<BoundExprPtr>& args() const { return args_; }
  size_t count() const { return args_.size(); }
  const TypePtr& type(size_t index) const { return args_[index]->type(); }
  const Function& function() const { return function_; }
  const ExprPtr& syntax() const { return syntax_; }

  // Casts argument `index`; the rules for implicit casts are the caller's business.
  Status Coerce(size_t index, const TypePtr& type);
  // Finds the type the arguments meet in and casts them to it. Text constants beside dates are read
  // as dates. kValues: the type of a result made of them. kComparison: any type that keeps every
  // value apart.
  enum class Meeting : uint8_t { kValues, kComparison };
  Result<TypePtr> CoerceToCommon(Meeting meeting = Meeting::kValues);
  Result<TypePtr> CoerceToCommon(const std::vector<size_t>& indexes,
                                 Meeting meeting = Meeting::kValues);
  void Replace(size_t index, BoundExprPtr arg) { args_[index] = std::move(arg); }
  void Append(BoundExprPtr arg) { args_.push_back(std::move(arg)); }

  // Constants (kConstantText, kConstantInteger).
  std::string_view text(size_t index) const;
  int64_t integer(size_t index) const;

  Status Error(size_t index, ErrorCode code, std::string_view what,
               std::string_view advice = {}) const;
  Status Error(ErrorCode code, std::string_view what, std::string_view advice = {}) const;

 private:
  ExprPtr syntax_;
  const Function& function_;
  std::vector<BoundExprPtr> args_;
};

using Resolve = std::function<Result<Resolution>(CallSite&)>;

struct Function {
  const char* name;  // lower case; operators by their symbol or words
  const char* category;
  const char* signature;
  const char* summary;
  const char* example;    // "abs(-3) -> 3"; several are separated by "; "
  const char* spark_sql;  // how a plan lowered to Spark writes it
  Parameters parameters;
  Resolve resolve;
  const char* alias = nullptr;  // a second name
};

// Fixed result type and kernel.
Resolve Always(TypePtr type, Kernel kernel);
// The same; some values have no result.
Resolve AlwaysOrRaise(TypePtr type, Kernel kernel);

// By name or alias; null when there is none.
const Function* FindFunction(std::string_view name);
const std::vector<Function>& FunctionTable();
// Every name a call may use, for suggestions.
std::vector<std::string> FunctionNames();

// One per category, each in its own file.
void AddOperators(std::vector<Function>* table);
void AddComparisons(std::vector<Function>* table);
void AddNumericFunctions(std::vector<Function>* table);
void AddStringFunctions(std::vector<Function>* table);
void AddPatternFunctions(std::vector<Function>* table);
void AddDateFunctions(std::vector<Function>* table);
void AddConditionalFunctions(std::vector<Function>* table);

}  // namespace headrace::expr
