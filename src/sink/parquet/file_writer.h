// ParquetFileWriter: strings encoded row groups together into one Parquet file.
#pragma once

#include <arrow/buffer_builder.h>
#include <arrow/memory_pool.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "base/status.h"
#include "env/env.h"
#include "sink/output_form.h"
#include "sink/parquet/held_text.h"
#include "sink/parquet/layout.h"
#include "sink/parquet/row_group_encoder.h"
#include "spill/spill_area.h"

namespace headrace {

// Role: writes magic, row groups in the order given, the page indexes and the footer; keeps the
// indexes and the footer's serialized row groups (some 200 bytes per column and row group and 50
// per page, from the pool, or in the spill), never a descriptor. So the caller may close the file
// between two calls and open it again with OpenMode::kAppend. Owner: the sink, one per open output
// file. Threads: one at a time. Errors: what the file's Append and the spill fail with; OutOfMemory
// from the pool. After a failure the file is of no use.
class ParquetFileWriter {
 public:
  ParquetFileWriter(std::shared_ptr<const ParquetLayout> layout, arrow::MemoryPool* pool,
                    FooterSpill spill = {});
  ~ParquetFileWriter();

  // Writes the row group at the end of `file`, which holds exactly what this object wrote so far.
  // Frees the encoded pieces one by one as they are written.
  Status Append(EncodedRowGroup row_group, WritableFile* file);
  // Writes the footer. The caller syncs and closes. A file without row groups gets its schema all
  // the same.
  Status Finish(WritableFile* file);

  int64_t rows() const { return rows_; }
  int64_t row_groups() const { return row_groups_; }
  int64_t written_bytes() const { return offset_; }
  int64_t metadata_bytes() const {
    return metadata_.held_capacity() + column_indexes_.held_capacity() +
           offset_indexes_.held_capacity();
  }

 private:
  // Stands in `metadata_` before each piece of the footer's row groups.
  struct PieceHead {
    int64_t column_index_at = -1;  // from the first of the indexes; -1 = none follows the piece
    int64_t offset_index_at = -1;
    int32_t column_index_bytes = 0;
    int32_t offset_index_bytes = 0;
    int64_t bytes = 0;
  };

  Status Write(const void* data, int64_t length, WritableFile* file);
  Status WriteMagicFirst(WritableFile* file);
  Status Describe(const EncodedRowGroup& row_group);
  // Keeps the indexes of a column chunk, whose first data page stands at `data_offset`.
  Status KeepIndexes(const EncodedColumn& column, int64_t data_offset, PieceHead* head);
  Status KeepPiece(PieceHead head, std::string* text);
  Status WriteHeld(const HeldText& text, WritableFile* file);
  Status WriteRowGroups(int64_t column_indexes, int64_t offset_indexes, WritableFile* file);

  const std::shared_ptr<const ParquetLayout> layout_;
  arrow::MemoryPool* pool_;
  const FooterSpill spill_;
  HeldText metadata_;        // pieces of the footer's row groups, each after its PieceHead
  HeldText column_indexes_;  // as they will stand in the file
  HeldText offset_indexes_;
  int64_t offset_ = 0;
  int64_t rows_ = 0;
  int64_t row_groups_ = 0;
};

}  // namespace headrace
