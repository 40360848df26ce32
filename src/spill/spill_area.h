// SpillArea: temporary bytes on disk, never the result.
//
// Invariants of the room
//  1. A directory of its own per process, beside a lock file of the same name that is held while
//  the process lives.
//     Whoever opens an area removes directories whose lock is free: the lock says who is dead, not
//     a pid.
//  2. Spilled bytes stand in unlinked scratch files: a killed process leaves an empty directory at
//  most.
//  3. Every frame carries its length and a checksum; what does not match when read back is an
//  error, never data.
//  4. Bytes on disk stay at or below the budget; written pages are dropped from the page cache.
//  5. Nothing is created before the first frame is written.
#pragma once

#include <arrow/buffer.h>
#include <arrow/memory_pool.h>
#include <arrow/util/compression.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "env/env.h"

namespace headrace {

enum class SpillCompression : uint8_t { kNone, kLz4, kZstd };

enum class SpillPlace : uint8_t {
  kGiven,  // by the user: it stays if it was there before
  kOurs,   // made by some run, perhaps one that died: it goes whenever it is empty
};

struct SpillOptions {
  Env* env = nullptr;
  // Where the area's own directory goes; made when needed, and then removed at the end unless
  // others use it too.
  std::string directory;
  SpillPlace place = SpillPlace::kGiven;
  int64_t bytes_max =
      0;  // 0 = what the disk has free when the first frame is written, less a twentieth
  SpillCompression compression = SpillCompression::kLz4;
  int64_t segment_bytes =
      64 << 20;  // a scratch file is given back when all its frames are released
};

struct SpillFrame {
  int64_t offset = 0;
  int32_t segment = -1;
  uint32_t stored_bytes = 0;  // with the frame's header
  uint32_t raw_bytes = 0;
};

using BytesView = std::span<const uint8_t>;

// Role: the disk side of spilling. Owner: the run. Threads: all methods from any thread; writes of
// different threads go on side by side. Errors: OutOfDisk when the budget or the disk is full, Sink
// when the disk fails, Internal when a frame does not come back as it was written.
class SpillArea {
 public:
  static constexpr int64_t kFrameBytesMax = int64_t{2} << 30;

  // Removes what dead processes left in `options.directory`.
  static Result<std::unique_ptr<SpillArea>> Open(SpillOptions options);
  ~SpillArea();

  // Reads a frame back; the bytes come from `pool`. Its pages are dropped from the page cache.
  Result<std::shared_ptr<arrow::Buffer>> Read(const SpillFrame& frame, arrow::MemoryPool* pool);
  // The frame will not be read again.
  void Release(const SpillFrame& frame);

  int64_t used_bytes() const;  // on disk now
  int64_t peak_bytes() const;
  int64_t written_bytes() const;  // over the whole run, as stored
  int64_t room_bytes() const;     // what may still be written; -1 while nothing was

 private:
  friend class SpillWriter;
  struct Segment {
    std::shared_ptr<ScratchFile> file;
    int64_t bytes = 0;       // handed out
    int64_t live_bytes = 0;  // not yet released
  };
  struct Place {
    std::shared_ptr<ScratchFile> file;
    SpillFrame frame;
  };

  explicit SpillArea(SpillOptions options);
  Status ReclaimDead();
  Status CreateDirectory();                            // called with mutex_ held
  Status MakeParent();                                 // called with mutex_ held
  Result<Place> Reserve(int64_t stored, int64_t raw);  // room for one frame in the newest segment
  Status CheckBudget(int64_t bytes) const;             // called with mutex_ held
  void CloseSegment(Segment* segment);                 // called with mutex_ held

  const SpillOptions options_;
  std::unique_ptr<arrow::util::Codec> codec_;
  mutable std::mutex mutex_;
  std::string own_directory_;  // empty until the first frame
  bool made_parent_ = false;   // options_.directory was not there before
  std::unique_ptr<FileLock> lock_;
  int64_t bytes_max_ = 0;
  std::vector<Segment> segments_;
  int64_t used_bytes_ = 0;
  int64_t peak_bytes_ = 0;
  int64_t written_bytes_ = 0;
};

// Role: one thread's hand for writing frames, with the workspace that spilling needs, taken when
// made, so that a full memory never keeps anyone from spilling. Threads: one at a time. Errors: as
// SpillArea.
class SpillWriter {
 public:
  // Workspace for frames of up to `frame_bytes`; larger ones are written as they are, uncompressed.
  static Result<std::unique_ptr<SpillWriter>> Make(SpillArea* area, int64_t frame_bytes,
                                                   arrow::MemoryPool* pool);
  // Bytes that Make takes.
  static int64_t WorkspaceBytes(int64_t frame_bytes);

  // Writes the pieces, one behind the other, as one frame.
  Result<SpillFrame> Write(std::span<const BytesView> pieces);

 private:
  SpillWriter(SpillArea* area, int64_t frame_bytes) : area_(area), frame_bytes_(frame_bytes) {}
  Result<BytesView> Compress(std::span<const BytesView> pieces, int64_t raw_bytes);

  SpillArea* area_;
  int64_t frame_bytes_;
  std::shared_ptr<arrow::Buffer> gathered_;
  std::shared_ptr<arrow::Buffer> compressed_;
};

}  // namespace headrace
