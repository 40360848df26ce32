// Date patterns of Java letters: a checked subset with fixed widths.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace headrace::expr {

// Role: one compiled pattern. Letters: yyyy, MM, dd, HH, mm, ss, S to SSSSSS (fraction), M d H m s
// (one or two digits); 'quoted' text and all other non-letters stand for themselves. Threads:
// immutable, any thread.
class DatePattern {
 public:
  // The error is the reason alone; the caller knows the place.
  static Result<DatePattern> Compile(std::string_view pattern);

  // Microseconds since 1970-01-01 of the whole text; fields left out are 0, or 1 for month and day.
  // nullopt when the text does not match or there is no such moment.
  std::optional<int64_t> Parse(std::string_view text) const;
  void Format(int64_t micros, std::string* out) const;
  bool has_date() const { return has_date_; }  // year, month and day are all there
  bool has_time() const { return has_time_; }

 private:
  struct Piece {
    char letter;  // 0: literal
    int width;    // of the letter's run
    std::string literal;
  };
  // Where a letter's digits go in shape_. Patterns of fixed widths alone are written by filling a
  // copy of it.
  struct Slot {
    char letter;
    int width;
    size_t offset;
  };
  void AddShape();
  std::vector<Piece> pieces_;
  std::string shape_;  // empty when a width varies
  std::vector<Slot> slots_;
  bool has_date_ = false;
  bool has_time_ = false;
};

}  // namespace headrace::expr
