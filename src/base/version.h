#pragma once

namespace headrace {

inline constexpr char kVersion[] = "0.1.0";

}  // namespace headrace
