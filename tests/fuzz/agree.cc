// Do all ways of doing the same give the same? `agree --inputs N [--seed S]`: N random texts
// through every structure scanner and N random values through every parser of values.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>

#include "fuzz/structure_agreement.h"
#include "fuzz/value_agreement.h"

namespace headrace::fuzz {
namespace {

using Random = std::mt19937_64;

template <size_t N>
const char* OneOf(Random* random, const char* const (&choices)[N]) {
  return choices[(*random)() % N];
}

std::string RandomFrom(Random* random, std::string_view alphabet, size_t length) {
  std::string text(length, ' ');
  for (char& c : text) c = alphabet[(*random)() % alphabet.size()];
  return text;
}

// Every third text is longer than a few words of 64 bytes; the alphabets go from nearly all
// structure to nearly none.
std::string RandomStructure(Random* random, const Dialect& dialect) {
  static constexpr const char* kAlphabets[] = {"a,\n\"", "ab,,\n\n\"\r", "abcdefgh,\n\"\xc3",
                                               "\"\"\",\n", "abc ,,,;\t|'\n\r"};
  const size_t length_max = (*random)() % 3 == 0 ? 400 : 40;
  std::string text = RandomFrom(random, OneOf(random, kAlphabets), (*random)() % length_max);
  for (char& c : text) {
    if (c == ',') c = static_cast<char>(dialect.delimiter);
    if (c == '"' && dialect.quote != kNoCharacter) c = static_cast<char>(dialect.quote);
  }
  return text;
}

// Quoted where the RFC wants it, so that long texts are regular too.
std::string RandomRegular(Random* random, const Dialect& dialect) {
  std::string text;
  const int fields = static_cast<int>((*random)() % 40);
  for (int i = 0; i < fields; ++i) {
    const uint64_t kind = (*random)() % 4;
    if (kind != 0 || dialect.quote == kNoCharacter) {
      text += RandomFrom(random, "abc 12", (*random)() % 20);
    } else {
      const char quote = static_cast<char>(dialect.quote);
      text += quote;
      for (char c : RandomFrom(random, "a,\n\r\"", (*random)() % 12))
        text += c == '"' ? std::string(2, quote) : std::string(1, c);
      text += quote;
    }
    if ((*random)() % 4 != 0) {
      text += static_cast<char>(dialect.delimiter);
    } else {
      if (dialect.newline == '\n' && (*random)() % 4 == 0) text += '\r';
      text += static_cast<char>(dialect.newline);
    }
  }
  return text;
}

Dialect RandomDialect(Random* random) {
  Dialect dialect;
  if ((*random)() % 2 == 0) return dialect;
  dialect.delimiter = static_cast<uint8_t>(",;\t|"[(*random)() % 4]);
  dialect.quote = (*random)() % 8 == 0 ? kNoCharacter : "\"'"[(*random)() % 2];
  if ((*random)() % 4 == 0) dialect.newline = '\r';
  return dialect;
}

std::string RandomNumber(Random* random) {
  static constexpr const char* kSigns[] = {"", "", "", "-", "+"};
  static constexpr const char* kExponents[] = {"", "", "", "", "e", "E-", "e+"};
  std::string text = OneOf(random, kSigns);
  text += RandomFrom(random, "0123456789", (*random)() % ((*random)() % 4 == 0 ? 24 : 12));
  if ((*random)() % 2 == 0)
    text += "." + RandomFrom(random, "0123456789", (*random)() % ((*random)() % 4 == 0 ? 24 : 6));
  const std::string exponent = OneOf(random, kExponents);
  if (!exponent.empty()) text += exponent + RandomFrom(random, "0123456789", (*random)() % 4);
  return text;
}

std::string RandomTime(Random* random) {
  static constexpr const char* kZones[] = {"",    "",      "",       "Z",      " Z",
                                           "+01", "-0530", "+18:59", " +02:00"};
  char text[64];
  const auto below = [&](unsigned most) { return static_cast<unsigned>((*random)() % most); };
  const int date =
      std::snprintf(text, sizeof(text), "%04u-%02u-%02u",
                    below(4) == 0 ? below(10'000) : 1900 + below(200), below(13), below(32));
  if (below(3) == 0) return text;
  int end = date + std::snprintf(text + date, sizeof(text) - date, "%c%02u:%02u", " T"[below(2)],
                                 below(25), below(61));
  if (below(4) != 0) end += std::snprintf(text + end, sizeof(text) - end, ":%02u", below(61));
  std::string time(text + (below(4) == 0 ? date + 1 : 0), text + end);
  if (below(3) == 0)
    time += "." + RandomFrom(random, below(2) == 0 ? "0123456789" : "0", below(11));
  return time + OneOf(random, kZones);
}

// A number, a time or a word; every second one with a byte changed, put in or taken out.
std::string RandomValue(Random* random) {
  static constexpr const char* kWords[] = {"nan",
                                           "inf",
                                           "-Infinity",
                                           "9223372036854775807",
                                           "-9223372036854775808",
                                           "9223372036854775808",
                                           "1e308",
                                           "1e309",
                                           "4.9e-324",
                                           "2.2250738585072014e-308",
                                           "0001-01-01T00:00:00+00:01",
                                           "-0.0",
                                           ""};
  const uint64_t kind = (*random)() % 16;
  std::string text = kind == 0  ? std::string(OneOf(random, kWords))
                     : kind < 9 ? RandomNumber(random)
                                : RandomTime(random);
  if ((*random)() % 2 == 0) return text;
  static constexpr std::string_view kBytes = "0123456789.+-:eETZ \xb0/";
  const size_t at = (*random)() % (text.size() + 1);
  const char byte = kBytes[(*random)() % kBytes.size()];
  const uint64_t change = (*random)() % 3;
  if (change == 0) text.insert(at, 1, byte);
  if (change == 1 && at < text.size()) text[at] = byte;
  if (change == 2 && at < text.size()) text.erase(at, 1);
  return text;
}

int Run(int64_t inputs, uint64_t seed) {
  std::printf("replay: agree --inputs %lld --seed %llu\n", static_cast<long long>(inputs),
              static_cast<unsigned long long>(seed));
  std::fflush(stdout);
  Random random(seed);
  StructureAgreement structures;
  ValueAgreement values;
  for (int64_t i = 0; i < inputs; ++i) {
    const Dialect dialect = RandomDialect(&random);
    const std::string text =
        i % 4 == 0 ? RandomRegular(&random, dialect) : RandomStructure(&random, dialect);
    std::string difference = structures.Check(text, dialect);
    if (difference.empty()) difference = values.Check(RandomValue(&random));
    if (difference.empty()) continue;
    std::fprintf(stderr, "input %lld: %s\ntext: %s\n", static_cast<long long>(i),
                 difference.c_str(), text.c_str());
    return 1;
  }
  std::printf("agree: %lld texts (%lld regular) by %s; %lld values (%lld valid)\n",
              static_cast<long long>(structures.checked()),
              static_cast<long long>(structures.regular()), structures.names().c_str(),
              static_cast<long long>(values.checked()), static_cast<long long>(values.values()));
  return 0;
}

}  // namespace
}  // namespace headrace::fuzz

int main(int argc, char** argv) {
  int64_t inputs = 200'000;
  uint64_t seed = std::random_device()();
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--inputs") == 0) inputs = std::strtoll(argv[i + 1], nullptr, 10);
    if (std::strcmp(argv[i], "--seed") == 0) seed = std::strtoull(argv[i + 1], nullptr, 10);
  }
  return headrace::fuzz::Run(inputs, seed);
}
