// ParquetFile: one opened Parquet file whose footer has been checked.
#pragma once

#include <arrow/buffer.h>
#include <arrow/memory_pool.h>
#include <arrow/type.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>

#include <functional>
#include <memory>
#include <string>

#include "base/status.h"
#include "source/parquet/input_file.h"

namespace headrace {

// Runs `body`, turning what the library throws or returns into one of our errors that names the
// file and the place in it
// ("footer", "row group 3").
Status AtParquetSeam(const std::string& path, const std::string& place,
                     const std::function<Status()>& body);

// Role: descriptor, footer and Arrow schema of a file. A footer is believed only after its sizes
// and offsets were held against the file: what damaged or hostile files claim never becomes a read
// outside the file. Owner: shared by the morsels in flight. Threads: any, once opened. Errors:
// BadInput naming the file: not Parquet, cut short, corrupted, encrypted, a codec the library
// lacks; OutOfMemory when the footer's structures (outside any pool, but charged to it) do not fit.
class ParquetFile {
 public:
  static Result<std::shared_ptr<ParquetFile>> Open(Env* env, const std::string& path,
                                                   arrow::MemoryPool* pool);

  const std::string& path() const { return path_; }
  int64_t size_bytes() const { return size_bytes_; }
  const std::shared_ptr<EnvInputFile>& input() const { return input_; }
  const std::shared_ptr<parquet::FileMetaData>& metadata() const { return metadata_; }
  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }

 private:
  ParquetFile() = default;
  Status CheckEnds();
  Status CheckRowGroups();
  Status CheckColumnChunk(int row_group, int column, const parquet::ColumnChunkMetaData& chunk);
  Status ReadFooter(arrow::MemoryPool* pool);

  std::string path_;
  int64_t size_bytes_ = 0;
  int64_t footer_bytes_ = 0;
  std::shared_ptr<EnvInputFile> input_;
  std::shared_ptr<arrow::Buffer> footer_charge_;
  std::shared_ptr<parquet::FileMetaData> metadata_;
  std::shared_ptr<arrow::Schema> schema_;
};

// The leaf of a top-level column that is no group; -1 for nested ones and for names there are none
// of. A value of such a leaf is a row.
int FlatLeaf(const parquet::SchemaDescriptor& schema, const std::string& column);

// How every reader of a file is set up: our pool, small stream buffers instead of whole column
// chunks, checksums verified.
parquet::ReaderProperties MakeReaderProperties(arrow::MemoryPool* pool);
parquet::ArrowReaderProperties MakeArrowReaderProperties();

inline constexpr int64_t kStreamBufferBytes = 32 * 1024;

}  // namespace headrace
