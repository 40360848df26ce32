// LIKE patterns.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"

namespace headrace::expr {

// Role: one compiled pattern: % is any text, _ one code point; a character after the escape stands
// for itself. Patterns without _ and with % only at the ends are one search. Threads: immutable,
// any thread.
class LikePattern {
 public:
  // The error is the reason alone. `escape`: one character, or none.
  static Result<LikePattern> Compile(std::string_view pattern,
                                     std::optional<std::string_view> escape);
  // The same pattern with kNeutralEscape for its escape character, so that its letters can be
  // lowered.
  static Result<std::string> WithNeutralEscape(std::string_view pattern,
                                               std::optional<std::string_view> escape);
  static constexpr std::string_view kNeutralEscape = "\x01";  // no letter
  bool Matches(std::string_view text) const;
  // The text every match begins with, "" when there is none; for pruning.
  const std::string& prefix() const { return prefix_; }

 private:
  enum class Form : uint8_t { kExact, kPrefix, kSuffix, kContains, kGeneral };
  // kGeneral: bytes of the pattern beside what each stands for.
  enum class Symbol : char { kByte, kOne, kMany };

  bool MatchesGeneral(std::string_view text) const;

  Form form_ = Form::kExact;
  std::string literal_;  // of all forms but kGeneral
  std::string prefix_;
  std::string bytes_;    // kGeneral
  std::string symbols_;  // Symbol per byte
};

}  // namespace headrace::expr
