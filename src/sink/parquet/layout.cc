#include "sink/parquet/layout.h"

#include <arrow/extension_type.h>
#include <arrow/ipc/writer.h>
#include <arrow/util/base64.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/schema.h>
#include <parquet/arrow/writer.h>
#include <parquet/exception.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>

#include <charconv>

#include "sink/parquet/thrift_compact.h"

namespace headrace {
namespace {

constexpr int kRowsField = 3;
constexpr int kRowGroupsField = 4;

// What a reader sees as the writer; the form is the one every reader's version parser knows.
constexpr char kCreatedBy[] = "headrace version 0.1.0 (build " ARROW_VERSION_STRING ")";

struct CodecName {
  std::string_view name;
  arrow::Compression::type codec;
  int level_min;
  int level_max;  // below level_min: takes no level
  int level_default;
};
constexpr CodecName kCodecs[] = {{"zstd", arrow::Compression::ZSTD, 1, 19, 1},
                                 {"gzip", arrow::Compression::GZIP, 1, 9, 6},
                                 {"snappy", arrow::Compression::SNAPPY, 1, 0, 0},
                                 {"lz4", arrow::Compression::LZ4, 1, 0, 0},
                                 {"none", arrow::Compression::UNCOMPRESSED, 1, 0, 0}};

std::shared_ptr<parquet::WriterProperties> SchemaProperties() {
  parquet::WriterProperties::Builder builder;
  builder.version(parquet::ParquetVersion::PARQUET_2_6);
  builder.enable_store_decimal_as_integer();
  builder.created_by(kCreatedBy);
  return builder.build();
}

// Types that Parquet has no word for (time zones of timestamps, durations, large strings) survive
// in this entry.
Result<std::shared_ptr<const arrow::KeyValueMetadata>> FileMetadata(const arrow::Schema& schema,
                                                                    arrow::MemoryPool* pool) {
  ARROW_ASSIGN_OR_RAISE(auto serialized, arrow::ipc::SerializeSchema(schema, pool));
  auto metadata =
      schema.metadata() ? schema.metadata()->Copy() : std::make_shared<arrow::KeyValueMetadata>();
  ARROW_RETURN_NOT_OK(
      metadata->Set("ARROW:schema", arrow::util::base64_encode(serialized->ToString())));
  return metadata;
}

bool IsLeaf(const arrow::DataType& type) {
  if (type.id() == arrow::Type::EXTENSION) {
    return IsLeaf(*static_cast<const arrow::ExtensionType&>(type).storage_type());
  }
  if (type.id() == arrow::Type::DICTIONARY) {
    return IsLeaf(*static_cast<const arrow::DictionaryType&>(type).value_type());
  }
  return type.num_fields() == 0;
}

Status CheckColumn(const std::shared_ptr<arrow::Field>& field,
                   const parquet::WriterProperties& properties) {
  parquet::schema::NodePtr node;
  Status status;
  try {
    status = parquet::arrow::FieldToNode(field, properties,
                                         *parquet::default_arrow_writer_properties(), &node);
  } catch (const std::exception& error) {
    status = Status::Invalid(error.what());
  }
  if (status.ok()) return status;
  return MakeError(
      ErrorKind::kInvalidPlan, 212,
      "Parquet cannot hold this column's type: column '{}', type {}; cast or drop the column ({})",
      field->name(), field->type()->ToString(), status.message());
}

}  // namespace

Result<ParquetOptions> ParseParquetCompression(std::string_view text) {
  const size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  ParquetOptions options;
  for (const CodecName& codec : kCodecs) {
    if (codec.name != name) continue;
    options.codec = codec.codec;
    options.level = codec.level_default;
    if (colon == std::string_view::npos) return options;
    const std::string_view digits = text.substr(colon + 1);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), options.level);
    if (error == std::errc() && end == digits.data() + digits.size() &&
        options.level >= codec.level_min && options.level <= codec.level_max) {
      return options;
    }
  }
  return MakeError(ErrorKind::kUsage, 165,
                   "not a compression: '{}'; use zstd[:1-19], snappy, lz4, gzip[:1-9] or none",
                   text);
}

Status ParquetLayout::CheckColumns(const arrow::Schema& schema) {
  const auto properties = SchemaProperties();
  for (const auto& field : schema.fields()) ARROW_RETURN_NOT_OK(CheckColumn(field, *properties));
  return Status::OK();
}

Result<std::shared_ptr<const ParquetLayout>> ParquetLayout::Make(
    std::shared_ptr<arrow::Schema> schema, ParquetOptions options, arrow::MemoryPool* pool) {
  ARROW_RETURN_NOT_OK(CheckColumns(*schema));
  std::shared_ptr<ParquetLayout> layout(new ParquetLayout());
  for (const auto& field : schema->fields()) {
    layout->is_flat_ = layout->is_flat_ && IsLeaf(*field->type());
  }
  layout->schema_ = std::move(schema);
  layout->options_ = options;
  try {
    ARROW_RETURN_NOT_OK(
        WithKind(parquet::arrow::ToParquetSchema(layout->schema_.get(), *SchemaProperties(),
                                                 *parquet::default_arrow_writer_properties(),
                                                 &layout->descriptor_),
                 ErrorKind::kInvalidPlan, 212, "making the Parquet schema"));
    ARROW_RETURN_NOT_OK(layout->CutFooter(pool));
  } catch (const std::exception& error) {
    return MakeError(ErrorKind::kInternal, 901, "making the Parquet schema: {}", error.what());
  }
  return layout;
}

ParquetLayout::~ParquetLayout() = default;

int ParquetLayout::leaf_count() const { return descriptor_->num_columns(); }

Status ParquetLayout::CutFooter(arrow::MemoryPool* pool) {
  ARROW_ASSIGN_OR_RAISE(auto metadata, FileMetadata(*schema_, pool));
  auto builder = parquet::FileMetaDataBuilder::Make(descriptor_.get(), SchemaProperties());
  const std::string footer = builder->Finish(metadata)->SerializeToString();
  ARROW_ASSIGN_OR_RAISE(auto fields, ListCompactFields(footer));
  size_t cut = std::string::npos;
  for (const CompactField& field : fields) {
    if (field.id == kRowsField) footer_head_ = footer.substr(0, field.begin);
    if (field.id == kRowGroupsField) cut = field.end;
  }
  HEADRACE_CHECK(!footer_head_.empty() && cut != std::string::npos);
  footer_tail_ = footer.substr(cut);
  return Status::OK();
}

}  // namespace headrace
