// Whether two names lead to one file.
#pragma once

#include <string>

namespace headrace::cli {

// Also when neither exists yet, or only one spelling does.
bool IsSamePlace(const std::string& file, const std::string& other);

}  // namespace headrace::cli
