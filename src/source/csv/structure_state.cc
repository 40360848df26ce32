#include <algorithm>
#include <cstring>

#include "source/csv/structure_scan.h"

namespace headrace {
namespace {

bool Holds(const uint8_t* text, int64_t length, int byte) {
  return byte != kNoCharacter && std::memchr(text, byte, static_cast<size_t>(length)) != nullptr;
}

bool IsAscii(const uint8_t* text, int64_t length) {
  uint8_t bits = 0;
  for (int64_t i = 0; i < length; ++i) bits |= text[i];
  return bits < 0x80;
}

// Role: walks the text field by field. A quote opens only at the start of a field; elsewhere
// outside quotes it is an ordinary byte. After a closing quote only a field end may follow.
class StateScanner {
 public:
  StateScanner(const uint8_t* text, int64_t length, const Dialect& dialect, uint64_t* bits)
      : text_(text), length_(length), dialect_(dialect), bits_(bits) {
    std::fill_n(bits_, StructureWords(length), 0);
    stops_[dialect.delimiter] = stops_[dialect.newline] = true;
    if (dialect.escape != kNoCharacter) stops_[dialect.escape] = true;
  }

  StructureScan Run() {
    scan_.ascii = IsAscii(text_, length_);
    scan_.carriage_returns = Holds(text_, length_, '\r');
    scan_.quotes = Holds(text_, length_, dialect_.quote);
    scan_.unescape = Holds(text_, length_, dialect_.escape);
    int64_t at = 0;
    while (at < length_) {
      if (at == scan_.record_end && text_[at] == dialect_.comment) {
        at = Comment(at);
      } else if (text_[at] == dialect_.quote) {
        at = Quoted(at);
      } else {
        at = Unquoted(at);
      }
    }
    scan_.lines = std::count(text_, text_ + scan_.record_end, dialect_.newline);
    return scan_;
  }

 private:
  // Each takes the field (or comment) that starts at `at` and returns where the next one starts.
  int64_t Comment(int64_t at) {
    const void* found =
        std::memchr(text_ + at, dialect_.newline, static_cast<size_t>(length_ - at));
    if (found == nullptr) return length_;
    ++scan_.comments;
    return EndField(static_cast<const uint8_t*>(found) - text_);
  }

  int64_t Unquoted(int64_t at) {
    for (; at < length_; ++at) {
      const uint8_t byte = text_[at];
      if (!stops_[byte]) continue;
      if (byte == dialect_.delimiter || byte == dialect_.newline) return EndField(at);
      // An escape takes the byte after it along, but never a line end.
      if (at + 1 < length_ && text_[at + 1] != dialect_.newline && text_[at + 1] != '\r') ++at;
    }
    return length_;
  }

  int64_t Quoted(int64_t open) {
    int64_t at = open + 1;
    while (true) {
      at = FindInQuotes(at);
      if (at >= length_) {
        scan_.ends_quoted = true;
        scan_.open_quote = open;
        return length_;
      }
      if (text_[at] == dialect_.escape) {
        at += 2;
      } else if (at + 1 < length_ && text_[at + 1] == dialect_.quote) {
        scan_.unescape = true;
        at += 2;
      } else {
        return AfterClosingQuote(at + 1);
      }
    }
  }

  // The next quote or escape.
  int64_t FindInQuotes(int64_t at) const {
    if (at >= length_) return length_;
    if (dialect_.escape == kNoCharacter) {
      const void* found =
          std::memchr(text_ + at, dialect_.quote, static_cast<size_t>(length_ - at));
      return found == nullptr ? length_ : static_cast<const uint8_t*>(found) - text_;
    }
    while (at < length_ && text_[at] != dialect_.quote && text_[at] != dialect_.escape) ++at;
    return at;
  }

  int64_t AfterClosingQuote(int64_t at) {
    if (at >= length_) return length_;
    if (text_[at] == dialect_.delimiter || text_[at] == dialect_.newline) return EndField(at);
    if (text_[at] == '\r') {
      if (at + 1 == length_) return length_;  // the next block will tell
      if (text_[at + 1] == dialect_.newline) return EndField(at + 1);
    }
    if (scan_.error == QuoteError::kNone) {
      scan_.error = QuoteError::kTextAfterClosingQuote;
      scan_.error_at = at;
    }
    return Unquoted(at);
  }

  int64_t EndField(int64_t at) {
    bits_[at / 64] |= uint64_t{1} << (at % 64);
    ++fields_;
    if (text_[at] == dialect_.newline) {
      ++scan_.records;
      scan_.record_end = at + 1;
      scan_.fields = fields_;
    }
    return at + 1;
  }

  const uint8_t* text_;
  const int64_t length_;
  const Dialect& dialect_;
  uint64_t* bits_;
  bool stops_[256] = {};  // bytes that matter in an unquoted field
  StructureScan scan_;
  int64_t fields_ = 0;
};

}  // namespace

StructureScan ScanStructureByState(const uint8_t* text, int64_t length, const Dialect& dialect,
                                   uint64_t* bits) {
  return StateScanner(text, length, dialect, bits).Run();
}

}  // namespace headrace
