#include "support/random_batch.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/builder.h>
#include <arrow/util/bit_util.h>
#include <arrow/util/checked_cast.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <string>

namespace headrace::testing {
namespace {

using arrow::Type;

std::shared_ptr<arrow::Buffer> RandomBytes(int64_t bytes, std::mt19937_64& random) {
  std::shared_ptr<arrow::Buffer> buffer = arrow::AllocateBuffer(bytes).ValueOrDie();
  for (int64_t i = 0; i < bytes; ++i) buffer->mutable_data()[i] = static_cast<uint8_t>(random());
  return buffer;
}

std::shared_ptr<arrow::Buffer> RandomValidity(int64_t rows, double null_share,
                                              std::mt19937_64& random) {
  if (null_share <= 0) return nullptr;
  std::shared_ptr<arrow::Buffer> bits = arrow::AllocateEmptyBitmap(rows).ValueOrDie();
  std::bernoulli_distribution is_null(null_share);
  for (int64_t i = 0; i < rows; ++i) {
    arrow::bit_util::SetBitTo(bits->mutable_data(), i, !is_null(random));
  }
  return bits;
}

int64_t RandomLength(std::mt19937_64& random) {
  const int64_t kind = static_cast<int64_t>(random() % 20);
  if (kind == 0) return 0;
  return kind == 1 ? static_cast<int64_t>(random() % 300) : static_cast<int64_t>(random() % 20);
}

template <typename Builder>
std::shared_ptr<arrow::Array> RandomStrings(const std::shared_ptr<arrow::DataType>& type,
                                            int64_t rows, double null_share,
                                            std::mt19937_64& random) {
  std::bernoulli_distribution is_null(null_share);
  Builder builder(type, arrow::default_memory_pool());
  for (int64_t i = 0; i < rows; ++i) {
    if (is_null(random)) {
      EXPECT_TRUE(builder.AppendNull().ok());
      continue;
    }
    std::string text(static_cast<size_t>(RandomLength(random)), ' ');
    for (char& c : text) c = static_cast<char>('a' + random() % 26);
    EXPECT_TRUE(builder.Append(text).ok());
  }
  return builder.Finish().ValueOrDie();
}

template <typename Offset>
std::shared_ptr<arrow::Array> RandomList(const std::shared_ptr<arrow::DataType>& type, int64_t rows,
                                         double null_share, std::mt19937_64& random) {
  std::shared_ptr<arrow::Buffer> offsets =
      arrow::AllocateBuffer((rows + 1) * sizeof(Offset)).ValueOrDie();
  auto* offset = offsets->mutable_data_as<Offset>();
  offset[0] = 0;
  for (int64_t i = 0; i < rows; ++i) offset[i + 1] = offset[i] + static_cast<Offset>(random() % 4);
  const auto child_type = type->field(0)->type();
  const bool is_map = type->id() == Type::MAP;
  auto child = RandomArray(child_type, offset[rows], is_map ? 0 : null_share, random);
  auto validity = RandomValidity(rows, null_share, random);
  return arrow::MakeArray(arrow::ArrayData::Make(type, rows, {validity, offsets}, {child->data()}));
}

std::shared_ptr<arrow::Array> RandomStruct(const std::shared_ptr<arrow::DataType>& type,
                                           int64_t rows, double null_share,
                                           std::mt19937_64& random) {
  std::vector<std::shared_ptr<arrow::ArrayData>> children;
  for (const auto& field : type->fields()) {
    children.push_back(
        RandomArray(field->type(), rows, field->nullable() ? null_share : 0, random)->data());
  }
  auto validity = RandomValidity(rows, null_share, random);
  return arrow::MakeArray(arrow::ArrayData::Make(type, rows, {validity}, children));
}

}  // namespace

std::shared_ptr<arrow::Array> RandomArray(const std::shared_ptr<arrow::DataType>& type,
                                          int64_t rows, double null_share,
                                          std::mt19937_64& random) {
  switch (type->id()) {
    case Type::NA:
      return std::make_shared<arrow::NullArray>(rows);
    case Type::STRING:
      return RandomStrings<arrow::StringBuilder>(type, rows, null_share, random);
    case Type::BINARY:
      return RandomStrings<arrow::BinaryBuilder>(type, rows, null_share, random);
    case Type::LARGE_STRING:
      return RandomStrings<arrow::LargeStringBuilder>(type, rows, null_share, random);
    case Type::LARGE_BINARY:
      return RandomStrings<arrow::LargeBinaryBuilder>(type, rows, null_share, random);
    case Type::STRING_VIEW:
      return RandomStrings<arrow::StringViewBuilder>(type, rows, null_share, random);
    case Type::BINARY_VIEW:
      return RandomStrings<arrow::BinaryViewBuilder>(type, rows, null_share, random);
    case Type::LIST:
    case Type::MAP:
      return RandomList<int32_t>(type, rows, null_share, random);
    case Type::LARGE_LIST:
      return RandomList<int64_t>(type, rows, null_share, random);
    case Type::STRUCT:
      return RandomStruct(type, rows, null_share, random);
    case Type::FIXED_SIZE_LIST: {
      const auto& list = arrow::internal::checked_cast<const arrow::FixedSizeListType&>(*type);
      auto child = RandomArray(list.value_type(), rows * list.list_size(), null_share, random);
      auto validity = RandomValidity(rows, null_share, random);
      return arrow::MakeArray(arrow::ArrayData::Make(type, rows, {validity}, {child->data()}));
    }
    case Type::DICTIONARY: {
      const auto& dictionary = arrow::internal::checked_cast<const arrow::DictionaryType&>(*type);
      auto values = RandomArray(dictionary.value_type(), 7, 0, random);
      arrow::Int32Builder indices;
      std::bernoulli_distribution is_null(null_share);
      for (int64_t i = 0; i < rows; ++i) {
        EXPECT_TRUE((is_null(random) ? indices.AppendNull()
                                     : indices.Append(static_cast<int32_t>(random() % 7)))
                        .ok());
      }
      return arrow::DictionaryArray::FromArrays(type, indices.Finish().ValueOrDie(), values)
          .ValueOrDie();
    }
    default: {
      const int bits =
          arrow::internal::checked_cast<const arrow::FixedWidthType&>(*type).bit_width();
      auto values = RandomBytes(arrow::bit_util::BytesForBits(rows * bits), random);
      return arrow::MakeArray(
          arrow::ArrayData::Make(type, rows, {RandomValidity(rows, null_share, random), values}));
    }
  }
}

std::shared_ptr<arrow::RecordBatch> RandomBatch(const std::shared_ptr<arrow::Schema>& schema,
                                                int64_t rows, double null_share,
                                                std::mt19937_64& random) {
  arrow::ArrayVector columns;
  for (const auto& field : schema->fields()) {
    columns.push_back(RandomArray(field->type(), rows, null_share, random));
  }
  return arrow::RecordBatch::Make(schema, rows, std::move(columns));
}

std::shared_ptr<arrow::Schema> AllTypesSchema() {
  using namespace arrow;  // NOLINT: a list of type names
  const std::vector<std::shared_ptr<DataType>> types = {
      null(),
      boolean(),
      int8(),
      uint8(),
      int16(),
      uint16(),
      int32(),
      uint32(),
      int64(),
      uint64(),
      float16(),
      float32(),
      float64(),
      utf8(),
      binary(),
      large_utf8(),
      large_binary(),
      utf8_view(),
      binary_view(),
      fixed_size_binary(5),
      date32(),
      date64(),
      time32(TimeUnit::MILLI),
      time64(TimeUnit::NANO),
      timestamp(TimeUnit::MICRO),
      timestamp(TimeUnit::NANO, "UTC"),
      duration(TimeUnit::SECOND),
      month_interval(),
      day_time_interval(),
      month_day_nano_interval(),
      decimal128(20, 3),
      decimal256(50, 7),
      list(int32()),
      list(utf8()),
      large_list(boolean()),
      fixed_size_list(int16(), 3),
      list(list(utf8_view())),
      map(utf8(), int64()),
      struct_({field("a", int32()), field("b", utf8()), field("c", list(float64()))}),
      list(struct_({field("x", boolean()), field("y", null()), field("z", large_utf8())})),
      struct_({field("deep", struct_({field("f", fixed_size_list(utf8(), 2))}))}),
      struct_({})};
  FieldVector fields;
  for (size_t i = 0; i < types.size(); ++i)
    fields.push_back(field("c" + std::to_string(i), types[i]));
  return schema(fields);
}

uint64_t TestSeed() {
  const char* given = std::getenv("HEADRACE_SEED");
  const uint64_t seed = given ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
  std::printf("seed %llu; replay: HEADRACE_SEED=%llu ctest -R '%s.%s'\n",
              static_cast<unsigned long long>(seed), static_cast<unsigned long long>(seed),
              test->test_suite_name(), test->name());
  return seed;
}

}  // namespace headrace::testing
