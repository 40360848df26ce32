#include "expr/function_table.h"

#include <unordered_map>

namespace headrace::expr {

const std::vector<Function>& FunctionTable() {
  static const std::vector<Function> kTable = [] {
    std::vector<Function> table;
    AddOperators(&table);
    AddComparisons(&table);
    AddConditionalFunctions(&table);
    AddNumericFunctions(&table);
    AddStringFunctions(&table);
    AddPatternFunctions(&table);
    AddDateFunctions(&table);
    return table;
  }();
  return kTable;
}

const Function* FindFunction(std::string_view name) {
  static const std::unordered_map<std::string_view, const Function*> kByName = [] {
    std::unordered_map<std::string_view, const Function*> by_name;
    for (const auto& function : FunctionTable()) {
      HEADRACE_CHECK(by_name.emplace(function.name, &function).second);
      if (function.alias) HEADRACE_CHECK(by_name.emplace(function.alias, &function).second);
    }
    return by_name;
  }();
  const auto found = kByName.find(name);
  return found == kByName.end() ? nullptr : found->second;
}

std::vector<std::string> FunctionNames() {
  std::vector<std::string> names;
  for (const auto& function : FunctionTable()) {
    for (const char* name : {function.name, function.alias}) {
      if (name && std::isalpha(static_cast<unsigned char>(name[0]))) names.push_back(name);
    }
  }
  return names;
}

Resolve Always(TypePtr type, Kernel kernel) {
  return [type = std::move(type), kernel = std::move(kernel)](CallSite&) -> Result<Resolution> {
    return Resolution{type, kernel};
  };
}

Resolve AlwaysOrRaise(TypePtr type, Kernel kernel) {
  return [type = std::move(type), kernel = std::move(kernel)](CallSite&) -> Result<Resolution> {
    return Resolution{type, kernel, true};
  };
}

}  // namespace headrace::expr
