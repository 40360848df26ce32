// CAST and TRY_CAST: every pair of types there is a rule for.
#pragma once

#include <optional>

#include "expr/kernel.h"
#include "expr/value_text.h"

namespace headrace::expr {

struct CastRule {
  Kernel kernel;
  bool may_raise = false;  // some value has no image; with OnFailure::kNull never
};

// No rule: nullopt. Numbers round decimals half up and other numbers toward zero, text is read
// strictly.
std::optional<CastRule> FindCast(const TypePtr& from, const TypePtr& to, OnFailure on_failure);

// The parts FindCast is made of, one file each.
std::optional<CastRule> FindNumberCast(const TypePtr& from, const TypePtr& to,
                                       OnFailure on_failure);
std::optional<CastRule> FindCastFromText(const TypePtr& to, OnFailure on_failure);
std::optional<CastRule> FindCastToText(const TypePtr& from, OnFailure on_failure);
std::optional<CastRule> FindTimeCast(const TypePtr& from, const TypePtr& to, OnFailure on_failure);

// Correctly rounded value of a decimal.
double DecimalToDouble(Int128 value, int scale);

}  // namespace headrace::expr
