#include "cli/places.h"

#include <filesystem>

namespace headrace::cli {

bool IsSamePlace(const std::string& file, const std::string& other) {
  std::error_code ignored;
  if (std::filesystem::equivalent(file, other, ignored)) return true;
  return std::filesystem::weakly_canonical(file, ignored) ==
         std::filesystem::weakly_canonical(other, ignored);
}

}  // namespace headrace::cli
