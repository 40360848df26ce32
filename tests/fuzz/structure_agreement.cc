#include "fuzz/structure_agreement.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace headrace::fuzz {
namespace {

constexpr int64_t kFlattenSlack = 72;

#if defined(HEADRACE_FUZZ_CANARY)
// The planted mistake: what a closing quote at the end of one word of 64 bytes means to the quote
// at the start of the next is forgotten.
StructureScan ScanWithCanary(const uint8_t* text, int64_t length, const Dialect& dialect,
                             uint64_t* bits) {
  StructureScan scan = ScanStructurePortable(text, length, dialect, bits);
  if (length > 64 && text[63] == dialect.quote && text[64] == dialect.quote && scan.regular)
    scan.unescape = false;
  return scan;
}
#endif

// Where fields end, the way RFC 4180 puts it; only for regular text.
StructureScan PlainScan(const uint8_t* text, int64_t length, const Dialect& dialect,
                        uint64_t* bits) {
  StructureScan scan;
  std::fill_n(bits, StructureWords(length), 0);
  int64_t fields = 0, lines = 0;
  bool quoted = false;
  for (int64_t i = 0; i < length; ++i) {
    const uint8_t byte = text[i];
    if (byte == dialect.quote) quoted = !quoted;
    lines += byte == dialect.newline;
    if (quoted || (byte != dialect.delimiter && byte != dialect.newline)) continue;
    bits[i / 64] |= uint64_t{1} << (i % 64);
    ++fields;
    if (byte != dialect.newline) continue;
    scan.record_end = i + 1;
    scan.fields = fields;
    scan.lines = lines;
    ++scan.records;
  }
  scan.ends_quoted = quoted;
  return scan;
}

// What every scanner has to say alike.
std::string CompareCounts(const StructureScan& left, const StructureScan& right) {
  const auto text = [](const StructureScan& s) {
    return fmt::format("record_end {} fields {} records {} lines {} ends_quoted {}", s.record_end,
                       s.fields, s.records, s.lines, s.ends_quoted);
  };
  if (left.record_end == right.record_end && left.fields == right.fields &&
      left.records == right.records && left.lines == right.lines &&
      left.ends_quoted == right.ends_quoted)
    return "";
  return text(left) + " against " + text(right);
}

}  // namespace

StructureAgreement::StructureAgreement() {
  if (CanScanAvx2()) parity_.emplace_back("AVX2", ScanStructureAvx2);
  if (CanScanAvx512()) parity_.emplace_back("AVX-512", ScanStructureAvx512);
#if defined(HEADRACE_FUZZ_CANARY)
  parity_.emplace_back("canary", ScanWithCanary);
#endif
}

std::string StructureAgreement::names() const {
  std::string names = "portable, state machine, plain";
  for (const auto& [name, scanner] : parity_) names += ", " + name;
  return names;
}

void StructureAgreement::Scan(StructureScanner scanner, const Dialect& dialect, Scanned* out) {
  out->bits.assign(static_cast<size_t>(StructureWords(length_)) + 1, 0xdeadbeef);
  out->scan = scanner(padded_.data() + kTextPadding, length_, dialect, out->bits.data());
}

bool StructureAgreement::SameBits(const Scanned& other) const {
  const int64_t end = portable_.scan.record_end;
  for (int64_t word = 0; word * 64 < end; ++word) {
    uint64_t different =
        portable_.bits[static_cast<size_t>(word)] ^ other.bits[static_cast<size_t>(word)];
    if (end - word * 64 < 64) different &= (uint64_t{1} << (end - word * 64)) - 1;
    if (different != 0) return false;
  }
  return true;
}

std::string StructureAgreement::Check(std::string_view text, const Dialect& dialect) {
  length_ = static_cast<int64_t>(text.size());
  padded_.assign(text.size() + 2 * kTextPadding, 0xee);
  std::copy(text.begin(), text.end(), padded_.begin() + kTextPadding);
  ++checked_;
  Scan(ScanStructurePortable, dialect, &portable_);
  for (const auto& [name, scanner] : parity_) {
    Scan(scanner, dialect, &other_);
    std::string difference = CompareParity(name, other_);
    if (!difference.empty()) return difference;
  }
  if (!portable_.scan.regular) return "";
  ++regular_;
  std::string difference = CompareState(dialect);
  return difference.empty() ? CompareFlattened() : difference;
}

std::string StructureAgreement::CompareParity(const std::string& name, const Scanned& other) const {
  const StructureScan& a = portable_.scan;
  const StructureScan& b = other.scan;
  if (const std::string counts = CompareCounts(a, b); !counts.empty()) return name + ": " + counts;
  if (!SameBits(other)) return name + ": other bits";
  if (a.regular != b.regular) return name + ": regular";
  if (a.ascii != b.ascii) return name + ": ascii";
  if (a.quotes != b.quotes) return name + ": quotes";
  if (a.carriage_returns != b.carriage_returns) return name + ": carriage returns";
  // Only regular text is read by what parity says of doubled quotes.
  if (a.regular && a.unescape != b.unescape) return name + ": doubled quotes";
  return "";
}

std::string StructureAgreement::CompareState(const Dialect& dialect) {
  Scan(PlainScan, dialect, &other_);
  if (const std::string counts = CompareCounts(portable_.scan, other_.scan); !counts.empty())
    return "plain parser: " + counts;
  if (!SameBits(other_)) return "plain parser: other bits";
  Scan(ScanStructureByState, dialect, &other_);
  if (const std::string counts = CompareCounts(portable_.scan, other_.scan); !counts.empty())
    return "state machine: " + counts;
  if (!SameBits(other_)) return "state machine: other bits";
  const StructureScan& state = other_.scan;
  if (state.error != QuoteError::kNone && state.error_at < state.record_end)
    return "state machine: an error in regular text";
  if (portable_.scan.ascii != state.ascii) return "state machine: ascii";
  if (portable_.scan.unescape != state.unescape) return "state machine: doubled quotes";
  return "";
}

std::string StructureAgreement::CompareFlattened() const {
  const int64_t end = portable_.scan.record_end;
  const int64_t begin = end / 3;
  std::vector<uint32_t> out(static_cast<size_t>(end + kFlattenSlack));
  const int64_t count = FlattenStructure(portable_.bits.data(), begin, end, end, out.data());
  int64_t expected = 0;
  for (int64_t i = begin; i < end; ++i) {
    if ((portable_.bits[static_cast<size_t>(i / 64)] >> (i % 64) & 1) == 0) continue;
    if (expected >= count || out[static_cast<size_t>(expected)] != static_cast<uint32_t>(i))
      return fmt::format("flattened: position {} is missing", i);
    ++expected;
  }
  return expected == count ? "" : fmt::format("flattened: {} positions of {}", count, expected);
}

}  // namespace headrace::fuzz
