// Several files as one input: columns by name, places of records, the path as a column.
#include <gtest/gtest.h>

#include "source/csv_reading.h"
#include "source/schema_union.h"

namespace headrace {
namespace {

using Rows = std::vector<std::vector<std::string>>;

class ManyFiles : public ::testing::Test {
 protected:
  ~ManyFiles() override {
    for (const std::string& path : paths_) std::remove(path.c_str());
  }
  std::string Put(const std::string& name, const std::string& content) {
    return paths_.emplace_back(WriteTestFile(name, content));
  }
  // Reads through OpenScan, as a run does.
  Result<std::shared_ptr<arrow::Table>> Read(const InputSpec& input, ReadSettings settings = {},
                                             std::vector<std::string>* evidence = nullptr) {
    ScanContext context = TestContext(settings);
    Cancellation cancellation;
    context.cancellation = &cancellation;
    ARROW_ASSIGN_OR_RAISE(auto scan, OpenScan(input, context));
    ScanRequest request;
    request.columns = settings.columns;
    ARROW_ASSIGN_OR_RAISE(auto source, TypeAndStart(scan.get(), request, settings.batch_bytes));
    if (evidence != nullptr) *evidence = scan->evidence();
    return DrainSource(source.get(), settings.threads);
  }
  std::vector<std::string> paths_;
};

TEST_F(ManyFiles, StrictNamesBothFilesAndTheWayOut) {
  InputSpec input;
  input.paths = {Put("1.csv", "a,b\n1,2\n"), Put("2.csv", "b,a\n3,4\n")};
  ASSERT_OK_AND_ASSIGN(auto table, Read(input));
  EXPECT_EQ(Cells(*table), (Rows{{"1", "2"}, {"4", "3"}}));
  input.paths.push_back(Put("3.csv", "a,c\n5,6\n"));
  const Status failed = Read(input).status();
  EXPECT_EQ(GetErrorCode(failed), 410);
  for (const char* part : {"1.csv", "3.csv", "lacks 'b'", "adds 'c'", "--schema-mode union"})
    EXPECT_NE(failed.message().find(part), std::string::npos) << failed;
}

TEST_F(ManyFiles, UnionTakesColumnsInOrderOfAppearanceAndMergesTypes) {
  InputSpec input;
  input.schema_mode = SchemaMode::kUnion;
  input.paths = {Put("1.csv", "a,b\n1,x\n"), Put("2.csv", "c,a\n2024-01-01,1.5\n"),
                 Put("3.csv", "b,d\ny,true\n")};
  for (const int threads : {1, 3}) {
    ReadSettings settings;
    settings.threads = threads;
    ASSERT_OK_AND_ASSIGN(auto table, Read(input, settings));
    EXPECT_EQ(table->ColumnNames(), (std::vector<std::string>{"a", "b", "c", "d"}));
    EXPECT_EQ(TypesOf(*table), "double string date32[day] bool");
    EXPECT_EQ(Cells(*table), (Rows{{"1", "[x]", "NULL", "NULL"},
                                   {"1.5", "NULL", "2024-01-01", "NULL"},
                                   {"NULL", "[y]", "NULL", "true"}}));
  }
  ReadSettings some;
  some.columns = {"d", "a"};
  ASSERT_OK_AND_ASSIGN(auto table, Read(input, some));
  EXPECT_EQ(Cells(*table), (Rows{{"NULL", "1"}, {"NULL", "1.5"}, {"true", "NULL"}}));
}

TEST_F(ManyFiles, PlacesOfRecordsAreExact) {
  // A mark, comments, blank lines, line ends inside quotes, CRLF.
  const std::string text =
      "\xef\xbb\xbf"
      "# note\na,b\r\n1,\"x\r\ny\"\r\n\r\n# between\n2,\"\n\n\"\n3,z";
  InputSpec input;
  input.csv.comment = '#';
  input.file_column = "file";
  input.line_column = "line";
  input.offset_column = "at";
  input.paths = {Put("1.csv", text), Put("2.csv", "b,a\nq,9\n")};
  const Rows expected = {{"1", "[x\r\ny]", "3", std::to_string(text.find("1,\"x")), ""},
                         {"2", "[\n\n]", "7", std::to_string(text.find("2,\"")), ""},
                         {"3", "[z]", "10", std::to_string(text.find("3,z")), ""},
                         {"9", "[q]", "2", "4", ""}};
  for (const int64_t batch_bytes : {1, 7, 30, 1 << 20}) {
    for (const int64_t chunk_rows : {1, 50'000}) {
      ReadSettings settings;
      settings.threads = 2;
      settings.batch_bytes = batch_bytes;
      settings.chunk_rows = chunk_rows;
      ASSERT_OK_AND_ASSIGN(auto table, Read(input, settings));
      EXPECT_EQ(table->ColumnNames(), (std::vector<std::string>{"a", "b", "line", "at", "file"}));
      Rows rows = Cells(*table);
      for (size_t i = 0; i < rows.size(); ++i) {
        EXPECT_EQ(rows[i].back(), "[" + input.paths[i < 3 ? 0 : 1] + "]");
        rows[i].back().clear();
      }
      ASSERT_EQ(rows, expected) << batch_bytes << " " << chunk_rows;
    }
  }
  ReadSettings some;
  some.columns = {"at", "a"};
  ASSERT_OK_AND_ASSIGN(auto table, Read(input, some));
  EXPECT_EQ(TypesOf(*table), "int64 int64");
}

TEST_F(ManyFiles, NamesOfAddedColumnsMustBeNew) {
  const auto code_of = [&](auto change) {
    InputSpec input;
    input.paths = {Put("1.csv", "a,b\n1,2\n")};
    change(&input);
    return GetErrorCode(Read(input).status());
  };
  EXPECT_EQ(code_of([](InputSpec* input) { input->line_column = "a"; }), 173);
  EXPECT_EQ(code_of([](InputSpec* input) { input->line_column = input->offset_column = "n"; }),
            173);
  EXPECT_EQ(code_of([](InputSpec* input) { input->file_column = "b"; }), 171);
  EXPECT_EQ(code_of([](InputSpec* input) { input->file_column = input->line_column = "n"; }), 171);
  EXPECT_EQ(code_of([](InputSpec* input) {
              input->line_column = "n";
              input->csv.types = {{"n", "int32"}};
            }),
            173);
}

TEST_F(ManyFiles, ARowLimitLimitsWhatTypesAreFoundOver) {
  std::string text = "a\n";
  for (int i = 0; i < 1000; ++i) text += std::to_string(i) + "\n";
  text += "word\n";
  ReadSettings settings;
  settings.threads = 3;
  settings.batch_bytes = 100;
  ScanContext context = TestContext(settings);
  const std::string path = Put("1.csv", text);
  for (const auto& [limit, type] : {std::pair(999, "int64"), std::pair(1000, "int64"),
                                    std::pair(1001, "string"), std::pair(-1, "string")}) {
    ASSERT_OK_AND_ASSIGN(auto scan, OpenCsvScan({{path, -1}}, {}, context));
    ScanRequest request;
    request.row_limit = limit;
    ASSERT_OK_AND_ASSIGN(auto schema, scan->Type(request));
    EXPECT_EQ(schema->field(0)->type()->ToString(), type) << limit;
  }
}

std::string Widened(const std::shared_ptr<arrow::DataType>& one,
                    const std::shared_ptr<arrow::DataType>& other) {
  const auto type = WidenedType(one, other), turned = WidenedType(other, one);
  if (type == nullptr) return turned == nullptr ? "none" : "one-sided";
  return turned != nullptr && turned->id() == type->id() ? type->ToString() : "one-sided";
}

TEST(SchemaUnion, WidensWithoutLoss) {
  EXPECT_EQ(Widened(arrow::int8(), arrow::int64()), "int64");
  EXPECT_EQ(Widened(arrow::uint8(), arrow::int8()), "int16");
  EXPECT_EQ(Widened(arrow::uint32(), arrow::int8()), "int64");
  EXPECT_EQ(Widened(arrow::uint64(), arrow::int8()), "decimal128(20, 0)");
  EXPECT_EQ(Widened(arrow::int16(), arrow::float32()), "float");
  EXPECT_EQ(Widened(arrow::int32(), arrow::float32()), "double");
  EXPECT_EQ(Widened(arrow::int64(), arrow::float64()), "none");
  EXPECT_EQ(Widened(arrow::float32(), arrow::float64()), "double");
  EXPECT_EQ(Widened(arrow::decimal128(10, 2), arrow::int32()), "decimal128(12, 2)");
  EXPECT_EQ(Widened(arrow::decimal128(10, 2), arrow::decimal128(9, 4)), "decimal128(12, 4)");
  EXPECT_EQ(Widened(arrow::decimal128(38, 0), arrow::decimal128(9, 4)), "none");
  EXPECT_EQ(
      Widened(arrow::timestamp(arrow::TimeUnit::SECOND), arrow::timestamp(arrow::TimeUnit::MICRO)),
      "timestamp[us]");
  EXPECT_EQ(Widened(arrow::timestamp(arrow::TimeUnit::SECOND, "UTC"),
                    arrow::timestamp(arrow::TimeUnit::MICRO)),
            "none");
  EXPECT_EQ(Widened(arrow::date32(), arrow::timestamp(arrow::TimeUnit::MICRO)), "timestamp[us]");
  EXPECT_EQ(WidenedType(arrow::utf8(), arrow::large_utf8())->ToString(), "string");
  EXPECT_EQ(Widened(arrow::null(), arrow::utf8()), "string");
  EXPECT_EQ(Widened(arrow::utf8(), arrow::int64()), "none");
  EXPECT_EQ(Widened(arrow::boolean(), arrow::int8()), "none");
}

}  // namespace
}  // namespace headrace
