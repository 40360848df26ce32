#include "source/json/json_splitter.h"

#include <algorithm>

namespace headrace {
namespace {

bool IsSpace(uint8_t c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

}  // namespace

void JsonSplitter::Scan(uint8_t* text, int64_t from, int64_t to) {
  int64_t at = from;
  while (at < to && misplaced_at_ < 0) {
    if (depth_ > 0 || in_string_ || in_word_) {
      at = Inside(text, at, to);
      continue;
    }
    const uint8_t c = text[at];
    if (!IsSpace(c) && (framing_ != JsonFraming::kArray || Between(text, at))) {
      Begin(c);
    }
    ++at;
  }
}

// Takes the first byte of a value.
void JsonSplitter::Begin(uint8_t c) {
  in_string_ = c == '"';
  depth_ = c == '{' || c == '[' ? 1 : 0;
  in_word_ = !in_string_ && depth_ == 0;
}

// From inside a value to behind it, or to the end of the text.
int64_t JsonSplitter::Inside(const uint8_t* text, int64_t from, int64_t to) {
  for (int64_t at = from; at < to; ++at) {
    const uint8_t c = text[at];
    if (in_string_) {
      if (escaped_) {
        escaped_ = false;
      } else if (c == '\\') {
        escaped_ = true;
      } else if (c == '"') {
        in_string_ = false;
        if (depth_ == 0) return EndValue(at + 1), at + 1;
      }
    } else if (in_word_) {
      const bool ends = IsSpace(c) || (framing_ == JsonFraming::kArray && (c == ',' || c == ']'));
      if (ends) return EndValue(at), at;
    } else if (c == '"') {
      in_string_ = true;
    } else if (c == '{' || c == '[') {
      ++depth_;
    } else if (c == '}' || c == ']') {
      if (--depth_ == 0) return EndValue(at + 1), at + 1;
    }
  }
  return to;
}

void JsonSplitter::EndValue(int64_t position) {
  in_word_ = false;
  whole_bytes_ = position;
  place_ = Place::kBehindElement;
}

// Takes a byte outside of the elements. True when it begins one.
bool JsonSplitter::Between(uint8_t* text, int64_t at) {
  const uint8_t byte = text[at];
  const auto step = [&](Place place) {
    text[at] = ' ';
    place_ = place;
    return false;
  };
  switch (place_) {
    case Place::kBeforeArray:
      if (byte == '[') return step(Place::kFirstElement);
      expected_ = "'['";
      break;
    case Place::kFirstElement:
    case Place::kElement:
      if (byte == ']' && place_ == Place::kFirstElement) return step(Place::kBehindArray);
      if (byte != ',' && byte != ']' && byte != '}' && byte != ':') return true;
      expected_ = "an element of the array";
      break;
    case Place::kBehindElement:
      if (byte == ',') return step(Place::kElement);
      if (byte == ']') return step(Place::kBehindArray);
      expected_ = "',' or ']' between the elements of the array";
      break;
    case Place::kBehindArray:
      expected_ = "nothing more behind the array";
      break;
  }
  misplaced_at_ = at;
  return false;
}

void JsonSplitter::Finish(int64_t length) {
  if (in_word_) EndValue(length);
}

void JsonSplitter::Shift(int64_t bytes) {
  whole_bytes_ -= bytes;
  if (misplaced_at_ >= 0) misplaced_at_ -= bytes;
}

int64_t JsonValueBytes(const uint8_t* begin, const uint8_t* end) {
  JsonSplitter splitter(JsonFraming::kDocuments);
  splitter.Begin(*begin);
  return splitter.Inside(begin, 1, end - begin);
}

JsonFraming DetectJsonFraming(const uint8_t* begin, const uint8_t* end, bool whole) {
  const uint8_t* at = std::find_if_not(begin, end, IsSpace);
  if (at == end) return JsonFraming::kLines;
  const uint8_t* const line_end = std::find(at, end, '\n');
  JsonCursor cursor(at, end, JsonFraming::kLines);
  if (cursor.SkipValue()) {
    // A lone carriage return that ends lines is a blank like others.
    const bool returns = *cursor.at == '\r' && cursor.at + 1 < end && cursor.at[1] != '\n';
    if (returns && *at != '[') return JsonFraming::kDocuments;
    return *at == '[' ? JsonFraming::kArray : JsonFraming::kLines;
  }
  if (*at == '[') return JsonFraming::kArray;
  // A value that goes on in the next line, which is no value of its own.
  if (cursor.problem_at != line_end || (line_end == end && !whole)) return JsonFraming::kLines;
  const uint8_t* const next = std::find_if_not(line_end, end, IsSpace);
  return next == end || *next == '{' ? JsonFraming::kLines : JsonFraming::kDocuments;
}

}  // namespace headrace
