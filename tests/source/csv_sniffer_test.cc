// The dialect that is found: what a user would have said.
#include "source/csv/sniffer.h"

#include <gtest/gtest.h>

#include "source/csv_reading.h"

namespace headrace {
namespace {

struct SniffCase {
  const char* text;
  const char* dialect;  // as DescribeDialect writes it
  CsvOptions options = {};
};

Result<std::string> Sniffed(const SniffCase& wanted) {
  const std::string path = WriteTestFile("sniffed.csv", wanted.text);
  auto* pool = arrow::default_memory_pool();
  ARROW_ASSIGN_OR_RAISE(auto input, TextInput::Make(path, static_cast<int64_t>(strlen(wanted.text)),
                                                    {}, {Env::Default(), pool, "", nullptr}));
  ARROW_ASSIGN_OR_RAISE(const auto sample, TextSample::Read(input.get(), 64 * 1024, pool));
  ARROW_ASSIGN_OR_RAISE(const auto result, SniffDialect(sample, wanted.options, path, pool));
  return DescribeDialect(result.dialect);
}

void ExpectDialects(const std::vector<SniffCase>& cases) {
  for (const SniffCase& wanted : cases) {
    ASSERT_OK_AND_ASSIGN(const std::string dialect, Sniffed(wanted));
    EXPECT_EQ(dialect, std::string("delimiter ") + wanted.dialect) << wanted.text;
  }
}

CsvOptions Options(char delimiter, char quote, char escape) {
  CsvOptions options;
  options.delimiter = delimiter;
  options.quote = quote;
  options.escape = escape;
  return options;
}

TEST(CsvSniffer, FindsHeaders) {
  ExpectDialects({
      {"a,b\n1,2\n3,4\n", "',', quote '\"', header"},
      {"1,2\n3,4\n", "',', quote '\"', no header"},
      {"name,city\nBob,Paris\n", "',', quote '\"', header"},
      // the unnamed index that tools write, above numbers of which none is missing
      {",name,city\n0,Bob,Paris\n1,Eve,Rome\n", "',', quote '\"', header"},
      {",b\n,x\n1,y\n", "',', quote '\"', no header"},
      // names with gaps; the same name twice is rather data
      {"who,why,,where\nBob,,x,Paris\nEve,y,,Rome\n", "',', quote '\"', header"},
      {"yes,,yes,no\nno,,yes,no\n", "',', quote '\"', no header"},
      {"Bob,,\nEve,,x\n", "',', quote '\"', no header"},
      // numbers in quotes above numbers without
      {"\"2019\",\"2020\"\n5,6\n7,8\n", "',', quote '\"', header"},
      {"\"2019\",\"2020\"\n\"5\",6\n7,\"8\"\n", "',', quote '\"', no header"},
  });
}

TEST(CsvSniffer, TakesADescribedTextAsDescribed) {
  ExpectDialects({
      {"1;2\n3;4\n", "';', quote none, header", Options(';', '\0', '\0')},
      {"# x\n1;2\n3;4\n", "';', quote '\"', header", Options(';', '"', '"')},
      // a quote that opens a field is a character where there are no quotes
      {"\"a\n\"b\n", "',', quote none, header", Options(',', '\0', '\0')},
  });
  CsvOptions bare;
  bare.quote = '\0';
  ExpectDialects({{"a;b\n\"x;1\n\"y;2\n", "';', quote none, header", bare}});
}

TEST(CsvSniffer, OneMistakenQuoteDoesNotEndQuoting) {
  ExpectDialects({
      {"a,b\n\"x\",\"y\"\n\"x\"y\",\"z\"\n", "',', quote '\"', header"},
      {"a\tb\n\"x\"\t\"y\"\n\"x\"y\"\t\"z\"\n", "'\\t', quote '\"', header"},
      // as many fields with quotes of their own, or a lone quote between tabs
      {"a,b\n\"x\",1\n\"x\" y \"z\",2\n", "',', quote none, header"},
      {"a\tb\n\"x\"\t\"y\"\n\"x\"y\"\t\"z\n", "'\\t', quote none, header"},
  });
}

TEST(CsvSniffer, FindsComments) {
  CsvOptions none;
  none.comment = '\0';
  ExpectDialects({
      {"# made today, by \"me\na;b\n1;2\n# 3, 4\n5;6\n# so far\n",
       "';', quote '\"', comment '#', header"},
      {"# made today\n\na,b\n1,2\n", "',', quote '\"', 2 lines skipped, header"},
      {"# a, b, c\na,b\n1,2\n#x,4\n", "',', quote '\"', header"},    // #x,4 may be a row
      {"a,b\n1,2\n# one\n3,4\n# two\n", "',', quote '\"', header"},  // broken rows, perhaps
      {"a,b\n1,2\n# one\n3,4\n", "',', quote '\"', header"},         // may be a broken row
      {"tag,n\n#x,1\n#y,2\n", "',', quote '\"', header"},            // tags
      {"#a,b\n1,2\n", "',', quote '\"', header"},                    // a name
      {"#x\n#y\n", "',', quote '\"', header"},                       // one column
      {"# x\na,b\n1,2\n", "',', quote '\"', 1 lines skipped, header", none},  // forbidden
  });
}

TEST(CsvSniffer, FindsWhereATableBegins) {
  CsvOptions headless, from_start;
  headless.header = false;
  from_start.skip_rows = 0;
  ExpectDialects({
      {"Sales\n\na,b\n1,x\n2,y\n", "',', quote '\"', 2 lines skipped, header"},
      {"some notes\nmore, notes\na,b,c\n1,2,3\n", "',', quote '\"', 2 lines skipped, header"},
      {"Sales\r\na;b\r\n1;x\r\n2;y\r\n", "';', quote '\"', 1 lines skipped, header"},
      // two tables
      {"k,w\n1,2\n3,4\na,b,c\n1,2,3\n4,5,6\n7,8,9\n", "',', quote '\"', header"},
      // a header that lacks the name of the row names
      {"a,b\nr1,1,2\nr2,3,4\n", "',', quote '\"', header"},
      // nothing tells the header from the rows, so it is no table for sure
      {"Names\nBob,Paris\nEve,Rome\nJim,Oslo\n", "',', quote '\"', header"},
      // as much before the table as in it
      {"a\nb\nc\nx,y\n1,2\n", "'\\t', quote '\"', header"},
      {"Sales\na,b\n1,x\n2,y\n", "',', quote '\"', no header", headless},
      {"Sales\na,b\n1,x\n2,y\n", "',', quote '\"', header", from_start},
  });
}

}  // namespace
}  // namespace headrace
