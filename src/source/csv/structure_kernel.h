// The parity scan over words of 64 bytes; included by one file per instruction set, which defines
// `Lanes`.
//
// Lanes: `explicit Lanes(const uint8_t*)` loads 64 bytes; `Equal(uint8_t)` and `HighBits()` give
// one bit per byte; `PrefixXor(uint64_t)` sets bit i to the parity of bits 0..i.
#pragma once

#include <bit>

#include "source/csv/structure_scan.h"

namespace headrace {
namespace {

struct ParityCarry {
  uint64_t inside = 0;       // all ones when the last byte was inside quotes
  uint64_t field_start = 1;  // bit 0: the next byte starts a field
  uint64_t after_close = 0;  // bit 0: the last byte was a closing quote
  uint64_t return_after_close = 0;
  uint64_t irregular = 0;
  uint64_t doubled = 0;
  uint64_t quotes = 0;
};

template <class Lanes>
inline __attribute__((always_inline)) uint64_t StructureWord(const Lanes& lanes, uint64_t valid,
                                                             const Dialect& dialect, int quote,
                                                             ParityCarry* carry, uint64_t* newlines,
                                                             uint64_t* lines, uint64_t* returns) {
  const uint64_t q = quote == kNoCharacter ? 0 : lanes.Equal(static_cast<uint8_t>(quote)) & valid;
  const uint64_t n = lanes.Equal(dialect.newline) & valid;
  const uint64_t d = lanes.Equal(dialect.delimiter) & valid;
  const uint64_t r = lanes.Equal('\r') & valid;
  const uint64_t inside = Lanes::PrefixXor(q) ^ carry->inside;
  carry->inside = static_cast<uint64_t>(static_cast<int64_t>(inside) >> 63);
  const uint64_t ends = (d | n) & ~inside;
  // Regular quoting: a quote opens a field or doubles a closing one; after a closing quote the
  // field ends, or another quote doubles it, or a "\r\n" follows.
  const uint64_t opening = q & inside;
  const uint64_t closing = q & ~inside;
  const uint64_t after_close = closing << 1 | carry->after_close;
  const uint64_t field_start = ends << 1 | carry->field_start;
  const uint64_t closing_return = after_close & r;
  const uint64_t after_return = closing_return << 1 | carry->return_after_close;
  carry->doubled |= opening & after_close;
  carry->irregular |= opening & ~(field_start | after_close);
  carry->irregular |= after_close & valid & ~(ends | opening | r);
  carry->irregular |= after_return & valid & ~n & (dialect.newline == '\r' ? 0 : ~uint64_t{0});
  carry->after_close = closing >> 63;
  carry->field_start = ends >> 63;
  carry->return_after_close = closing_return >> 63;
  *newlines = n & ~inside;
  *lines = n;
  carry->quotes |= q;
  *returns |= r;
  return ends;
}

template <class Lanes>
StructureScan ScanByParity(const uint8_t* text, int64_t length, const Dialect& dialect,
                           uint64_t* bits) {
  StructureScan scan;
  ParityCarry carry;
  const Dialect local = dialect;
  const int quote = dialect.quote;
  uint64_t high = 0, returns = 0;
  int64_t fields = 0, lines = 0;
  for (int64_t word = 0; word * 64 < length; ++word) {
    const int64_t left = length - word * 64;
    const uint64_t valid = left >= 64 ? ~uint64_t{0} : (uint64_t{1} << left) - 1;
    const Lanes lanes(text + word * 64);
    uint64_t newlines, word_lines;
    const uint64_t ends =
        StructureWord(lanes, valid, local, quote, &carry, &newlines, &word_lines, &returns);
    high |= lanes.HighBits() & valid;
    bits[word] = ends;
    if (newlines != 0) {
      const int last = 63 - std::countl_zero(newlines);
      scan.record_end = word * 64 + last + 1;
      const uint64_t through_last = ~uint64_t{0} >> (63 - last);
      scan.fields = fields + std::popcount(ends & through_last);
      scan.lines = lines + std::popcount(word_lines & through_last);
      scan.records += std::popcount(newlines);
    }
    fields += std::popcount(ends);
    lines += std::popcount(word_lines);
  }
  scan.regular = carry.irregular == 0;
  scan.ascii = high == 0;
  scan.quotes = carry.quotes != 0;
  scan.unescape = carry.doubled != 0;
  scan.carriage_returns = returns != 0;
  scan.ends_quoted = carry.inside != 0;
  return scan;
}

inline int64_t FlattenWords(const uint64_t* bits, int64_t begin, int64_t end, int64_t wanted,
                            uint32_t* out) {
  int64_t count = 0;
  for (int64_t word = begin / 64; word * 64 < end && count <= wanted; ++word) {
    uint64_t left = bits[word];
    const int64_t base = word * 64;
    if (base < begin) left &= ~uint64_t{0} << (begin - base);
    if (end - base < 64) left &= (uint64_t{1} << (end - base)) - 1;
    const int set = std::popcount(left);
    uint32_t* to = out + count;
    // Many at a time without a branch per position: values beyond `set` are overwritten later.
    // Most words of ordinary text have no more than the first step writes.
    constexpr int kFirst = 12, kStep = 4;  // together never beyond a whole word
    for (int i = 0; i < kFirst; ++i) {
      to[i] = static_cast<uint32_t>(base + std::countr_zero(left));
      left &= left - 1;
    }
    for (int written = kFirst; written < set; written += kStep) {
      for (int i = 0; i < kStep; ++i) {
        to[written + i] = static_cast<uint32_t>(base + std::countr_zero(left));
        left &= left - 1;
      }
    }
    count += set;
  }
  return count;
}

}  // namespace
}  // namespace headrace
