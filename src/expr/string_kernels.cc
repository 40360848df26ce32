#include "expr/string_kernels.h"

#include "expr/operand.h"

namespace headrace::expr {
namespace {

bool StartsCodePoint(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

size_t Find(std::string_view text, std::string_view part, size_t from = 0) {
  if (part.empty()) return from <= text.size() ? from : std::string_view::npos;
  if (from >= text.size()) return std::string_view::npos;
  const void* found = memmem(text.data() + from, text.size() - from, part.data(), part.size());
  return found ? static_cast<const char*>(found) - text.data() : std::string_view::npos;
}

constexpr std::string_view kTooLong = "the text would be longer than 64 MiB";

}  // namespace

int64_t CodePointCount(std::string_view text) {
  int64_t count = 0;
  for (const char c : text) count += StartsCodePoint(c);
  return count;
}

size_t CodePointOffset(std::string_view text, int64_t index) {
  size_t at = 0;
  for (; index > 0 && at < text.size(); --index) {
    ++at;
    while (at < text.size() && !StartsCodePoint(text[at])) ++at;
  }
  return at;
}

Kernel SubstringKernel() {
  return [](const KernelCall& call) -> Result<Datum> {
    ARROW_ASSIGN_OR_RAISE(auto operands, MakeOperands(call));
    const bool counted = operands.size() > 2;
    return MapText(call, arrow::utf8(), operands,
                   {OnFailure::kError, "substring starts at 1 or later and counts 0 or more"},
                   [&](int64_t row, TextWriter* out) {
                     const int64_t start = operands[1].value<int64_t>(row);
                     const int64_t count = counted ? operands[2].value<int64_t>(row) : INT64_MAX;
                     if (start < 1 || count < 0) return false;
                     std::string_view text = operands[0].text(row);
                     text.remove_prefix(CodePointOffset(text, start - 1));
                     out->Append(counted ? text.substr(0, CodePointOffset(text, count)) : text);
                     return true;
                   });
  };
}

Kernel EdgeKernel(Side side) {
  return [side](const KernelCall& call) -> Result<Datum> {
    ARROW_ASSIGN_OR_RAISE(auto operands, MakeOperands(call));
    return MapText(call, arrow::utf8(), operands,
                   {OnFailure::kError, "left and right take a count of 0 or more"},
                   [&](int64_t row, TextWriter* out) {
                     const int64_t count = operands[1].value<int64_t>(row);
                     if (count < 0) return false;
                     const std::string_view text = operands[0].text(row);
                     if (side == Side::kLeft) {
                       out->Append(text.substr(0, CodePointOffset(text, count)));
                     } else {
                       const int64_t skipped = std::max<int64_t>(0, CodePointCount(text) - count);
                       out->Append(text.substr(CodePointOffset(text, skipped)));
                     }
                     return true;
                   });
  };
}

Kernel PadKernel(Side side) {
  return [side](const KernelCall& call) -> Result<Datum> {
    ARROW_ASSIGN_OR_RAISE(auto operands, MakeOperands(call));
    return MapText(
        call, arrow::utf8(), operands, {OnFailure::kError, kTooLong},
        [&](int64_t row, TextWriter* out) {
          const std::string_view text = operands[0].text(row);
          const std::string_view pad = operands.size() > 2 ? operands[2].text(row) : " ";
          const int64_t wanted = std::max<int64_t>(0, operands[1].value<int64_t>(row));
          if (wanted > kMaxTextResultBytes / 4) return false;
          const int64_t missing = wanted - CodePointCount(text);
          if (missing <= 0) {
            out->Append(text.substr(0, CodePointOffset(text, wanted)));
            return true;
          }
          if (side == Side::kRight) out->Append(text);
          if (const int64_t pad_count = CodePointCount(pad); pad_count > 0) {
            for (int64_t left = missing; left > 0; left -= pad_count) {
              out->Append(left >= pad_count ? pad : pad.substr(0, CodePointOffset(pad, left)));
            }
          }
          if (side == Side::kLeft) out->Append(text);
          return true;
        });
  };
}

Kernel RepeatKernel() {
  return [](const KernelCall& call) -> Result<Datum> {
    ARROW_ASSIGN_OR_RAISE(auto operands, MakeOperands(call));
    return MapText(call, arrow::utf8(), operands, {OnFailure::kError, kTooLong},
                   [&](int64_t row, TextWriter* out) {
                     const std::string_view text = operands[0].text(row);
                     const int64_t count = operands[1].value<int64_t>(row);
                     if (text.empty()) return true;
                     if (count > kMaxTextResultBytes / static_cast<int64_t>(text.size()))
                       return false;
                     for (int64_t i = 0; i < count; ++i) out->Append(text);
                     return true;
                   });
  };
}

Kernel JoinWithKernel() {
  return [](const KernelCall& call) -> Result<Datum> {
    ARROW_ASSIGN_OR_RAISE(auto operands, MakeOperands(call));
    // Only the separator decides about NULL.
    return MapText(call, arrow::utf8(), {operands[0]}, {}, [&](int64_t row, TextWriter* out) {
      bool first = true;
      for (size_t i = 1; i < operands.size(); ++i) {
        if (operands[i].is_null(row)) continue;
        if (!first) out->Append(operands[0].text(row));
        out->Append(operands[i].text(row));
        first = false;
      }
      return true;
    });
  };
}

Kernel ReplaceKernel() {
  return [](const KernelCall& call) -> Result<Datum> {
    ARROW_ASSIGN_OR_RAISE(auto operands, MakeOperands(call));
    return MapText(call, arrow::utf8(), operands, {OnFailure::kError, kTooLong},
                   [&](int64_t row, TextWriter* out) {
                     const std::string_view text = operands[0].text(row);
                     const std::string_view from = operands[1].text(row);
                     const std::string_view to = operands[2].text(row);
                     const int64_t begin = out->size();
                     size_t at = 0;
                     while (!from.empty()) {
                       const size_t found = Find(text, from, at);
                       if (found == std::string_view::npos) break;
                       out->Append(text.substr(at, found - at));
                       out->Append(to);
                       at = found + from.size();
                       if (out->size() - begin > kMaxTextResultBytes) return false;
                     }
                     out->Append(text.substr(at));
                     return true;
                   });
  };
}

namespace {

int64_t CountParts(std::string_view text, std::string_view separator) {
  int64_t parts = 1;
  if (separator.empty()) return parts;
  for (size_t at = 0; (at = Find(text, separator, at)) != std::string_view::npos; ++parts) {
    at += separator.size();
  }
  return parts;
}

// The part of that number, from 0; empty where there are fewer.
std::string_view PartAt(std::string_view text, std::string_view separator, int64_t number) {
  size_t at = 0;
  while (!separator.empty()) {
    const size_t found = Find(text, separator, at);
    if (number == 0) return text.substr(at, found == std::string_view::npos ? found : found - at);
    if (found == std::string_view::npos) return {};
    at = found + separator.size();
    --number;
  }
  return number == 0 ? text : std::string_view();
}

}  // namespace

Kernel SplitPartKernel() {
  return [](const KernelCall& call) -> Result<Datum> {
    ARROW_ASSIGN_OR_RAISE(auto operands, MakeOperands(call));
    return MapText(call, arrow::utf8(), operands,
                   {OnFailure::kError, "the index of split_part is never 0"},
                   [&](int64_t row, TextWriter* out) {
                     const std::string_view text = operands[0].text(row);
                     const std::string_view separator = operands[1].text(row);
                     const int64_t index = operands[2].value<int64_t>(row);
                     if (index == 0) return false;
                     const int64_t count = index > 0 ? 0 : CountParts(text, separator);
                     if (-index > count) return true;
                     out->Append(PartAt(text, separator, index > 0 ? index - 1 : count + index));
                     return true;
                   });
  };
}

Kernel TextTestKernel(TextTest test) {
  return [test](const KernelCall& call) -> Result<Datum> {
    ARROW_ASSIGN_OR_RAISE(auto operands, MakeOperands(call));
    return MapBool(call, operands, {}, [&](int64_t row, bool* out) {
      const std::string_view text = operands[0].text(row);
      const std::string_view part = operands[1].text(row);
      *out = test == TextTest::kStartsWith ? text.starts_with(part)
             : test == TextTest::kEndsWith ? text.ends_with(part)
                                           : Find(text, part) != std::string_view::npos;
      return true;
    });
  };
}

Kernel PositionKernel() {
  return [](const KernelCall& call) -> Result<Datum> {
    ARROW_ASSIGN_OR_RAISE(auto operands, MakeOperands(call));
    return MapFixed<int32_t>(call, arrow::int32(), operands, {}, [&](int64_t row, int32_t* out) {
      const std::string_view text = operands[0].text(row);
      const size_t found = Find(text, operands[1].text(row));
      *out = found == std::string_view::npos
                 ? 0
                 : static_cast<int32_t>(CodePointCount(text.substr(0, found))) + 1;
      return true;
    });
  };
}

}  // namespace headrace::expr
