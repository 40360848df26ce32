// The examples of the function table, run.
#include "expr/function_table.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "expression_fixture.h"

namespace headrace::expr {
namespace {

std::vector<std::pair<std::string, std::string>> ExamplesOf(const FunctionDoc& doc) {
  std::vector<std::pair<std::string, std::string>> out;
  std::string_view rest = doc.example;
  while (!rest.empty()) {
    const size_t end = rest.find("; ");
    const std::string_view example = rest.substr(0, end);
    const size_t arrow = example.find(" -> ");
    EXPECT_NE(arrow, std::string_view::npos) << doc.name << ": " << example;
    if (arrow == std::string_view::npos) return out;
    out.emplace_back(example.substr(0, arrow), example.substr(arrow + 4));
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 2);
  }
  return out;
}

TEST(FunctionTable, ExamplesGiveWhatTheySay) {
  int examples = 0;
  for (const auto& doc : FunctionReference()) {
    EXPECT_FALSE(doc.example.empty()) << doc.name;
    for (const auto& [expression, expected] : ExamplesOf(doc)) {
      ++examples;
      const std::string actual = One(expression);
      if (expected == "error") {
        EXPECT_THAT(actual, testing::StartsWith("error: ")) << doc.name << ": " << expression;
      } else {
        EXPECT_EQ(actual, One(expected)) << doc.name << ": " << expression;
      }
    }
  }
  EXPECT_GT(examples, 40);
}

TEST(FunctionTable, EveryEntryIsDocumented) {
  for (const auto& doc : FunctionReference()) {
    EXPECT_FALSE(doc.signature.empty()) << doc.name;
    EXPECT_FALSE(doc.summary.empty()) << doc.name;
    EXPECT_FALSE(doc.spark_sql.empty()) << doc.name;
  }
}

// docs/functions.md is this table, printed. HEADRACE_GOLDEN_UPDATE=1 writes it.
TEST(FunctionTable, ReferencePageIsUpToDate) {
  const std::string path = HEADRACE_SOURCE_DIR "/docs/functions.md";
  if (std::getenv("HEADRACE_GOLDEN_UPDATE")) {
    std::ofstream(path, std::ios::binary) << FunctionReferenceMarkdown();
  }
  std::ifstream file(path, std::ios::binary);
  std::stringstream committed;
  committed << file.rdbuf();
  EXPECT_TRUE(committed.str() == FunctionReferenceMarkdown())
      << path << " is behind; HEADRACE_GOLDEN_UPDATE=1 and this test write it again";
}

}  // namespace
}  // namespace headrace::expr
