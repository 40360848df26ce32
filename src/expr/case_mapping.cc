// Upper and lower case with the mappings that change the number of characters. Arrow's kernels map
// one code point to one; what they leave out is replaced before they run.
#include "expr/case_mapping.h"

#include <array>

#include "expr/operand.h"

namespace headrace::expr {
namespace {

struct Mapping {
  char32_t from;
  const char* to;
};

// Unicode's unconditional special casing, by code point.
constexpr std::array<Mapping, 102> kToUpper = {
    {{0xDF, "SS"},   {0x149, "ʼN"},  {0x1F0, "J̌"},   {0x390, "Ϊ́"},    {0x3B0, "Ϋ́"},
     {0x587, "ԵՒ"},  {0x1E96, "H̱"},  {0x1E97, "T̈"},  {0x1E98, "W̊"},   {0x1E99, "Y̊"},
     {0x1E9A, "Aʾ"}, {0x1F50, "Υ̓"},  {0x1F52, "Υ̓̀"},  {0x1F54, "Υ̓́"},   {0x1F56, "Υ̓͂"},
     {0x1F80, "ἈΙ"}, {0x1F81, "ἉΙ"}, {0x1F82, "ἊΙ"}, {0x1F83, "ἋΙ"},  {0x1F84, "ἌΙ"},
     {0x1F85, "ἍΙ"}, {0x1F86, "ἎΙ"}, {0x1F87, "ἏΙ"}, {0x1F88, "ἈΙ"},  {0x1F89, "ἉΙ"},
     {0x1F8A, "ἊΙ"}, {0x1F8B, "ἋΙ"}, {0x1F8C, "ἌΙ"}, {0x1F8D, "ἍΙ"},  {0x1F8E, "ἎΙ"},
     {0x1F8F, "ἏΙ"}, {0x1F90, "ἨΙ"}, {0x1F91, "ἩΙ"}, {0x1F92, "ἪΙ"},  {0x1F93, "ἫΙ"},
     {0x1F94, "ἬΙ"}, {0x1F95, "ἭΙ"}, {0x1F96, "ἮΙ"}, {0x1F97, "ἯΙ"},  {0x1F98, "ἨΙ"},
     {0x1F99, "ἩΙ"}, {0x1F9A, "ἪΙ"}, {0x1F9B, "ἫΙ"}, {0x1F9C, "ἬΙ"},  {0x1F9D, "ἭΙ"},
     {0x1F9E, "ἮΙ"}, {0x1F9F, "ἯΙ"}, {0x1FA0, "ὨΙ"}, {0x1FA1, "ὩΙ"},  {0x1FA2, "ὪΙ"},
     {0x1FA3, "ὫΙ"}, {0x1FA4, "ὬΙ"}, {0x1FA5, "ὭΙ"}, {0x1FA6, "ὮΙ"},  {0x1FA7, "ὯΙ"},
     {0x1FA8, "ὨΙ"}, {0x1FA9, "ὩΙ"}, {0x1FAA, "ὪΙ"}, {0x1FAB, "ὫΙ"},  {0x1FAC, "ὬΙ"},
     {0x1FAD, "ὭΙ"}, {0x1FAE, "ὮΙ"}, {0x1FAF, "ὯΙ"}, {0x1FB2, "ᾺΙ"},  {0x1FB3, "ΑΙ"},
     {0x1FB4, "ΆΙ"}, {0x1FB6, "Α͂"},  {0x1FB7, "Α͂Ι"}, {0x1FBC, "ΑΙ"},  {0x1FC2, "ῊΙ"},
     {0x1FC3, "ΗΙ"}, {0x1FC4, "ΉΙ"}, {0x1FC6, "Η͂"},  {0x1FC7, "Η͂Ι"},  {0x1FCC, "ΗΙ"},
     {0x1FD2, "Ϊ̀"},  {0x1FD3, "Ϊ́"},  {0x1FD6, "Ι͂"},  {0x1FD7, "Ϊ͂"},   {0x1FE2, "Ϋ̀"},
     {0x1FE3, "Ϋ́"},  {0x1FE4, "Ρ̓"},  {0x1FE6, "Υ͂"},  {0x1FE7, "Ϋ͂"},   {0x1FF2, "ῺΙ"},
     {0x1FF3, "ΩΙ"}, {0x1FF4, "ΏΙ"}, {0x1FF6, "Ω͂"},  {0x1FF7, "Ω͂Ι"},  {0x1FFC, "ΩΙ"},
     {0xFB00, "FF"}, {0xFB01, "FI"}, {0xFB02, "FL"}, {0xFB03, "FFI"}, {0xFB04, "FFL"},
     {0xFB05, "ST"}, {0xFB06, "ST"}, {0xFB13, "ՄՆ"}, {0xFB14, "ՄԵ"},  {0xFB15, "ՄԻ"},
     {0xFB16, "ՎՆ"}, {0xFB17, "ՄԽ"}}};
constexpr std::array<Mapping, 1> kToLower = {{{0x130, "i\u0307"}}};

// Code point at `at`, of valid UTF-8, and its bytes.
char32_t Decode(std::string_view text, size_t at, size_t* bytes) {
  const auto byte = [&](size_t i) {
    return static_cast<unsigned char>(at + i < text.size() ? text[at + i] : 0);
  };
  const unsigned lead = byte(0);
  if (lead < 0x80) return *bytes = 1, lead;
  if (lead < 0xE0) return *bytes = 2, (lead & 0x1F) << 6 | (byte(1) & 0x3F);
  if (lead < 0xF0)
    return *bytes = 3, (lead & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
  return *bytes = 4,
         (lead & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F);
}

template <size_t kSize>
void Rewrite(std::string_view text, const std::array<Mapping, kSize>& table, TextWriter* out) {
  size_t kept = 0;
  for (size_t at = 0; at < text.size();) {
    size_t bytes = 1;
    const char32_t point = Decode(text, at, &bytes);
    if (point >= table.front().from && point <= table.back().from) {
      const auto found = std::lower_bound(
          table.begin(), table.end(), point,
          [](const Mapping& mapping, char32_t value) { return mapping.from < value; });
      if (found->from == point) {
        out->Append(text.substr(kept, at - kept));
        out->Append(found->to);
        kept = at + bytes;
      }
    }
    at += bytes;
  }
  if (kept < text.size()) out->Append(text.substr(kept));
}

bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<signed char>(c) >= 0; });
}

template <size_t kSize>
Kernel CaseKernel(const std::array<Mapping, kSize>& table, const char* ascii_name,
                  const char* utf8_name) {
  return [&table, ascii = ArrowKernel(ascii_name),
          utf8 = ArrowKernel(utf8_name)](const KernelCall& call) -> Result<Datum> {
    ARROW_ASSIGN_OR_RAISE(auto operands, MakeOperands(call));
    bool only_ascii = true;
    for (int64_t row = 0; only_ascii && row < call.rows; ++row) {
      only_ascii = operands[0].is_null(row) || IsAscii(operands[0].text(row));
    }
    if (only_ascii) return ascii(call);
    ARROW_ASSIGN_OR_RAISE(auto rewritten, MapText(call, arrow::utf8(), operands, {},
                                                  [&](int64_t row, TextWriter* out) {
                                                    Rewrite(operands[0].text(row), table, out);
                                                    return true;
                                                  }));
    const std::vector<Datum> args = {std::move(rewritten)};
    return utf8(KernelCall{args, call.rows, call.context});
  };
}

}  // namespace

Kernel UpperKernel() { return CaseKernel(kToUpper, "ascii_upper", "utf8_upper"); }
Kernel LowerKernel() { return CaseKernel(kToLower, "ascii_lower", "utf8_lower"); }

}  // namespace headrace::expr
