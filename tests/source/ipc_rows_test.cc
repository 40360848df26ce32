// Stored record batches, whole and in ranges, against the library's own reader.
#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/writer.h>
#include <arrow/util/compression.h>
#include <gtest/gtest.h>

#include <numeric>
#include <random>

#include "source/arrow/carried_type.h"
#include "source/arrow/ipc_dictionaries.h"
#include "support/arrow_kernels.h"
#include "support/random_batch.h"

namespace headrace {
namespace {

std::shared_ptr<arrow::Schema> CarriedSchema() {
  using namespace arrow;  // NOLINT: a list of type names
  const std::vector<std::shared_ptr<DataType>> types = {
      null(),
      boolean(),
      int8(),
      uint64(),
      float64(),
      utf8(),
      large_binary(),
      utf8_view(),
      fixed_size_binary(3),
      date32(),
      timestamp(TimeUnit::MICRO, "UTC"),
      list(int16()),
      large_list(list(utf8())),
      fixed_size_list(boolean(), 3),
      struct_({field("a", utf8()), field("b", list(struct_({field("c", int32())})))}),
      map(utf8(), int64()),
      dictionary(int32(), utf8()),
      list(utf8_view()),
      month_day_nano_interval()};
  FieldVector fields;
  for (const auto& type : types) {
    fields.push_back(field("c" + std::to_string(fields.size()), type));
  }
  return schema(std::move(fields));
}

// A stream in memory, taken apart.
struct Stored {
  IpcSchema schema;
  std::vector<IpcBatchHead> heads;  // of record batches
  std::vector<IpcBody> bodies;
  std::vector<std::shared_ptr<const IpcDictionaries>> dictionaries;
};

std::vector<int> AllOf(const IpcSchema& schema) {
  std::vector<int> wanted(schema.schema->num_fields());
  std::iota(wanted.begin(), wanted.end(), 0);
  return wanted;
}

Stored Store(const arrow::RecordBatchVector& batches, std::optional<arrow::Compression::type> codec,
             bool deltas = false) {
  auto options = arrow::ipc::IpcWriteOptions::Defaults();
  options.emit_dictionary_deltas = deltas;
  if (codec) options.codec = arrow::util::Codec::Create(*codec).ValueOrDie();
  auto out = arrow::io::BufferOutputStream::Create().ValueOrDie();
  auto writer = arrow::ipc::MakeStreamWriter(out, batches[0]->schema(), options).ValueOrDie();
  for (const auto& batch : batches) EXPECT_TRUE(writer->WriteRecordBatch(*batch).ok());
  EXPECT_TRUE(writer->Close().ok());
  arrow::io::BufferReader input(out->Finish().ValueOrDie());
  Stored stored;
  stored.schema = IpcSchema::Read(&input, arrow::default_memory_pool()).ValueOrDie();
  std::shared_ptr<const IpcDictionaries> dictionaries;
  while (const auto message = ReadMessageHead(&input).ValueOrDie()) {
    const IpcBody body(input.Read(message->body_bytes).ValueOrDie(), arrow::default_memory_pool());
    if (message->kind == IpcMessageKind::kDictionary) {
      EXPECT_TRUE(
          AddDictionary(stored.schema, AllOf(stored.schema), *message, body, &dictionaries).ok());
      continue;
    }
    stored.heads.push_back(IpcBatchHead::Parse(*message).ValueOrDie());
    stored.bodies.push_back(body);
    stored.dictionaries.push_back(dictionaries);
  }
  return stored;
}

std::shared_ptr<arrow::Schema> Delivered(const arrow::Schema& stored,
                                         const std::vector<int>& wanted) {
  arrow::FieldVector fields;
  for (const int column : wanted) {
    const auto& field = stored.field(column);
    fields.push_back(field->WithType(CarriedType(field->type()).ValueOrDie()));
  }
  return arrow::schema(std::move(fields));
}

Result<std::shared_ptr<arrow::Table>> ReadRange(const Stored& stored, size_t batch,
                                                const std::vector<int>& wanted, RowRange rows,
                                                IpcBatchBounds bounds) {
  static const auto kNone = std::make_shared<const IpcDictionaries>();
  const auto delivered = Delivered(*stored.schema.schema, wanted);
  const IpcBatchReader reader(stored.schema, wanted, delivered, bounds,
                              arrow::default_memory_pool());
  arrow::RecordBatchVector batches;
  const auto& dictionaries = stored.dictionaries[batch] ? stored.dictionaries[batch] : kNone;
  ARROW_RETURN_NOT_OK(reader.Read(stored.heads[batch], stored.bodies[batch], *dictionaries, rows,
                                  [&](std::shared_ptr<arrow::RecordBatch> read) {
                                    EXPECT_LE(read->num_rows(), bounds.rows);
                                    EXPECT_TRUE(read->ValidateFull().ok());
                                    batches.push_back(std::move(read));
                                    return Status::OK();
                                  }));
  return arrow::Table::FromRecordBatches(delivered, batches);
}

// As text: types that are delivered otherwise than they are stored compare by value.
std::string Values(const arrow::Array& array) {
  std::string text;
  for (int64_t i = 0; i < array.length(); ++i) {
    auto value = array.GetScalar(i).ValueOrDie();
    if (value->is_valid && value->type->id() == arrow::Type::DICTIONARY) {
      value = static_cast<const arrow::DictionaryScalar&>(*value).GetEncodedValue().ValueOrDie();
    }
    text += (value->is_valid ? value->ToString() : "NULL") + "\n";
  }
  for (size_t at; (at = text.find("_view")) != std::string::npos;) text.erase(at, 5);
  return text;
}

TEST(IpcRowsTest, AnyRangeOfAnyTypeIsWhatTheLibraryReads) {
  const uint64_t seed = testing::TestSeed();
  std::mt19937_64 random(seed);
  const auto schema = CarriedSchema();
  for (int round = 0; round < 40; ++round) {
    const auto rows = static_cast<int64_t>(random() % 60);
    // Slices, so that what is stored does not begin at the first value either.
    const auto batch = testing::RandomBatch(schema, rows + 5, round % 3 == 0 ? 0 : 0.3, random)
                           ->Slice(random() % 5, rows);
    const std::optional<arrow::Compression::type> codecs[] = {
        std::nullopt, arrow::Compression::LZ4_FRAME, arrow::Compression::ZSTD};
    const Stored stored = Store({batch}, codecs[round % 3]);
    for (int column = 0; column < schema->num_fields(); ++column) {
      RowRange range{static_cast<int64_t>(random() % (rows + 1)), rows};
      range.end = range.begin + static_cast<int64_t>(random() % (rows - range.begin + 1));
      const IpcBatchBounds bounds{static_cast<int64_t>(1 + random() % 300),
                                  static_cast<int64_t>(1 + random() % 20)};
      const auto read = ReadRange(stored, 0, {column}, range, bounds).ValueOrDie();
      std::string text;
      for (const auto& chunk : read->column(0)->chunks()) text += Values(*chunk);
      ASSERT_EQ(text, Values(*batch->column(column)->Slice(range.begin, range.size())))
          << "round " << round << ", " << schema->field(column)->ToString() << ", rows "
          << range.begin << " to " << range.end;
    }
  }
}

TEST(IpcRowsTest, ColumnsInAnyOrder) {
  std::mt19937_64 random(testing::TestSeed());
  const auto batch = testing::RandomBatch(CarriedSchema(), 50, 0.2, random);
  const Stored stored = Store({batch}, std::nullopt);
  const std::vector<int> wanted = {14, 3, 5};
  const auto read = ReadRange(stored, 0, wanted, {0, 50}, {1 << 20, 1000}).ValueOrDie();
  for (size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_EQ(Values(*read->column(static_cast<int>(i))->chunk(0)),
              Values(*batch->column(wanted[i])));
  }
  EXPECT_EQ(ReadRange(stored, 0, {}, {0, 50}, {1 << 20, 1000}).ValueOrDie()->num_rows(), 50);
}

std::shared_ptr<arrow::RecordBatch> Encoded(const std::vector<std::string>& dictionary,
                                            const std::vector<int8_t>& indices) {
  arrow::StringBuilder values;
  EXPECT_TRUE(values.AppendValues(dictionary).ok());
  arrow::Int8Builder places;
  EXPECT_TRUE(places.AppendValues(indices).ok());
  const auto type = arrow::dictionary(arrow::int8(), arrow::utf8());
  const auto column = arrow::DictionaryArray::FromArrays(type, places.Finish().ValueOrDie(),
                                                         values.Finish().ValueOrDie())
                          .ValueOrDie();
  return arrow::RecordBatch::Make(arrow::schema({arrow::field("d", type)}),
                                  static_cast<int64_t>(indices.size()), {column});
}

TEST(IpcRowsTest, DictionariesThatGrowAndThatAreReplaced) {
  const arrow::RecordBatchVector batches = {
      Encoded({"a", "b"}, {0, 1}), Encoded({"a", "b", "c"}, {2, 0}), Encoded({"z"}, {0, 0, 0})};
  for (const bool deltas : {false, true}) {
    const Stored stored = Store(batches, std::nullopt, deltas);
    const std::vector<std::string> expected = {"a\nb\n", "c\na\n", "z\nz\nz\n"};
    for (size_t i = 0; i < batches.size(); ++i) {
      const RowRange all{0, batches[i]->num_rows()};
      const auto read = ReadRange(stored, i, {0}, all, {1 << 20, 100}).ValueOrDie();
      EXPECT_EQ(Values(*read->column(0)->chunk(0)), expected[i]);
    }
  }
}

TEST(IpcRowsTest, AWideDictionaryValueIsGivenOutInSmallBatches) {
  const Stored stored =
      Store({Encoded({std::string(100'000, 'x')}, std::vector<int8_t>(100, 0))}, std::nullopt);
  const auto read = ReadRange(stored, 0, {0}, {0, 100}, {200'000, 50'000}).ValueOrDie();
  EXPECT_EQ(read->num_rows(), 100);
  EXPECT_GE(read->column(0)->num_chunks(), 25);
}

TEST(IpcRowsTest, NullsWhereTheSchemaPromisesNoneAreRefused) {
  const auto column = arrow::MakeArrayOfNull(arrow::int32(), 3).ValueOrDie();
  const auto schema = arrow::schema({arrow::field("n", arrow::int32(), /*nullable=*/false)});
  const Stored stored = Store({arrow::RecordBatch::Make(schema, 3, {column})}, std::nullopt);
  const Status status = ReadRange(stored, 0, {0}, {0, 3}, {1 << 20, 10}).status();
  EXPECT_TRUE(status.IsInvalid()) << status.ToString();
}

TEST(CarriedTypeTest, TypesThatNoOutputHolds) {
  for (const auto& type :
       {arrow::dense_union({arrow::field("a", arrow::int8())}),
        arrow::run_end_encoded(arrow::int32(), arrow::utf8()), arrow::list_view(arrow::int8()),
        arrow::list(arrow::dictionary(arrow::int8(), arrow::utf8())),
        arrow::struct_(
            {arrow::field("u", arrow::sparse_union({arrow::field("a", arrow::utf8())}))})}) {
    EXPECT_TRUE(CarriedType(type).status().IsNotImplemented()) << type->ToString();
  }
  EXPECT_TRUE(CarriedType(arrow::dictionary(arrow::int8(), arrow::utf8_view()))
                  .ValueOrDie()
                  ->Equals(arrow::utf8()));
}

}  // namespace
}  // namespace headrace
