// Kernels on text, counted in code points.
#pragma once

#include <cstdint>
#include <string_view>

#include "expr/kernel.h"

namespace headrace::expr {

// No function makes one text longer than this: a mistyped repeat count must not take the whole
// budget.
inline constexpr int64_t kMaxTextResultBytes = 64 << 20;

int64_t CodePointCount(std::string_view text);
// Byte place of code point `index` (0-based), or the text's size when it has fewer.
size_t CodePointOffset(std::string_view text, int64_t index);

Kernel SubstringKernel();  // (text, int64 start [, int64 count])
enum class Side : uint8_t { kLeft, kRight };
Kernel EdgeKernel(Side side);  // left and right: (text, int64 count)
Kernel PadKernel(Side side);   // lpad and rpad: (text, int64 length [, pad])
Kernel RepeatKernel();         // (text, int64 count)
Kernel JoinWithKernel();   // concat_ws: (separator, text, ...), leaving out NULLs; NULL only for a
                           // NULL separator
Kernel ReplaceKernel();    // (text, from, to)
Kernel SplitPartKernel();  // (text, separator, int64 index)

enum class TextTest : uint8_t { kStartsWith, kEndsWith, kContains };
Kernel TextTestKernel(TextTest test);  // (text, part)
Kernel PositionKernel();               // (text, part) -> int32, 0 when absent

}  // namespace headrace::expr
