// Every bad input has its line: what, where, why, what to do.
#include <gtest/gtest.h>

#include <limits>

#include "source/csv_reading.h"

namespace headrace {
namespace {

struct BadCase {
  std::string name;
  std::string text;
  ReadSettings settings;
  std::string message;  // FILE stands for the path
};

ReadSettings With(const std::function<void(CsvOptions*)>& change) {
  ReadSettings settings;
  change(&settings.csv);
  return settings;
}

std::string MessageOf(const BadCase& bad, int64_t batch_bytes) {
  const std::string path = WriteTestFile("bad.csv", bad.text);
  ReadSettings settings = bad.settings;
  settings.batch_bytes = batch_bytes;
  const auto table = ReadFiles({path}, settings);
  std::string message = table.ok() ? "no error" : FormatError(table.status());
  for (size_t at = message.find(path); at != std::string::npos; at = message.find(path))
    message.replace(at, path.size(), "FILE");
  return message;
}

const std::vector<BadCase>& BadCases() {
  static const std::vector<BadCase> cases = {
      {"value of a given type", "a,b\n1,x\n2,y\nz3,\"q\"\n",
       With([](CsvOptions* csv) { csv->types = {{"a", "int64"}}; }),
       "error E0401 (bad input): a value does not fit the type of its column; give the column "
       "another type with --types, "
       "or read all as text with --all-strings: FILE:4 (byte 12), column a (int64): 'z3': not a "
       "whole number"},
      {"out of range", "a\n1\n300\n", With([](CsvOptions* csv) {
         csv->types = {{"a", "int8"}};
         csv->header = true;
       }),
       "error E0401 (bad input): a value does not fit the type of its column; give the column "
       "another type with --types, "
       "or read all as text with --all-strings: FILE:3 (byte 4), column a (int8): '300': out of "
       "range -128 to 127"},
      {"decimal digits", "a\n1.005\n", With([](CsvOptions* csv) {
         csv->types = {{"a", "decimal(6,2)"}};
         csv->header = true;
       }),
       "error E0401 (bad input): a value does not fit the type of its column; give the column "
       "another type with --types, "
       "or read all as text with --all-strings: FILE:2 (byte 2), column a (decimal(6,2)): '1.005': "
       "more than 2 fractional "
       "digits"},
      {"a line break before it", "a,b\n\"x\ny\",1\nz,1e\n",
       With([](CsvOptions* csv) { csv->types = {{"b", "double"}}; }),
       "error E0401 (bad input): a value does not fit the type of its column; give the column "
       "another type with --types, "
       "or read all as text with --all-strings: FILE:4 (byte 14), column b (double): '1e': not a "
       "number"},
      {"too few fields",
       "a,b,c\n1,2,3\n4,5\n",
       {},
       "error E0402 (bad input): a record has fewer fields than the header; check --delimiter and "
       "--quote, or mend the "
       "line: FILE:3 (byte 12): 2 fields instead of 3: '4,5'"},
      {"too many fields",
       "a,b\n1,2\n3,4,5\n6,7\n",
       {},
       "error E0402 (bad input): a record has more fields than the header; check --delimiter and "
       "--quote, or mend the "
       "line: FILE:3 (byte 8): 3 fields instead of 2: '3,4,5'"},
      {"quote never closed", "a,b\n1,x\n2,\"y\n3,z\n",
       With([](CsvOptions* csv) { csv->quote = '"'; }),
       "error E0403 (bad input): a quote is opened and never closed; close it, or name the right "
       "--quote: FILE:3 (byte "
       "10): '\"y'"},
      {"text after a closing quote", "a,b\n1,\"x\"y\n",
       With([](CsvOptions* csv) { csv->quote = '"'; }),
       "error E0404 (bad input): text after a closing quote; quotes inside a quoted field must be "
       "doubled (see --quote and "
       "--escape): FILE:2 (byte 9): near '1,\"x\"y'"},
      {"not UTF-8",
       "a,b\n1,caf\xe9\n",
       {},
       "error E0406 (bad input): text is not UTF-8; name its encoding, e.g. --encoding latin-1 or "
       "windows-1252: FILE:2 "
       "(byte 9): byte 0xe9"},
      {"header not UTF-8",
       "a,\xe9\n1,2\n",
       {},
       "error E0406 (bad input): the header is not UTF-8; name its encoding, e.g. --encoding "
       "latin-1 or windows-1252: "
       "FILE:1"},
      {"binary",
       std::string("PK\0\0a,b\n", 8),
       {},
       "error E0407 (bad input): this is not text: it holds NUL bytes; name its format with "
       "--from, or its --encoding "
       "(utf-16?): FILE byte 2"},
      {"empty",
       "",
       {},
       "error E0408 (bad input): the file has no records, so its columns are unknown: FILE:1 (0 "
       "bytes)"},
      {"unknown type column", "fare,b\n1,2\n",
       With([](CsvOptions* csv) { csv->types = {{"fore", "int64"}}; }),
       "error E0163 (invalid configuration): no such column in FILE: 'fore'; did you mean 'fare'?"},
      {"delimiter is quote", "a\"b\n", With([](CsvOptions* csv) { csv->delimiter = '"'; }),
       "error E0164 (invalid configuration): the delimiter must differ from quote, escape, comment "
       "and line ends: '\"'"},
      {"unknown encoding", "a\n", With([](CsvOptions* csv) { csv->encoding = "klingon"; }),
       "error E0160 (invalid configuration): unknown text encoding; use utf-8, latin-1, "
       "windows-1252, utf-16, utf-16le or "
       "utf-16be: 'klingon'"},
  };
  return cases;
}

TEST(CsvErrors, NameWhatWhereWhyAndWhatToDo) {
  for (const BadCase& bad : BadCases()) {
    EXPECT_EQ(MessageOf(bad, 1 << 20), bad.message) << bad.name;
  }
}

TEST(CsvErrors, AreTheSameWhereverBlocksEnd) {
  for (const BadCase& bad : BadCases()) {
    for (int64_t batch_bytes : {1, 2, 5, 7, 11})
      EXPECT_EQ(MessageOf(bad, batch_bytes), bad.message) << bad.name;
  }
}

TEST(CsvErrors, HeaderAloneIsNoRows) {
  ASSERT_OK_AND_ASSIGN(auto table, ReadText("a,b\n"));
  EXPECT_EQ(table->num_rows(), 0);
  EXPECT_EQ(table->ColumnNames(), (std::vector<std::string>{"a", "b"}));
}

TEST(CsvErrors, LongFieldsStopAtTheLimit) {
  ReadSettings settings;
  settings.batch_bytes = 64;
  settings.csv.field_bytes_max = 1000;
  settings.csv.header = true;
  const std::string fits = "a,b\n" + std::string(1000, 'x') + ",2\n3,4\n";
  ASSERT_OK_AND_ASSIGN(auto table, ReadText(fits, settings));
  EXPECT_EQ(table->num_rows(), 2);
  const auto failed = ReadText("a,b\n" + std::string(1001, 'x') + ",2\n", settings);
  ASSERT_EQ(GetErrorCode(failed.status()), 405) << failed.status();
  const auto unclosed = ReadText("a,b\n1,2\n\"" + std::string(100'000, 'x') + "\n", settings);
  ASSERT_EQ(GetErrorCode(unclosed.status()), 405) << unclosed.status();
  EXPECT_NE(unclosed.status().message().find(":3 (byte 8)"), std::string::npos)
      << unclosed.status();
}

struct RaggedCase {
  std::string text;
  std::string place;
};

// Short records and a long one that add up to what right records would have.
std::vector<RaggedCase> RaggedCases() {
  std::string right;
  for (int i = 0; i < 3000; ++i) right += "1,2\n";
  return {
      {"a,b\n1\n2\n" + right + "x,y,z,w\n", ":2 (byte 4)"},
      {"a,b\n5,6\n1\n2\nx,y,z,w\n", ":3 (byte 8)"},
      {"a,b\n5,6\n7,8\n\n1\n2\n3\n4,5,6,7,8\n", ":5 (byte 13)"},
      {"a,b\nx,y,z\n1\n" + right, ":2 (byte 4)"},
      {"a,b\n5,6\n\n7,8,9\n" + right, ":4 (byte 9)"},
      {"a,b\n\"l\nm\",1\n1\n2\n" + right + "x,y,z,w\n", ":4 (byte 12)"},
      {"a,b\n5\" pipe,1\n1\n2\n" + right + "x,y,z,w\n", ":3 (byte 14)"},
      {"a,b,c\n1\n2\n3\n1,2,3\n1,2,3,4,5,6,7,8,9\n", ":2 (byte 6)"},
  };
}

TEST(CsvErrors, TheFirstRaggedLineIsNamedWhateverTheBlocks) {
  for (const RaggedCase& ragged : RaggedCases()) {
    for (bool all_strings : {true, false}) {
      for (int64_t batch_bytes : {1 << 20, 4096, 64, 7}) {
        for (int64_t chunk_rows : {1, 2, 3, 1000, 50'000}) {
          ReadSettings settings;
          settings.csv.delimiter = ',';
          settings.csv.quote = '"';
          settings.csv.header = true;
          settings.csv.all_strings = all_strings;
          settings.batch_bytes = batch_bytes;
          settings.chunk_rows = chunk_rows;
          const Status failed = ReadText(ragged.text, settings).status();
          ASSERT_EQ(GetErrorCode(failed), 402) << failed;
          ASSERT_NE(failed.message().find(ragged.place), std::string::npos)
              << failed << batch_bytes << " " << chunk_rows;
        }
      }
    }
  }
}

// What comes before the error must be right: a limit may take it and end the run.
TEST(CsvErrors, NoRowIsMadeOfTwoShortRecords) {
  const std::string path =
      WriteTestFile("ragged.csv", "a,b\n1,2\n3\n4\nx,y,z,w\n5,6\n\"7\n7\",8\n");
  for (int64_t chunk_rows : {1, 2, 3, 100}) {
    ReadSettings settings;
    settings.csv.all_strings = true;
    settings.csv.header = true;
    settings.csv.delimiter = ',';
    settings.csv.quote = '"';
    settings.chunk_rows = chunk_rows;
    ASSERT_OK_AND_ASSIGN(auto scan, OpenCsvScan({{path, -1}}, settings.csv, TestContext(settings)));
    ASSERT_OK_AND_ASSIGN(auto source, TypeAndStart(scan.get(), {}, settings.batch_bytes));
    ASSERT_OK_AND_ASSIGN(auto morsel, source->Next());
    std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
    const Status status = source->Read(std::move(morsel), [&](Batch batch) {
      batches.push_back(batch.columns);
      return Status::OK();
    });
    EXPECT_EQ(GetErrorCode(status), 402) << status;
    ASSERT_OK_AND_ASSIGN(auto table, arrow::Table::FromRecordBatches(source->schema(), batches));
    EXPECT_EQ(Cells(*table), (std::vector<std::vector<std::string>>{{"[1]", "[2]"}})) << chunk_rows;
  }
  std::remove(path.c_str());
}

TEST(CsvErrors, BatchesAboveAGibibyteAreRefused) {
  for (int64_t batch_bytes : {(1LL << 30) + 1, 1LL << 33, 1LL << 50}) {
    ReadSettings settings;
    settings.batch_bytes = batch_bytes;
    const Status failed = ReadText("a,b\n1,2\n", settings).status();
    EXPECT_EQ(GetErrorCode(failed), 167) << failed;
    EXPECT_EQ(GetErrorKind(failed), ErrorKind::kInvalidConfig);
  }
  ReadSettings settings;
  settings.batch_bytes = 1LL << 30;
  settings.csv.field_bytes_max = std::numeric_limits<int64_t>::max();
  ASSERT_OK_AND_ASSIGN(auto table, ReadText("a,b\n1,2\n", settings));
  EXPECT_EQ(table->num_rows(), 1);
}

}  // namespace
}  // namespace headrace
