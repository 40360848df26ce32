// OutputForm: a file format as the sink sees it: rows become encoded chunks, chunks become files.
#pragma once

#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <arrow/util/compression.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "env/env.h"
#include "spill/spill_area.h"

namespace headrace {

enum class OutputFormat : uint8_t { kParquet, kCsv, kJsonLines, kArrow };

// Of text as a whole, or of the buffers of Arrow files.
struct OutputCompression {
  arrow::Compression::type codec = arrow::Compression::UNCOMPRESSED;
  int level = 0;  // meaningful for zstd and gzip only
};

using BatchVector = std::vector<std::shared_ptr<arrow::RecordBatch>>;

// The finished bytes of some rows. They know nothing of where they will stand, so that workers
// encode chunks of one file side by side.
class EncodedChunk {
 public:
  virtual ~EncodedChunk() = default;
  virtual int64_t rows() const = 0;
  virtual int64_t bytes() const = 0;  // about those it takes in the file
};

// Whether the rows that were to be encoded go on in another chunk.
enum class ChunkEnd : uint8_t { kMoreFollow, kLast };
using UseChunk = std::function<Status(std::unique_ptr<EncodedChunk>, ChunkEnd)>;

// Role: encodes rows. Owner: one worker at a time; keeps its scratch from call to call. Threads:
// one. Errors: BadInput for a value that the format cannot say, OutOfMemory when the pool refuses,
// what `use` fails with.
class ChunkEncoder {
 public:
  virtual ~ChunkEncoder() = default;
  // At least one row. Rows whose text is far larger than they are come as several chunks, so that
  // what one call holds is bounded; most come as one. The rows are freed before the last is used.
  virtual Status Encode(BatchVector batches, const UseChunk& use) = 0;
};

// Where a footer's row groups wait for the end of their file once they pass `held_bytes_max`.
struct FooterSpill {
  SpillArea* area = nullptr;  // null: they are all held
  int64_t held_bytes_max = 0;
};

// Role: strings chunks together into one file, in the order given. Keeps no descriptor, so the
// caller may close the file between two calls and open it again with OpenMode::kAppend. Owner: the
// sink, one per open output file. Threads: one at a time. Errors: what the file's Append fails
// with; OutOfMemory from the pool. After a failure the file is of no use.
class OutputFileWriter {
 public:
  virtual ~OutputFileWriter() = default;
  // Writes at the end of `file`, which holds exactly what this object wrote so far.
  virtual Status Append(std::unique_ptr<EncodedChunk> chunk, WritableFile* file) = 0;
  // What ends a file. One without rows still says its schema, as far as the format can.
  virtual Status Finish(WritableFile* file) = 0;

  virtual int64_t rows() const = 0;
  virtual int64_t written_bytes() const = 0;
  virtual int64_t metadata_bytes() const = 0;  // held until the file ends
};

// Role: what all files of one dataset have in common. Immutable once made. Owner: shared by
// encoders and file writers. Threads: any.
class OutputForm {
 public:
  OutputForm(std::shared_ptr<arrow::Schema> schema, std::string suffix)
      : schema_(std::move(schema)), suffix_(std::move(suffix)) {}
  virtual ~OutputForm() = default;

  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }
  // How names of files end: ".parquet", ".csv.gz".
  const std::string& suffix() const { return suffix_; }

  // Every buffer, also of the chunks, comes from `pool`, which must outlive them all.
  virtual Result<std::unique_ptr<ChunkEncoder>> MakeEncoder(arrow::MemoryPool* pool) const = 0;
  virtual Result<std::unique_ptr<OutputFileWriter>> MakeFileWriter(arrow::MemoryPool* pool,
                                                                   FooterSpill spill) const = 0;

 private:
  const std::shared_ptr<arrow::Schema> schema_;
  const std::string suffix_;
};

}  // namespace headrace
