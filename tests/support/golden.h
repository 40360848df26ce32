// Golden texts: a file beside the test, compared with what the code gives now.
// HEADRACE_GOLDEN_UPDATE=1 rewrites it.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace headrace {

inline std::string ReadTextFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// `test_file` is __FILE__ of the test; `name` is relative to its directory.
inline void ExpectGolden(const std::string& test_file, const std::string& name,
                         const std::string& actual) {
  const std::string path = test_file.substr(0, test_file.rfind('/') + 1) + name;
  if (std::getenv("HEADRACE_GOLDEN_UPDATE") != nullptr) {
    std::ofstream(path, std::ios::binary) << actual;
    return;
  }
  EXPECT_EQ(ReadTextFile(path), actual)
      << "golden file " << path
      << "; rewrite it with HEADRACE_GOLDEN_UPDATE=1 if the new text is right";
}

// Replaces what stands between the markers "<!-- name -->" and "<!-- end of name -->" of a page and
// expects no change.
inline void ExpectGeneratedPart(const std::string& test_file, const std::string& name,
                                const std::string& marker, const std::string& part) {
  const std::string path = test_file.substr(0, test_file.rfind('/') + 1) + name;
  const std::string page = ReadTextFile(path);
  const std::string begin = "<!-- " + marker + " -->\n", end = "<!-- end of " + marker + " -->";
  const size_t from = page.find(begin), to = page.find(end);
  ASSERT_NE(from, std::string::npos) << path << " has no marker " << begin;
  ASSERT_NE(to, std::string::npos) << path << " has no marker " << end;
  ExpectGolden(test_file, name, page.substr(0, from + begin.size()) + part + page.substr(to));
}

}  // namespace headrace
