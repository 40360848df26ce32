// IpcColumns: the columns of a record batch, whole or a range of their rows.
#pragma once

#include <arrow/array/data.h>
#include <arrow/memory_pool.h>
#include <arrow/type.h>

#include <cstdint>
#include <memory>

#include "base/status.h"
#include "source/arrow/ipc_body.h"
#include "source/arrow/ipc_message.h"
#include "source/row_range.h"

namespace headrace {

struct WholeBytes {
  int64_t plain = 0;       // once decompressed
  int64_t compressed = 0;  // of the largest buffer, which stands beside it meanwhile
};

// Whether a range of rows can be read without the rest: not where texts are views, which may point
// anywhere.
bool CanReadRange(const arrow::DataType& type);

// Role: goes through the arrays of a batch in the order of its schema; each call is about the next
// column and leaves the cursor behind it. Of a range only its own bytes are read, unless buffers
// are compressed. The arrays are as safe as their bounds: the caller validates them in full before
// use. Owner: one worker, for one batch. Threads: one. Errors: Invalid, NotImplemented (codec),
// OutOfMemory.
class IpcColumns {
 public:
  IpcColumns(const IpcBatchHead& head, const IpcBody& body) : head_(head), body_(body) {}

  Status Skip(const arrow::DataType& type);
  // Dictionary-encoded columns come as their indices, with the dictionary still to be set.
  Result<std::shared_ptr<arrow::ArrayData>> Load(const std::shared_ptr<arrow::DataType>& type,
                                                 RowRange rows);
  // Bytes that Load takes for these rows, found by reading the ends of offsets only.
  Result<int64_t> Measure(const arrow::DataType& type, RowRange rows);
  // Of all the column's buffers, told by their first bytes.
  Result<WholeBytes> MeasureWhole(const arrow::DataType& type);

 private:
  struct Ends {
    int64_t first = 0;
    int64_t last = 0;
  };

  Result<IpcNode> NextNode() { return head_.node(node_++); }
  Result<IpcBuffer> NextBuffer() { return head_.buffer(buffer_++); }
  // Buffers of the next array of this type, without its children's.
  Result<int64_t> BufferCount(const arrow::DataType& type);

  Result<std::shared_ptr<arrow::Buffer>> Decompress(const IpcBuffer& buffer) const;
  Result<std::shared_ptr<arrow::Buffer>> ReadPart(const IpcBuffer& buffer, int64_t offset,
                                                  int64_t length) const;
  Result<std::shared_ptr<arrow::Buffer>> ReadBits(const IpcBuffer& buffer, RowRange bits) const;
  Result<int64_t> UncompressedBytes(const IpcBuffer& buffer) const;

  Status LoadValidity(const IpcNode& node, RowRange rows, arrow::ArrayData* out);
  template <typename Offset>
  Result<Ends> LoadOffsets(RowRange rows, arrow::ArrayData* out);
  template <typename Offset>
  Status LoadBytes(RowRange rows, arrow::ArrayData* out);
  template <typename Offset>
  Status LoadList(RowRange rows, arrow::ArrayData* out);
  Status LoadViews(RowRange rows, arrow::ArrayData* out);
  Status LoadFixed(RowRange rows, arrow::ArrayData* out);
  Status LoadChild(const arrow::DataType& parent, int index, RowRange rows, arrow::ArrayData* out);

  template <typename Offset>
  Result<Ends> MeasureEnds(RowRange rows);

  const IpcBatchHead& head_;
  const IpcBody& body_;
  int64_t node_ = 0;
  int64_t buffer_ = 0;
  int64_t variadic_ = 0;
};

}  // namespace headrace
