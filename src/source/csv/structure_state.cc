#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "source/csv/structure_scan.h"

namespace headrace {
namespace {

constexpr int64_t kTextFollows = -1;  // a closing quote does not end its field
constexpr int64_t kNotClosed = -1;    // a quote is open at the end of the text

bool Holds(const uint8_t* text, int64_t length, int byte) {
  return byte != kNoCharacter && std::memchr(text, byte, static_cast<size_t>(length)) != nullptr;
}

bool IsAscii(const uint8_t* text, int64_t length) {
  uint8_t bits = 0;
  for (int64_t i = 0; i < length; ++i) bits |= text[i];
  return bits < 0x80;
}

// What becomes of a quote that opens a field and is not closed at its end.
enum class MistakenQuote {
  kOpens,     // closed by the first quote at the end of a field, if there is one on its line
  kOrdinary,  // an ordinary byte of a field that is not quoted
};

// Role: walks the text field by field. A quote opens only at the start of a field; elsewhere
// outside quotes it is an ordinary byte. After a closing quote only a field end may follow. Where
// quotes are repaired, a record in which that is not so is read again from its start: what it is
// depends on the text behind its start alone.
class StateScanner {
 public:
  // `repair` may be null: mistaken quotes are errors.
  StateScanner(const uint8_t* text, int64_t length, const Dialect& dialect,
               const QuoteRepair* repair, uint64_t* bits)
      : text_(text), length_(length), dialect_(dialect), repair_(repair), bits_(bits) {
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
        at = EndField(UnquotedEnd(at));
      }
    }
    scan_.lines = std::count(text_, text_ + scan_.record_end, dialect_.newline);
    return scan_;
  }

 private:
  // Each takes the field (or comment) that starts at `at` and returns where the next one starts.
  int64_t Comment(int64_t at) {
    const int64_t end = LineEnd(at);
    if (end < length_) ++scan_.comments;
    return EndField(end);
  }

  int64_t Quoted(int64_t open) {
    const int64_t after = AfterClosingQuote(open);
    if (after == kNotClosed) {
      if (repair_ != nullptr && repair_->is_whole) return RepairRecord(open);
      scan_.ends_quoted = true;
      scan_.open_quote = open;
      return length_;
    }
    int64_t end = EndAfterQuote(after);
    if (end == kTextFollows) {
      if (repair_ != nullptr) return RepairRecord(open);
      if (scan_.error == QuoteError::kNone) {
        scan_.error = QuoteError::kTextAfterClosingQuote;
        scan_.error_at = after;
      }
      end = UnquotedEnd(after);
    }
    return EndField(end);
  }

  // The quote at `mistake` is one. Reads the present record in both ways and keeps the one whose
  // number of fields is nearer to what it should be; returns where the next record starts. Both
  // must end in this text, so that the choice is the same wherever the text was cut.
  int64_t RepairRecord(int64_t mistake) {
    const int64_t begin = scan_.record_end;
    const int64_t opened = CountFields(begin, MistakenQuote::kOpens);
    const int64_t ordinary = CountFields(begin, MistakenQuote::kOrdinary);
    if (opened == 0 || ordinary == 0) {
      scan_.ends_quoted = true;
      return length_;
    }
    if (scan_.repaired_at < 0) scan_.repaired_at = begin;
    scan_.unescape = true;
    ClearBits(begin, mistake);
    fields_ = scan_.fields;
    const bool is_ordinary =
        std::abs(ordinary - repair_->columns) < std::abs(opened - repair_->columns);
    const auto how = is_ordinary ? MistakenQuote::kOrdinary : MistakenQuote::kOpens;
    int64_t at = begin;
    do {
      at = EndField(FieldEnd(at, how));
    } while (scan_.record_end == begin);
    return at;
  }

  // 0: the record does not end in this text.
  int64_t CountFields(int64_t begin, MistakenQuote how) {
    int64_t fields = 0;
    for (int64_t at = begin; at < length_;) {
      const int64_t end = FieldEnd(at, how);
      if (end >= length_) return 0;
      ++fields;
      if (text_[end] == dialect_.newline) return fields;
      at = end + 1;
    }
    return 0;
  }

  // The only ones set behind `begin` are those before `end`.
  void ClearBits(int64_t begin, int64_t end) {
    bits_[begin / 64] &= (uint64_t{1} << (begin % 64)) - 1;
    std::fill(bits_ + begin / 64 + 1, bits_ + end / 64 + 1, 0);
  }

  // These return the position of the delimiter or newline that ends a field; length_: it does not
  // end in this text.
  int64_t FieldEnd(int64_t at, MistakenQuote how) {
    if (text_[at] != dialect_.quote) return UnquotedEnd(at);
    const int64_t after = AfterClosingQuote(at);
    if (after != kNotClosed) {
      const int64_t end = EndAfterQuote(after);
      if (end != kTextFollows) return end;
    } else if (!repair_->is_whole) {
      return length_;
    }
    return how == MistakenQuote::kOpens ? EndInLine(at) : UnquotedEnd(at);
  }

  // Of a field whose mistaken quote at `open` opens it.
  int64_t EndInLine(int64_t open) {
    const int64_t closed = ClosedInLine(open);
    if (closed != kNotClosed) return closed;
    return line_.end < length_ ? UnquotedEnd(open) : length_;
  }

  // Where the field ends that the first quote before a field end closes, or kNotClosed. A line of
  // mistaken quotes is walked once: what a walk finds from the first of some quotes on is what an
  // earlier one found that came by there.
  int64_t ClosedInLine(int64_t open) {
    if (open < line_.begin || open >= line_.end) line_ = {open, LineEnd(open)};
    int64_t first = length_;
    int64_t end = kNotClosed;
    int64_t at = FindInQuotes(open + 1);
    for (; at < line_.end; at = FindInQuotes(at)) {
      if (text_[at - 1] != dialect_.quote && text_[at - 1] != dialect_.escape) {
        if (at >= walk_.begin && at < walk_.stop) return walk_.end;
        first = std::min(first, at);
      }
      const bool is_pair = at + 1 < line_.end && text_[at + 1] == dialect_.quote;
      if (text_[at] == dialect_.escape || is_pair) {
        at += 2;
        continue;
      }
      end = EndAfterQuote(++at);
      if (end != kTextFollows) break;
      end = kNotClosed;
    }
    walk_ = {first, end == kNotClosed ? line_.end : at, end};
    return end;
  }

  int64_t UnquotedEnd(int64_t at) const {
    for (; at < length_; ++at) {
      const uint8_t byte = text_[at];
      if (!stops_[byte]) continue;
      if (byte == dialect_.delimiter || byte == dialect_.newline) return at;
      // An escape takes the byte after it along, but never a line end.
      if (at + 1 < length_ && text_[at + 1] != dialect_.newline && text_[at + 1] != '\r') ++at;
    }
    return length_;
  }

  int64_t EndAfterQuote(int64_t at) const {
    if (at >= length_) return length_;
    if (text_[at] == dialect_.delimiter || text_[at] == dialect_.newline) return at;
    if (text_[at] == '\r') {
      if (at + 1 == length_) return length_;  // the next block will tell
      if (text_[at + 1] == dialect_.newline) return at + 1;
    }
    return kTextFollows;
  }

  int64_t LineEnd(int64_t at) const {
    const void* found =
        std::memchr(text_ + at, dialect_.newline, static_cast<size_t>(length_ - at));
    return found == nullptr ? length_ : static_cast<const uint8_t*>(found) - text_;
  }

  // One past the quote that closes the one at `open`.
  int64_t AfterClosingQuote(int64_t open) {
    int64_t at = open + 1;
    while (true) {
      at = FindInQuotes(at);
      if (at >= length_) return kNotClosed;
      if (text_[at] == dialect_.escape) {
        at += 2;
      } else if (at + 1 < length_ && text_[at + 1] == dialect_.quote) {
        scan_.unescape = true;
        at += 2;
      } else {
        return at + 1;
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

  int64_t EndField(int64_t at) {
    if (at >= length_) return length_;
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
  const QuoteRepair* const repair_;
  uint64_t* bits_;
  bool stops_[256] = {};  // bytes that matter in an unquoted field
  StructureScan scan_;
  int64_t fields_ = 0;
  struct {
    int64_t begin = 0;
    int64_t end = 0;
  } line_;  // the one that was looked at last, from a field of it on
  // The last walk for a closing quote: it came by every first quote from `begin` to before `stop`.
  struct {
    int64_t begin = 0;
    int64_t stop = 0;
    int64_t end = 0;
  } walk_;
};

}  // namespace

StructureScan ScanStructureByState(const uint8_t* text, int64_t length, const Dialect& dialect,
                                   uint64_t* bits) {
  return StateScanner(text, length, dialect, nullptr, bits).Run();
}

StructureScan ScanStructureRepairing(const uint8_t* text, int64_t length, const Dialect& dialect,
                                     const QuoteRepair& repair, uint64_t* bits) {
  if (dialect.parity_decides()) {
    const StructureScan scan = BestParityScanner()(text, length, dialect, bits);
    if (scan.regular && !(scan.ends_quoted && repair.is_whole)) return scan;
  }
  return StateScanner(text, length, dialect, &repair, bits).Run();
}

}  // namespace headrace
