#include "source/parquet/parquet_file.h"

#include <parquet/arrow/schema.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>
#include <parquet/schema.h>

#include <cstring>
#include <string_view>
#include <unordered_set>

#include "base/one_line.h"

namespace headrace {
namespace {

constexpr int64_t kFooterTailBytes = 8;  // length of the footer and magic
constexpr int64_t kHeadBytes = 4;
// The footer's structures in memory are about this many times their serialized size.
constexpr int64_t kFooterExpansion = 8;

uint32_t LittleEndian(const char* bytes) {
  uint32_t value = 0;
  for (int i = 3; i >= 0; --i) value = value << 8 | static_cast<uint8_t>(bytes[i]);
  return value;
}

Status Damaged(const std::string& path, std::string_view place, std::string_view what) {
  return MakeError(ErrorKind::kBadInput, 501,
                   "damaged Parquet file: {}, {}: {}; get a fresh copy of the file", path, place,
                   OneLine(what, kLibraryTextMax));
}

}  // namespace

Status AtParquetSeam(const std::string& path, const std::string& place,
                     const std::function<Status()>& body) {
  Status status;
  try {
    status = body();
  } catch (const parquet::ParquetStatusException& error) {
    status = error.status();
  } catch (const std::bad_alloc&) {
    status = Status::OutOfMemory("no memory for a structure of the file");
  } catch (const std::length_error& error) {
    status = Status::Invalid("a length in the file is out of range (", error.what(), ")");
  } catch (const std::exception& error) {
    status = Status::Invalid(error.what());
  }
  if (status.ok() || status.IsCancelled()) return status;
  if (status.IsOutOfMemory()) {
    return WithKind(status, ErrorKind::kOutOfMemory, 705,
                    fmt::format("reading Parquet file {}, {}", path, place));
  }
  // An error of ours (emitting, the environment) passes with its own kind; what the library says is
  // the file's fault.
  if (GetErrorCode(status) != 0) {
    return status.message().find(path) == std::string::npos ? WithContext(status, path) : status;
  }
  if (status.IsNotImplemented()) {
    return MakeError(ErrorKind::kBadInput, 502, "Parquet feature that cannot be read: {}, {}: {}",
                     path, place, OneLine(status.message(), kLibraryTextMax));
  }
  return Damaged(path, place, status.message());
}

int FlatLeaf(const parquet::SchemaDescriptor& schema, const std::string& column) {
  const auto* root = schema.group_node();
  const int field = root->FieldIndex(column);
  if (field < 0 || !root->field(field)->is_primitive() || root->field(field)->is_repeated())
    return -1;
  return schema.ColumnIndex(*root->field(field));
}

parquet::ReaderProperties MakeReaderProperties(arrow::MemoryPool* pool) {
  parquet::ReaderProperties properties(pool);
  properties.enable_buffered_stream();
  properties.set_buffer_size(kStreamBufferBytes);
  properties.set_page_checksum_verification(true);
  return properties;
}

parquet::ArrowReaderProperties MakeArrowReaderProperties() {
  parquet::ArrowReaderProperties properties;
  properties.set_use_threads(false);
  properties.set_pre_buffer(false);
  // 96-bit timestamps reach far beyond what 64 bits of nanoseconds can hold; they are precise to
  // microseconds in practice.
  properties.set_coerce_int96_timestamp_unit(arrow::TimeUnit::MICRO);
  return properties;
}

Result<std::shared_ptr<ParquetFile>> ParquetFile::Open(Env* env, const std::string& path,
                                                       arrow::MemoryPool* pool) {
  std::shared_ptr<ParquetFile> file(new ParquetFile());
  file->path_ = path;
  ARROW_ASSIGN_OR_RAISE(auto opened, env->OpenForRead(path));
  ARROW_ASSIGN_OR_RAISE(file->size_bytes_, opened->Size());
  file->input_ = std::make_shared<EnvInputFile>(std::move(opened), file->size_bytes_, pool);
  ARROW_RETURN_NOT_OK(file->CheckEnds());
  ARROW_ASSIGN_OR_RAISE(file->footer_charge_,
                        arrow::AllocateBuffer(file->footer_bytes_ * kFooterExpansion, pool));
  ARROW_RETURN_NOT_OK(AtParquetSeam(path, "footer", [&] { return file->ReadFooter(pool); }));
  return file;
}

Status ParquetFile::CheckEnds() {
  if (size_bytes_ == 0)
    return MakeError(ErrorKind::kBadInput, 504, "Parquet file is empty: {}", path_);
  char head[kHeadBytes] = {};
  char tail[kFooterTailBytes] = {};
  const bool has_both = size_bytes_ >= kHeadBytes + kFooterTailBytes;
  ARROW_RETURN_NOT_OK(input_->ReadAt(0, std::min(size_bytes_, kHeadBytes), head).status());
  if (has_both)
    ARROW_RETURN_NOT_OK(
        input_->ReadAt(size_bytes_ - kFooterTailBytes, kFooterTailBytes, tail).status());
  const std::string_view head_magic(head, 4);
  const std::string_view tail_magic(tail + 4, 4);
  if (head_magic == "PARE" || tail_magic == "PARE") {
    return MakeError(ErrorKind::kBadInput, 505,
                     "Parquet footer is encrypted, which this version cannot read: {}", path_);
  }
  if (head_magic != "PAR1") {
    return MakeError(ErrorKind::kBadInput, 506,
                     "not a Parquet file: {}, byte 0: the magic PAR1 is missing", path_);
  }
  if (tail_magic != "PAR1") {
    return MakeError(
        ErrorKind::kBadInput, 507,
        "Parquet file without its footer: {}, {} bytes; it was cut short or is still being written",
        path_, size_bytes_);
  }
  footer_bytes_ = LittleEndian(tail);
  if (footer_bytes_ > size_bytes_ - kHeadBytes - kFooterTailBytes) {
    return Damaged(
        path_, "footer",
        fmt::format("the footer claims {} of the file's {} bytes", footer_bytes_, size_bytes_));
  }
  return Status::OK();
}

Status ParquetFile::ReadFooter(arrow::MemoryPool* pool) {
  auto reader = parquet::ParquetFileReader::Open(input_, MakeReaderProperties(pool));
  metadata_ = reader->metadata();
  if (metadata_->is_encryption_algorithm_set()) {
    return MakeError(ErrorKind::kBadInput, 505,
                     "Parquet footer is encrypted, which this version cannot read: {}", path_);
  }
  ARROW_RETURN_NOT_OK(CheckRowGroups());
  ARROW_RETURN_NOT_OK(parquet::arrow::FromParquetSchema(
      metadata_->schema(), MakeArrowReaderProperties(), metadata_->key_value_metadata(), &schema_));
  std::unordered_set<std::string> names;
  for (const auto& field : schema_->fields()) {
    if (!names.insert(field->name()).second) {
      return MakeError(ErrorKind::kBadInput, 508,
                       "two columns of one name in a Parquet file: '{}' in {}", field->name(),
                       path_);
    }
  }
  return Status::OK();
}

Status ParquetFile::CheckRowGroups() {
  int64_t rows = 0;
  for (int i = 0; i < metadata_->num_row_groups(); ++i) {
    const auto row_group = metadata_->RowGroup(i);
    if (row_group->num_rows() < 0 || __builtin_add_overflow(rows, row_group->num_rows(), &rows)) {
      return Damaged(path_, "footer",
                     fmt::format("row group {} claims {} rows", i, row_group->num_rows()));
    }
    if (row_group->num_columns() != metadata_->num_columns()) {
      return Damaged(path_, "footer",
                     fmt::format("row group {} has {} columns, the schema {}", i,
                                 row_group->num_columns(), metadata_->num_columns()));
    }
    for (int column = 0; column < row_group->num_columns(); ++column) {
      ARROW_RETURN_NOT_OK(CheckColumnChunk(i, column, *row_group->ColumnChunk(column)));
    }
  }
  if (rows != metadata_->num_rows()) {
    return Damaged(
        path_, "footer",
        fmt::format("the footer counts {} rows, its row groups {}", metadata_->num_rows(), rows));
  }
  return Status::OK();
}

Status ParquetFile::CheckColumnChunk(int row_group, int column,
                                     const parquet::ColumnChunkMetaData& chunk) {
  const auto where = [&] {
    return fmt::format("row group {}, column '{}'", row_group,
                       OneLine(chunk.path_in_schema()->ToDotString(), kLibraryTextMax));
  };
  if (!chunk.file_path().empty()) {
    return MakeError(ErrorKind::kBadInput, 509,
                     "Parquet data kept in another file is not read: {}, {}", path_, where());
  }
  if (chunk.crypto_metadata() != nullptr) {
    return MakeError(ErrorKind::kBadInput, 505,
                     "Parquet column is encrypted, which this version cannot read: {}, {}", path_,
                     where());
  }
  if (!chunk.can_decompress()) {
    return MakeError(ErrorKind::kBadInput, 502, "Parquet codec that cannot be read: {}, {}", path_,
                     where());
  }
  int64_t begin = chunk.data_page_offset();
  if (chunk.has_dictionary_page() && chunk.dictionary_page_offset() > 0) {
    begin = std::min(begin, chunk.dictionary_page_offset());
  }
  const int64_t length = chunk.total_compressed_size();
  if (begin < 0 || length < 0 || begin > size_bytes_ || length > size_bytes_ - begin) {
    return Damaged(path_, "footer",
                   fmt::format("{} lies at byte {}, length {}, in a file of {} bytes", where(),
                               begin, length, size_bytes_));
  }
  if (chunk.num_values() < 0 || chunk.total_uncompressed_size() < 0) {
    return Damaged(path_, "footer",
                   fmt::format("{} claims {} values in {} bytes", where(), chunk.num_values(),
                               chunk.total_uncompressed_size()));
  }
  return Status::OK();
}

}  // namespace headrace
