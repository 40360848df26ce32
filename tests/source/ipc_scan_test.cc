// Arrow files and streams as inputs: what is found in them, what is refused, and damage anywhere.
#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/writer.h>
#include <arrow/util/compression.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <random>

#include "source/arrow/ipc_scan.h"
#include "source/start_scan.h"
#include "support/arrow_kernels.h"
#include "support/random_batch.h"
#include "support/temporary_directory.h"

namespace headrace {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::shared_ptr<arrow::Schema> MixedSchema() {
  return arrow::schema({arrow::field("n", arrow::int64()), arrow::field("text", arrow::utf8()),
                        arrow::field("view", arrow::utf8_view()),
                        arrow::field("list", arrow::list(arrow::int32())),
                        arrow::field("pair", arrow::struct_({arrow::field("a", arrow::utf8()),
                                                             arrow::field("b", arrow::int16())})),
                        arrow::field("kind", arrow::dictionary(arrow::int32(), arrow::utf8()))});
}

enum class Form : uint8_t { kFile, kStream };

std::string Encode(const arrow::RecordBatch& batch, int64_t batch_rows, Form form,
                   std::optional<arrow::Compression::type> codec = {}, bool legacy = false) {
  auto options = arrow::ipc::IpcWriteOptions::Defaults();
  options.write_legacy_ipc_format = legacy;
  if (codec) options.codec = arrow::util::Codec::Create(*codec).ValueOrDie();
  auto out = arrow::io::BufferOutputStream::Create().ValueOrDie();
  auto writer = form == Form::kFile
                    ? arrow::ipc::MakeFileWriter(out, batch.schema(), options).ValueOrDie()
                    : arrow::ipc::MakeStreamWriter(out, batch.schema(), options).ValueOrDie();
  for (int64_t at = 0; at < batch.num_rows(); at += batch_rows) {
    EXPECT_TRUE(writer->WriteRecordBatch(*batch.Slice(at, batch_rows)).ok());
  }
  EXPECT_TRUE(writer->Close().ok());
  return out->Finish().ValueOrDie()->ToString();
}

class IpcScanTest : public ::testing::Test {
 protected:
  void SetUp() override {
    context_.env = Env::Default();
    context_.pool = arrow::default_memory_pool();
    context_.cancellation = &cancellation_;
    context_.chunk_rows = 100;
  }

  std::string Put(const std::string& name, const std::string& content) {
    // Overwriting a file in place would make some file systems write it out at once.
    std::filesystem::remove(folder_ / name);
    folder_.Put(name, content);
    return folder_ / name;
  }

  Result<std::unique_ptr<Scan>> Open(const std::vector<std::string>& paths) {
    ARROW_ASSIGN_OR_RAISE(auto files, ListInputs(context_.env, paths));
    return OpenIpcScan(std::move(files), context_);
  }

  Result<std::shared_ptr<arrow::Table>> ReadFiles(const std::vector<std::string>& paths,
                                                  const ScanRequest& request = {}) {
    ARROW_ASSIGN_OR_RAISE(auto scan, Open(paths));
    ARROW_ASSIGN_OR_RAISE(auto source, TypeAndStart(scan.get(), request, batch_bytes_));
    arrow::RecordBatchVector batches;
    for (int64_t sequence = 0;; ++sequence) {
      ARROW_ASSIGN_OR_RAISE(auto morsel, source->Next());
      if (!morsel) break;
      EXPECT_EQ(morsel->sequence, sequence);
      ARROW_RETURN_NOT_OK(source->Read(std::move(morsel), [&](Batch batch) {
        EXPECT_LE(batch.rows(), context_.chunk_rows);
        EXPECT_TRUE(batch.columns->ValidateFull().ok());
        batches.push_back(batch.columns);
        return Status::OK();
      }));
    }
    EXPECT_EQ(source->consumed_bytes(), source->total_bytes());
    return arrow::Table::FromRecordBatches(source->schema(), batches);
  }

  TemporaryDirectory folder_;
  Cancellation cancellation_;
  ScanContext context_;
  int64_t batch_bytes_ = 1 << 20;
};

TEST_F(IpcScanTest, ReadsFilesAndStreamsOfAnyAge) {
  std::mt19937_64 random(testing::TestSeed());
  const auto batch = testing::RandomBatch(MixedSchema(), 1000, 0.2, random);
  for (const Form form : {Form::kFile, Form::kStream}) {
    for (const bool legacy : {false, true}) {
      const auto path =
          Put("a.arrow", Encode(*batch, 300, form, arrow::Compression::LZ4_FRAME, legacy));
      auto scan = Open({path}).ValueOrDie();
      EXPECT_EQ(scan->estimated_rows(), 1000);
      const auto read = ReadFiles({path}).ValueOrDie();
      ASSERT_EQ(read->num_rows(), 1000);
      for (const int column : {0, 1, 3, 4}) {
        EXPECT_TRUE(read->column(column)->Equals(arrow::ChunkedArray(batch->column(column))))
            << batch->schema()->field(column)->ToString();
      }
      EXPECT_TRUE(read->schema()->field(2)->type()->Equals(arrow::utf8()));
      EXPECT_TRUE(read->schema()->field(5)->type()->Equals(arrow::utf8()));
      EXPECT_EQ(read->column(5)->null_count(), batch->column(5)->null_count());
    }
  }
}

TEST_F(IpcScanTest, ALargeBatchIsCutIntoMorsels) {
  std::mt19937_64 random(testing::TestSeed());
  const auto schema =
      arrow::schema({arrow::field("n", arrow::int64()), arrow::field("text", arrow::utf8()),
                     arrow::field("unread", arrow::fixed_size_binary(64))});
  const auto batch = testing::RandomBatch(schema, 40'000, 0.1, random);
  const auto path = Put("a.arrow", Encode(*batch, 40'000, Form::kFile));
  ASSERT_GT(std::filesystem::file_size(path), 2 << 20);
  arrow::ProxyMemoryPool pool(arrow::default_memory_pool());
  context_.pool = &pool;
  context_.chunk_rows = 50'000;
  batch_bytes_ = 64 * 1024;
  ScanRequest request;
  request.all_columns = false;
  request.columns = {"text", "n"};
  auto scan = Open({path}).ValueOrDie();
  auto source = TypeAndStart(scan.get(), request, batch_bytes_).ValueOrDie();
  int64_t rows = 0;
  int64_t morsels = 0;
  while (auto morsel = source->Next().ValueOrDie()) {
    ++morsels;
    ASSERT_TRUE(source
                    ->Read(std::move(morsel),
                           [&](Batch part) {
                             const auto expected = batch->Slice(rows, part.rows());
                             EXPECT_TRUE(part.columns->column(0)->Equals(expected->column(1)));
                             EXPECT_TRUE(part.columns->column(1)->Equals(expected->column(0)));
                             rows += part.rows();
                             return Status::OK();
                           })
                    .ok());
  }
  EXPECT_EQ(rows, 40'000);
  EXPECT_GT(morsels, 5);
  EXPECT_LE(pool.max_memory(), 4 * batch_bytes_);
}

TEST_F(IpcScanTest, RowsBeyondALimitAreNotPlanned) {
  std::mt19937_64 random(testing::TestSeed());
  const auto batch = testing::RandomBatch(MixedSchema(), 1000, 0.2, random);
  const auto path = Put("a.arrow", Encode(*batch, 100, Form::kFile));
  ScanRequest request;
  for (const auto& [limit, rows] :
       std::vector<std::pair<int64_t, int64_t>>{{0, 0}, {1, 100}, {101, 200}, {5000, 1000}}) {
    request.row_limit = limit;
    EXPECT_EQ(ReadFiles({path}, request).ValueOrDie()->num_rows(), rows) << limit;
  }
}

TEST_F(IpcScanTest, FilesMustAgreeAndMayOrderTheirColumnsDifferently) {
  const auto file = [&](const std::string& name, const arrow::FieldVector& fields) {
    arrow::ArrayVector columns;
    for (const auto& field : fields) {
      columns.push_back(arrow::MakeArrayOfNull(field->type(), 3).ValueOrDie());
    }
    return Put(name, Encode(*arrow::RecordBatch::Make(arrow::schema(fields), 3, columns), 10,
                            Form::kFile));
  };
  const auto a = arrow::field("a", arrow::int64());
  const auto b = arrow::field("b", arrow::utf8());
  const auto ab = file("ab.arrow", {a, b});
  EXPECT_EQ(ReadFiles({ab, file("ba.arrow", {b, a})}).ValueOrDie()->num_rows(), 6);
  EXPECT_THAT(ReadFiles({ab, file("a.arrow", {a})}).status().message(),
              AllOf(HasSubstr("missing"), HasSubstr("'b'"), HasSubstr("a.arrow")));
  EXPECT_THAT(ReadFiles({file("a.arrow", {a}), ab}).status().message(), HasSubstr("'b'"));
  EXPECT_THAT(
      ReadFiles({ab, file("t.arrow", {a, b->WithType(arrow::binary())})}).status().message(),
      AllOf(HasSubstr("'b' is string"), HasSubstr("binary in")));
  EXPECT_THAT(ReadFiles({file("aa.arrow", {a, a})}).status().message(), HasSubstr("one name"));
}

TEST_F(IpcScanTest, TypesThatCannotBeReadAreRefusedOnlyWhereTheyAreWanted) {
  const auto type = arrow::run_end_encoded(arrow::int32(), arrow::utf8());
  const auto schema =
      arrow::schema({arrow::field("runs", type), arrow::field("n", arrow::int32())});
  const auto batch =
      arrow::RecordBatch::Make(schema, 3,
                               {arrow::MakeArrayOfNull(type, 3).ValueOrDie(),
                                arrow::MakeArrayFromScalar(arrow::Int32Scalar(7), 3).ValueOrDie()});
  const auto path = Put("a.arrow", Encode(*batch, 10, Form::kStream));
  const Status status = ReadFiles({path}).status();
  EXPECT_EQ(GetErrorCode(status), 519);
  EXPECT_THAT(status.message(), AllOf(HasSubstr("'runs'"), HasSubstr("run_end_encoded")));
  ScanRequest request;
  request.all_columns = false;
  request.columns = {"n"};
  EXPECT_TRUE(
      ReadFiles({path}, request).ValueOrDie()->column(0)->chunk(0)->Equals(batch->column(1)));
}

TEST_F(IpcScanTest, FilesThatAreNone) {
  std::mt19937_64 random(testing::TestSeed());
  const auto batch = testing::RandomBatch(MixedSchema(), 50, 0.2, random);
  const std::string file = Encode(*batch, 20, Form::kFile);
  const std::string stream = Encode(*batch, 20, Form::kStream);
  for (const auto& [content, text] : std::vector<std::pair<std::string, std::string>>{
           {"", "not Arrow data"},
           {"ARROW1", "without its footer"},
           {"a,b\n1,2\n3,4\n", "damaged Arrow data"},
           {"FEA1xxxxxxxxxxxxFEA1", "Feather of version 1"},
           {file.substr(0, file.size() - 1), "cut short"},
           {stream.substr(0, stream.size() - 100), "cut short"}}) {
    const Status status = ReadFiles({Put("bad.arrow", content)}).status();
    EXPECT_EQ(GetErrorKind(status), ErrorKind::kBadInput);
    EXPECT_THAT(status.message(), AllOf(HasSubstr(text), HasSubstr("bad.arrow")));
  }
}

// Whatever is overwritten or cut off: an error that names the file, or data that is sound, but
// never a crash, and never memory beyond the pool's.
TEST_F(IpcScanTest, DamagedBytesAnywhere) {
  std::mt19937_64 random(testing::TestSeed());
  const auto batch = testing::RandomBatch(MixedSchema(), 60, 0.2, random);
  const std::string good[] = {Encode(*batch, 25, Form::kFile), Encode(*batch, 25, Form::kStream),
                              Encode(*batch, 25, Form::kFile, arrow::Compression::ZSTD),
                              Encode(*batch, 25, Form::kStream, arrow::Compression::LZ4_FRAME)};
  arrow::CappedMemoryPool capped(arrow::default_memory_pool(), 64 << 20);
  arrow::ProxyMemoryPool pool(&capped);
  context_.pool = &pool;
  int failures = 0;
  for (int round = 0; round < 1200; ++round) {
    std::string bad = good[round % 4];
    for (uint64_t i = 0; i <= random() % 3; ++i) {
      // Numbers that lengths and offsets get wrong by: a byte, or all of a word.
      const size_t at = 8 + random() % (bad.size() - 16);
      if (random() % 3 != 0) {
        bad[at] = static_cast<char>(random());
      } else {
        const int64_t words[] = {-1, INT64_MIN, INT64_MAX, 1 << 20, int64_t{1} << 40};
        std::memcpy(bad.data() + at / 8 * 8, &words[random() % 5], 8);
      }
    }
    if (round % 10 == 9) bad.erase(8 + random() % 1000, random() % 300);
    const Status status = ReadFiles({Put("bad.arrow", bad)}).status();
    if (status.ok()) continue;
    ++failures;
    ASSERT_THAT(status.message(), HasSubstr("bad.arrow")) << "round " << round;
    ASSERT_TRUE(GetErrorKind(status) == ErrorKind::kBadInput ||
                GetErrorKind(status) == ErrorKind::kOutOfMemory)
        << status.ToString();
  }
  EXPECT_GT(failures, 300);
  EXPECT_EQ(pool.bytes_allocated(), 0);
}

}  // namespace
}  // namespace headrace
