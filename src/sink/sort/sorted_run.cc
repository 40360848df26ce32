#include "sink/sort/sorted_run.h"

#include <algorithm>
#include <cstring>

#include "sink/out_of_memory.h"

namespace headrace {
namespace {

// Reads one frame at a time; the one before is given back first.
class SpilledCursor : public RecordCursor {
 public:
  SpilledCursor(SortedRun run, const SortSpill& spill) : run_(std::move(run)), spill_(spill) {}

  Status NextFrame() {
    frame_.reset();
    if (next_ == run_.frames.size()) return Status::OK();
    const SpillFrame& place = run_.frames[next_++];
    ARROW_ASSIGN_OR_RAISE(frame_, spill_.area->Read(place, spill_.pool));
    spill_.area->Release(place);
    Place(frame_->data());
    return Status::OK();
  }

  bool at_end() const override { return frame_ == nullptr; }
  const SortRecord& record() const override { return record_; }
  Status Advance() override {
    const uint8_t* end = record_.row + EncodedRowBytes(record_.row);
    if (end == frame_->data() + frame_->size()) return NextFrame();
    Place(end);
    return Status::OK();
  }

 private:
  void Place(const uint8_t* begin) {
    record_.key = begin;
    const std::string_view key = record_.key_bytes();
    record_.row = begin + sizeof(uint32_t) + key.size();
  }

  const SortedRun run_;
  const SortSpill spill_;
  size_t next_ = 0;
  std::shared_ptr<arrow::Buffer> frame_;  // null: at the end
  SortRecord record_;
};

// A heap of cursors, the one with the smallest record first.
class MergeCursor : public RecordCursor {
 public:
  explicit MergeCursor(std::vector<std::unique_ptr<RecordCursor>> runs) : runs_(std::move(runs)) {
    for (size_t i = 0; i < runs_.size(); ++i) {
      if (!runs_[i]->at_end()) heap_.push_back(i);
    }
    std::ranges::make_heap(heap_, ComesLater{this});
  }

  bool at_end() const override { return heap_.empty(); }
  const SortRecord& record() const override { return runs_[heap_.front()]->record(); }
  Status Advance() override {
    std::ranges::pop_heap(heap_, ComesLater{this});
    RecordCursor* run = runs_[heap_.back()].get();
    ARROW_RETURN_NOT_OK(run->Advance());
    if (run->at_end()) {
      heap_.pop_back();
    } else {
      std::ranges::push_heap(heap_, ComesLater{this});
    }
    return Status::OK();
  }

 private:
  // The standard's heaps have the largest first.
  struct ComesLater {
    const MergeCursor* merge;
    bool operator()(size_t one, size_t other) const {
      const int order = merge->runs_[one]->record().key_bytes().compare(
          merge->runs_[other]->record().key_bytes());
      return order != 0 ? order > 0 : one > other;
    }
  };

  const std::vector<std::unique_ptr<RecordCursor>> runs_;
  std::vector<size_t> heap_;
};

// Role: gathers records into frames. Owner: WriteSortedRun. Threads: one.
class SortedRunWriter {
 public:
  static Result<std::unique_ptr<SortedRunWriter>> Make(const SortSpill& spill) {
    std::unique_ptr<SortedRunWriter> made(new SortedRunWriter(spill));
    ARROW_ASSIGN_OR_RAISE(made->writer_,
                          SpillWriter::Make(spill.area, spill.frame_bytes, spill.pool));
    ARROW_ASSIGN_OR_RAISE(made->frame_,
                          arrow::AllocateResizableBuffer(spill.frame_bytes, spill.pool));
    return made;
  }

  Status Add(const SortRecord& record) {
    const auto key_bytes = static_cast<int64_t>(sizeof(uint32_t) + record.key_bytes().size());
    const int64_t row_bytes = EncodedRowBytes(record.row);
    if (used_bytes_ > 0 && used_bytes_ + key_bytes + row_bytes > spill_.frame_bytes) {
      ARROW_RETURN_NOT_OK(EndFrame());
    }
    // A record that is larger than a frame has one for itself.
    if (key_bytes + row_bytes > frame_->size()) {
      ARROW_RETURN_NOT_OK(frame_->Resize(key_bytes + row_bytes));
    }
    uint8_t* out = frame_->mutable_data() + used_bytes_;
    std::memcpy(out, record.key, static_cast<size_t>(key_bytes));
    std::memcpy(out + key_bytes, record.row, static_cast<size_t>(row_bytes));
    used_bytes_ += key_bytes + row_bytes;
    return Status::OK();
  }

  Result<SortedRun> Finish() {
    if (used_bytes_ > 0) ARROW_RETURN_NOT_OK(EndFrame());
    return std::move(run_);
  }

 private:
  explicit SortedRunWriter(const SortSpill& spill) : spill_(spill), run_(spill.pool) {}

  Status EndFrame() {
    if (spill_.cancellation != nullptr) ARROW_RETURN_NOT_OK(spill_.cancellation->Check());
    const BytesView bytes(frame_->data(), static_cast<size_t>(used_bytes_));
    ARROW_ASSIGN_OR_RAISE(const SpillFrame place, writer_->Write({&bytes, 1}));
    try {
      run_.frames.push_back(place);
    } catch (const std::bad_alloc&) {
      return OutOfSinkMemory("the index of sorted rows in the spill");
    }
    run_.bytes += used_bytes_;
    run_.frame_bytes_max = std::max(run_.frame_bytes_max, used_bytes_);
    used_bytes_ = 0;
    if (frame_->size() == spill_.frame_bytes) return Status::OK();
    return frame_->Resize(spill_.frame_bytes, true);
  }

  const SortSpill spill_;
  SortedRun run_;
  std::unique_ptr<SpillWriter> writer_;
  std::unique_ptr<arrow::ResizableBuffer> frame_;
  int64_t used_bytes_ = 0;
};

}  // namespace

int64_t SortSpill::WriteBytes() const {
  return frame_bytes + SpillWriter::WorkspaceBytes(frame_bytes);
}

Result<SortedRun> WriteSortedRun(RecordCursor* cursor, const SortSpill& spill) {
  ARROW_ASSIGN_OR_RAISE(const auto writer, SortedRunWriter::Make(spill));
  while (!cursor->at_end()) {
    ARROW_RETURN_NOT_OK(writer->Add(cursor->record()));
    ARROW_RETURN_NOT_OK(cursor->Advance());
  }
  return writer->Finish();
}

Result<std::unique_ptr<RecordCursor>> ReadSortedRun(SortedRun run, const SortSpill& spill) {
  auto cursor = std::make_unique<SpilledCursor>(std::move(run), spill);
  ARROW_RETURN_NOT_OK(cursor->NextFrame());
  return cursor;
}

std::unique_ptr<RecordCursor> MergeSortedRuns(std::vector<std::unique_ptr<RecordCursor>> runs) {
  return std::make_unique<MergeCursor>(std::move(runs));
}

}  // namespace headrace
