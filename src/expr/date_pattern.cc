#include "expr/date_pattern.h"

#include <fmt/format.h>

#include "base/ascii.h"
#include "expr/calendar.h"
#include "expr/errors.h"
#include "expr/value_text.h"

namespace headrace::expr {
namespace {

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

struct Fields {
  int64_t year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0, micros = 0;
};

int64_t* FieldOf(Fields* fields, char letter) {
  switch (letter) {
    case 'y':
      return &fields->year;
    case 'M':
      return &fields->month;
    case 'd':
      return &fields->day;
    case 'H':
      return &fields->hour;
    case 'm':
      return &fields->minute;
    case 's':
      return &fields->second;
    default:
      return &fields->micros;
  }
}

bool WidthAllowed(char letter, int width) {
  if (letter == 'y') return width == 4;
  if (letter == 'S') return width <= 6;
  return width <= 2;
}

Status BadPattern(std::string_view what) {
  return MakeErrorFromMessage(ErrorKind::kInvalidPlan, kBadConstant, std::string(what));
}

int64_t PowerOf10(int exponent) {
  int64_t out = 1;
  while (exponent-- > 0) out *= 10;
  return out;
}

std::optional<int64_t> ToMicros(const Fields& fields) {
  if (fields.year < 1 || fields.month < 1 || fields.month > 12 || fields.day < 1 ||
      fields.hour > 23 || fields.minute > 59 || fields.second > 59) {
    return std::nullopt;
  }
  if (fields.day > DaysInMonth(fields.year, static_cast<int>(fields.month))) return std::nullopt;
  const int64_t days =
      DaysFromCivil(fields.year, static_cast<int>(fields.month), static_cast<int>(fields.day));
  const int64_t seconds =
      days * kSecondsPerDay + fields.hour * 3600 + fields.minute * 60 + fields.second;
  return seconds * kMicrosPerSecond + fields.micros;
}

}  // namespace

Result<DatePattern> DatePattern::Compile(std::string_view pattern) {
  DatePattern out;
  std::string seen;
  for (size_t i = 0; i < pattern.size();) {
    const char c = pattern[i];
    if (c == '\'') {
      const size_t close = pattern.find('\'', i + 1);
      if (close == std::string_view::npos)
        return BadPattern("a quote in the date pattern is never closed");
      const std::string_view inside = pattern.substr(i + 1, close - i - 1);
      out.pieces_.push_back({0, 0, inside.empty() ? "'" : std::string(inside)});
      i = close + 1;
    } else if (IsLetter(c)) {
      size_t end = i;
      while (end < pattern.size() && pattern[end] == c) ++end;
      const int width = static_cast<int>(end - i);
      if (std::string_view("yMdHmsS").find(c) == std::string_view::npos ||
          !WidthAllowed(c, width)) {
        return BadPattern(fmt::format(
            "unknown letters '{}' in the date pattern; known are yyyy MM dd HH mm ss S to "
            "SSSSSS and M d H m s",
            pattern.substr(i, end - i)));
      }
      if (seen.find(c) != std::string::npos)
        return BadPattern(fmt::format("'{}' is twice in the date pattern", c));
      seen += c;
      out.pieces_.push_back({c, width, {}});
      i = end;
    } else {
      out.pieces_.push_back({0, 0, std::string(1, c)});
      ++i;
    }
  }
  const auto has = [&](char letter) { return seen.find(letter) != std::string::npos; };
  out.has_date_ = has('y') && has('M') && has('d');
  out.has_time_ = has('H') || has('m') || has('s') || has('S');
  out.AddShape();
  return out;
}

void DatePattern::AddShape() {
  for (const Piece& piece : pieces_) {
    if (piece.letter == 0) {
      shape_ += piece.literal;
    } else if (piece.width == 1 && piece.letter != 'S') {
      shape_.clear();
      slots_.clear();
      return;
    } else {
      slots_.push_back({piece.letter, piece.width, shape_.size()});
      shape_.append(piece.width, '0');
    }
  }
}

std::optional<int64_t> DatePattern::Parse(std::string_view text) const {
  Fields fields;
  size_t at = 0;
  for (size_t i = 0; i < pieces_.size(); ++i) {
    const Piece& piece = pieces_[i];
    if (piece.letter == 0) {
      if (text.substr(at, piece.literal.size()) != piece.literal) return std::nullopt;
      at += piece.literal.size();
      continue;
    }
    // One letter takes one or two digits, but leaves a following field its own.
    const bool flexible = piece.width == 1 && piece.letter != 'S';
    const bool digits_follow = i + 1 < pieces_.size() && pieces_[i + 1].letter != 0;
    const int most = flexible && !digits_follow ? 2 : piece.width;
    int64_t value = 0;
    int count = 0;
    while (count < most && at < text.size() && IsDigit(text[at])) {
      value = value * 10 + (text[at++] - '0');
      ++count;
    }
    if (count < piece.width) return std::nullopt;
    *FieldOf(&fields, piece.letter) =
        piece.letter == 'S' ? value * PowerOf10(6 - piece.width) : value;
  }
  return at == text.size() ? ToMicros(fields) : std::nullopt;
}

void DatePattern::Format(int64_t micros, std::string* out) const {
  const int64_t days = FloorDivide(micros, kMicrosPerDay);
  const int64_t in_day = micros - days * kMicrosPerDay;
  const CivilDate date = CivilFromDays(days);
  Fields fields{date.year,
                date.month,
                date.day,
                in_day / (3600 * kMicrosPerSecond),
                in_day / (60 * kMicrosPerSecond) % 60,
                in_day / kMicrosPerSecond % 60,
                in_day % kMicrosPerSecond};
  if (!shape_.empty() && fields.year >= 0 && fields.year <= 9999) {
    const size_t begin = out->size();
    *out += shape_;
    for (const Slot& slot : slots_) {
      int64_t value = *FieldOf(&fields, slot.letter);
      if (slot.letter == 'S') value /= PowerOf10(6 - slot.width);
      for (int i = slot.width - 1; i >= 0; --i, value /= 10) {
        (*out)[begin + slot.offset + i] = static_cast<char>('0' + value % 10);
      }
    }
    return;
  }
  for (const Piece& piece : pieces_) {
    if (piece.letter == 0) {
      *out += piece.literal;
      continue;
    }
    int64_t value = *FieldOf(&fields, piece.letter);
    if (piece.letter == 'S') value /= PowerOf10(6 - piece.width);
    AppendDigits(value, piece.width, out);
  }
}

}  // namespace headrace::expr
