#include <array>

#include "source/text/encoding.h"

namespace headrace {
namespace {

using namespace std::string_view_literals;

constexpr double kMostUnits = 0.9;  // of UTF-32: planes above the first are rare
constexpr double kEnoughUnits =
    0.3;  // of UTF-16: delimiters, digits and line ends alone come to it
constexpr double kFewUnits = 0.01;

// Where zero bytes stand, by position modulo four.
struct ZeroBytes {
  std::array<int64_t, 4> count{};
  int64_t length = 0;

  // Share of the code units of `width` bytes whose byte at `place` is zero.
  double Share(size_t place, size_t width) const {
    const int64_t units = length / static_cast<int64_t>(width);
    if (units == 0) return 0;
    const int64_t zeros = width == 4 ? count[place] : count[place] + count[place + 2];
    return static_cast<double>(zeros) / static_cast<double>(units);
  }
};

ZeroBytes CountZeroBytes(std::string_view bytes) {
  ZeroBytes zeros;
  zeros.length = static_cast<int64_t>(bytes.size());
  for (size_t i = 0; i < bytes.size(); ++i) zeros.count[i % 4] += bytes[i] == 0;
  return zeros;
}

Status Utf32(const std::string& path) {
  return MakeError(ErrorKind::kBadInput, 427,
                   "UTF-32 text is not read; convert it to UTF-8 (iconv -f utf-32 -t utf-8): {}",
                   path);
}

}  // namespace

Result<FoundEncoding> FindEncoding(std::string_view first_bytes, std::optional<TextEncoding> named,
                                   const std::string& path) {
  const std::string mark = "byte order mark";
  if (first_bytes.starts_with("\xff\xfe\0\0"sv) || first_bytes.starts_with("\0\0\xfe\xff"sv))
    return Utf32(path);
  if (first_bytes.starts_with("\xef\xbb\xbf"sv)) return FoundEncoding{TextEncoding::kUtf8, mark};
  if (first_bytes.starts_with("\xff\xfe"sv))
    return FoundEncoding{TextEncoding::kUtf16LittleEndian, mark};
  if (first_bytes.starts_with("\xfe\xff"sv))
    return FoundEncoding{TextEncoding::kUtf16BigEndian, mark};
  if (named.has_value()) return FoundEncoding{*named, "as given"};
  const ZeroBytes zeros = CountZeroBytes(first_bytes);
  const bool wide_low = zeros.Share(1, 4) > kMostUnits && zeros.Share(2, 4) > kMostUnits;
  if (wide_low && (zeros.Share(0, 4) > kMostUnits || zeros.Share(3, 4) > kMostUnits))
    return Utf32(path);
  const double high_in_first = zeros.Share(0, 2);
  const double high_in_second = zeros.Share(1, 2);
  const auto pattern = [](double share) {
    return fmt::format("no byte order mark, but {:.0f} % of the code units have a zero high byte",
                       100 * share);
  };
  if (high_in_second > kEnoughUnits && high_in_first < kFewUnits)
    return FoundEncoding{TextEncoding::kUtf16LittleEndian, pattern(high_in_second)};
  if (high_in_first > kEnoughUnits && high_in_second < kFewUnits)
    return FoundEncoding{TextEncoding::kUtf16BigEndian, pattern(high_in_first)};
  return FoundEncoding{TextEncoding::kUtf8, "assumed, and checked as it is read"};
}

}  // namespace headrace
