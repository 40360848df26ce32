#include <algorithm>

#include "source/csv/structure_scan.h"

namespace headrace {
namespace {

enum class State : uint8_t { kRecordStart, kFieldStart, kUnquoted, kQuoted, kClosed, kComment };

// Role: walks the text byte by byte. A quote opens only at the start of a field; elsewhere outside quotes it is an
// ordinary byte. After a closing quote only a field end may follow.
class StateScanner {
 public:
  StateScanner(const uint8_t* text, int64_t length, const Dialect& dialect, uint64_t* bits)
      : text_(text), length_(length), dialect_(dialect), bits_(bits) {
    std::fill_n(bits_, StructureWords(length), 0);
  }

  StructureScan Run() {
    for (int64_t i = 0; i < length_;) {
      const int64_t end = i + 1 + Step(i);
      for (; i < end; ++i) Note(text_[i]);
    }
    scan_.ends_quoted = state_ == State::kQuoted;
    if (scan_.ends_quoted) scan_.open_quote = quote_at_;
    return scan_;
  }

 private:
  // Takes byte i; returns how many further bytes it took with it.
  int64_t Step(int64_t i) {
    const uint8_t byte = text_[i];
    switch (state_) {
      case State::kRecordStart:
        if (byte == dialect_.comment) {
          state_ = State::kComment;
          return 0;
        }
        [[fallthrough]];
      case State::kFieldStart:
        if (byte == dialect_.quote) {
          state_ = State::kQuoted;
          quote_at_ = i;
          return 0;
        }
        [[fallthrough]];
      case State::kUnquoted:
        return Unquoted(i, byte);
      case State::kQuoted:
        return Quoted(i, byte);
      case State::kClosed:
        if (EndsField(byte) || (byte == '\r' && i + 1 < length_ && text_[i + 1] == dialect_.newline)) {
          return Unquoted(i, byte);
        }
        if (byte == '\r' && i + 1 == length_) return 0;  // the next block will tell
        if (scan_.error == QuoteError::kNone) {
          scan_.error = QuoteError::kTextAfterClosingQuote;
          scan_.error_at = i;
        }
        state_ = State::kUnquoted;
        return 0;
      case State::kComment:
        if (byte == dialect_.newline) {
          ++scan_.comments;
          EndRecord(i);
        }
        return 0;
    }
    return 0;
  }

  void Note(uint8_t byte) {
    scan_.ascii &= byte < 0x80;
    scan_.carriage_returns |= byte == '\r';
    scan_.quotes |= byte == dialect_.quote;
    scan_.unescape |= byte == dialect_.escape;
    lines_ += byte == dialect_.newline;
  }

  int64_t Unquoted(int64_t i, uint8_t byte) {
    if (byte == dialect_.newline) {
      EndRecord(i);
    } else if (byte == dialect_.delimiter) {
      Mark(i);
      state_ = State::kFieldStart;
    } else if (byte == dialect_.escape && i + 1 < length_ && state_ != State::kClosed) {
      state_ = State::kUnquoted;
      return text_[i + 1] == dialect_.newline || text_[i + 1] == '\r' ? 0 : 1;
    } else if (state_ != State::kClosed) {
      state_ = State::kUnquoted;
    }
    return 0;
  }

  int64_t Quoted(int64_t i, uint8_t byte) {
    if (byte == dialect_.escape) return i + 1 < length_ ? 1 : 0;
    if (byte != dialect_.quote) return 0;
    if (i + 1 < length_ && text_[i + 1] == dialect_.quote) {
      scan_.unescape = true;
      return 1;
    }
    state_ = State::kClosed;
    return 0;
  }

  bool EndsField(uint8_t byte) const { return byte == dialect_.delimiter || byte == dialect_.newline; }
  void Mark(int64_t i) {
    bits_[i / 64] |= uint64_t{1} << (i % 64);
    ++fields_;
  }
  void EndRecord(int64_t i) {
    Mark(i);
    ++scan_.records;
    scan_.record_end = i + 1;
    scan_.fields = fields_;
    scan_.lines = lines_ + 1;  // this one is noted after the step
    state_ = State::kRecordStart;
  }

  const uint8_t* text_;
  const int64_t length_;
  const Dialect& dialect_;
  uint64_t* bits_;
  StructureScan scan_;
  State state_ = State::kRecordStart;
  int64_t quote_at_ = -1;
  int64_t fields_ = 0;
  int64_t lines_ = 0;
};

}  // namespace

StructureScan ScanStructureByState(const uint8_t* text, int64_t length, const Dialect& dialect, uint64_t* bits) {
  return StateScanner(text, length, dialect, bits).Run();
}

}  // namespace headrace
