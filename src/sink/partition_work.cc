#include "sink/partition_work.h"

#include <cstring>

namespace headrace {
namespace {

// Rows are decoded in pieces of about this size, so that rows and columns of a row group do not
// both stand whole.
constexpr int64_t kDecodeBytes = int64_t{1} << 20;

void FreeChunks(std::vector<RowChunk*>* chunks, arrow::MemoryPool* pool) {
  for (RowChunk* chunk : *chunks) RowChunks::FreeChunk(chunk, pool);
  chunks->clear();
}

}  // namespace

Status PartitionWork::Run(RouterWork work, PartitionRouter* router) {
  for (RowGroupWork& row_group : work.row_groups) {
    ARROW_RETURN_NOT_OK(EncodeRowGroup(std::move(row_group)));
  }
  if (work.frames.empty()) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(std::unique_ptr<SpillWriter> writer, TakeWriter());
  for (SpillFrameWork& frame : work.frames) {
    ARROW_RETURN_NOT_OK(WriteFrame(std::move(frame), writer.get(), router));
  }
  std::lock_guard lock(mutex_);
  idle_writers_.push_back(std::move(writer));
  return Status::OK();
}

Result<std::unique_ptr<SpillWriter>> PartitionWork::TakeWriter() {
  {
    std::lock_guard lock(mutex_);
    if (!idle_writers_.empty()) {
      auto writer = std::move(idle_writers_.back());
      idle_writers_.pop_back();
      return writer;
    }
  }
  return SpillWriter::Make(options_.spill, options_.frame_bytes, options_.pool);
}

Status PartitionWork::EncodeRowGroup(RowGroupWork work) {
  ARROW_ASSIGN_OR_RAISE(BatchVector batches, Decode(std::move(work.rows)));
  return options_.encoders->Encode(
      std::move(batches), [&](std::unique_ptr<EncodedChunk> chunk, ChunkEnd end) {
        return options_.files->Append(work.series, work.order, std::move(chunk), end);
      });
}

Result<BatchVector> PartitionWork::Decode(RowChunks rows) {
  BatchVector batches;
  while (!rows.empty()) {
    std::vector<RowChunk*> chunks;
    std::vector<RowSpan> spans;
    int64_t bytes = 0;
    while (!rows.empty() && (chunks.empty() || bytes + rows.front()->used_bytes <= kDecodeBytes)) {
      chunks.push_back(rows.PopFront());
      spans.push_back(chunks.back()->span());
      bytes += spans.back().bytes;
    }
    auto batch = DecodeRows(*options_.row_layout, spans, options_.pool);
    FreeChunks(&chunks, options_.pool);
    ARROW_RETURN_NOT_OK(batch.status());
    batches.push_back(std::move(*batch));
  }
  return batches;
}

Status PartitionWork::WriteFrame(SpillFrameWork frame, SpillWriter* writer,
                                 PartitionRouter* router) {
  std::vector<SpillPartHeader> headers;
  std::vector<BytesView> pieces(2);
  for (const SpillItem& item : frame.items) {
    // A part is a run of whole rows; its chunks follow each other.
    headers.push_back({item.partition_id, static_cast<uint32_t>(item.rows.rows()),
                       static_cast<uint32_t>(item.rows.used_bytes())});
    for (RowChunk* chunk = item.rows.front(); chunk != nullptr; chunk = chunk->next) {
      pieces.emplace_back(chunk->data(), static_cast<size_t>(chunk->used_bytes));
    }
  }
  const auto count = static_cast<uint32_t>(headers.size());
  pieces[0] = {reinterpret_cast<const uint8_t*>(&count), sizeof(count)};
  pieces[1] = {reinterpret_cast<const uint8_t*>(headers.data()),
               headers.size() * sizeof(SpillPartHeader)};
  ARROW_ASSIGN_OR_RAISE(const SpillFrame written, writer->Write(pieces));
  router->SetFrame(frame.bucket, frame.place, written);
  const auto block = router->TakeIndexBlock(frame.bucket);
  if (!block) return Status::OK();
  const BytesView entries(reinterpret_cast<const uint8_t*>(block->data()),
                          block->size() * sizeof(SpillFrame));
  ARROW_ASSIGN_OR_RAISE(const SpillFrame place, writer->Write({&entries, 1}));
  return router->PutIndexBlock(frame.bucket, place);
}

Status PartitionWork::ReadFrames(const FrameIndex& index,
                                 const std::function<Status(const FramePart&)>& use) {
  for (const SpillFrame& block : index.blocks()) {
    ARROW_ASSIGN_OR_RAISE(const auto bytes, options_.spill->Read(block, options_.pool));
    options_.spill->Release(block);
    HEADRACE_CHECK(bytes->size() ==
                   static_cast<int64_t>(FrameIndex::kBlockFrames * sizeof(SpillFrame)));
    for (size_t i = 0; i < FrameIndex::kBlockFrames; ++i) {
      SpillFrame frame;
      std::memcpy(&frame, bytes->data() + i * sizeof(SpillFrame), sizeof(SpillFrame));
      ARROW_RETURN_NOT_OK(ReadFrame(frame, use));
    }
  }
  for (const SpillFrame& frame : index.newest()) ARROW_RETURN_NOT_OK(ReadFrame(frame, use));
  return Status::OK();
}

Status PartitionWork::ReadFrame(const SpillFrame& frame,
                                const std::function<Status(const FramePart&)>& use) {
  HEADRACE_CHECK(frame.segment >= 0);
  ARROW_ASSIGN_OR_RAISE(const auto bytes, options_.spill->Read(frame, options_.pool));
  uint32_t count = 0;
  std::memcpy(&count, bytes->data(), sizeof(count));
  const uint8_t* header_at = bytes->data() + sizeof(count);
  const uint8_t* rows_at = header_at + count * sizeof(SpillPartHeader);
  for (uint32_t i = 0; i < count; ++i, header_at += sizeof(SpillPartHeader)) {
    SpillPartHeader header;
    std::memcpy(&header, header_at, sizeof(header));
    ARROW_RETURN_NOT_OK(use({header.partition_id, {rows_at, header.bytes, header.rows}}));
    rows_at += header.bytes;
  }
  HEADRACE_CHECK(rows_at == bytes->data() + bytes->size());
  options_.spill->Release(frame);
  return Status::OK();
}

}  // namespace headrace
