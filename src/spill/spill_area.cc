#include "spill/spill_area.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "base/ids.h"
#include "base/units.h"
#include "spill/frame_header.h"

namespace headrace {
namespace {

constexpr std::string_view kDirectoryPrefix = "headrace-spill-";
constexpr std::string_view kLockSuffix = ".lock";

bool IsSpillLock(const std::string& name) {
  return name.starts_with(kDirectoryPrefix) && name.ends_with(kLockSuffix);
}

Status Damaged(const char* what, const SpillFrame& frame) {
  return MakeError(
      ErrorKind::kInternal, 903,
      "a spilled frame came back different from what was written ({}); check the disk: "
      "segment {}, offset {}",
      what, frame.segment, frame.offset);
}

}  // namespace

SpillArea::SpillArea(SpillOptions options)
    : options_(std::move(options)), bytes_max_(options_.bytes_max) {}

Result<std::unique_ptr<SpillArea>> SpillArea::Open(SpillOptions options) {
  std::unique_ptr<SpillArea> area(new SpillArea(std::move(options)));
  if (area->options_.compression != SpillCompression::kNone) {
    const bool lz4 = area->options_.compression == SpillCompression::kLz4;
    ARROW_ASSIGN_OR_RAISE(area->codec_,
                          lz4 ? arrow::util::Codec::Create(arrow::Compression::LZ4)
                              : arrow::util::Codec::Create(arrow::Compression::ZSTD, 1));
  }
  ARROW_RETURN_NOT_OK(area->ReclaimDead());
  return area;
}

SpillArea::~SpillArea() {
  segments_.clear();
  if (own_directory_.empty()) return;
  // What fails to go now is reclaimed by the next process that opens an area here.
  (void)options_.env->RemoveDirectory(own_directory_);
  (void)options_.env->RemoveFile(own_directory_ + std::string(kLockSuffix));
  // Fails, as it should, while somebody else's directory or lock stands in it.
  const bool goes = made_parent_ || options_.place == SpillPlace::kOurs;
  if (goes) (void)options_.env->RemoveDirectory(options_.directory);
}

Status SpillArea::ReclaimDead() {
  ARROW_ASSIGN_OR_RAISE(const auto stat, options_.env->Stat(options_.directory));
  if (!stat.has_value() || stat->type != FileType::kDirectory) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const auto entries, options_.env->List(options_.directory));
  for (const DirectoryEntry& entry : entries) {
    if (!IsSpillLock(entry.name)) continue;
    const std::string lock_path = JoinPath(options_.directory, entry.name);
    // A directory of another user that cannot be locked or removed is not ours to complain about.
    auto lock = options_.env->TryLock(lock_path);
    if (!lock.ok() || *lock == nullptr) continue;
    const std::string directory = lock_path.substr(0, lock_path.size() - kLockSuffix.size());
    if (!options_.env->RemoveTree(directory).ok()) continue;
    (void)options_.env->RemoveFile(lock_path);
  }
  if (options_.place == SpillPlace::kOurs) (void)options_.env->RemoveDirectory(options_.directory);
  return Status::OK();
}

Status SpillArea::MakeParent() {
  ARROW_ASSIGN_OR_RAISE(const auto stat, options_.env->Stat(options_.directory));
  ARROW_RETURN_NOT_OK(options_.env->CreateDirectories(options_.directory));
  made_parent_ = made_parent_ || !stat.has_value();
  return Status::OK();
}

Status SpillArea::CreateDirectory() {
  for (int attempt = 0; attempt < 16; ++attempt) {
    ARROW_RETURN_NOT_OK(MakeParent());
    const std::string directory =
        JoinPath(options_.directory, std::string(kDirectoryPrefix) + NewRunId());
    const std::string lock_path = directory + std::string(kLockSuffix);
    auto locked = options_.env->TryLock(lock_path);
    if (!locked.ok()) {
      // Another area that made the directory may have ended just now and removed it.
      ARROW_ASSIGN_OR_RAISE(const auto parent, options_.env->Stat(options_.directory));
      if (!parent.has_value()) continue;
      return locked.status();
    }
    std::unique_ptr<FileLock> lock = std::move(*locked);
    if (lock == nullptr) continue;
    // Someone reclaiming may have locked and removed the new file between its creation and our lock
    // on it. Nobody else makes this name, so the name still standing means that the lock is on it.
    ARROW_ASSIGN_OR_RAISE(const auto stat, options_.env->Stat(lock_path));
    if (!stat.has_value()) continue;
    ARROW_RETURN_NOT_OK(options_.env->CreateDirectory(directory));
    own_directory_ = directory;
    lock_ = std::move(lock);
    if (bytes_max_ == 0) {
      ARROW_ASSIGN_OR_RAISE(const DiskSpace space, options_.env->Space(directory));
      bytes_max_ = space.available_bytes - space.available_bytes / 20;
    }
    return Status::OK();
  }
  return MakeError(
      ErrorKind::kLocked, 803,
      "cannot lock a spill directory of our own; give another one with --spill-dir: {}",
      options_.directory);
}

Status SpillArea::CheckBudget(int64_t bytes) const {
  if (used_bytes_ + bytes <= bytes_max_) return Status::OK();
  return MakeError(
      ErrorKind::kOutOfDisk, 711,
      "spilling needs more disk than it may use; raise --spill-max or --memory, or give a "
      "larger --spill-dir: {} in use, {} more needed, {} allowed, in {}",
      FormatBytes(used_bytes_), FormatBytes(bytes), FormatBytes(bytes_max_), options_.directory);
}

Result<SpillArea::Place> SpillArea::Reserve(int64_t stored, int64_t raw) {
  std::lock_guard lock(mutex_);
  if (own_directory_.empty()) ARROW_RETURN_NOT_OK(CreateDirectory());
  ARROW_RETURN_NOT_OK(CheckBudget(stored));
  if (segments_.empty() || segments_.back().bytes >= options_.segment_bytes) {
    ARROW_ASSIGN_OR_RAISE(auto file, options_.env->OpenScratch(own_directory_));
    segments_.push_back({std::move(file), 0, 0});
  }
  Segment& segment = segments_.back();
  Place place;
  place.file = segment.file;
  place.frame.segment = static_cast<int32_t>(segments_.size()) - 1;
  place.frame.offset = segment.bytes;
  place.frame.stored_bytes = static_cast<uint32_t>(stored);
  place.frame.raw_bytes = static_cast<uint32_t>(raw);
  segment.bytes += stored;
  segment.live_bytes += stored;
  used_bytes_ += stored;
  peak_bytes_ = std::max(peak_bytes_, used_bytes_);
  written_bytes_ += stored;
  return place;
}

void SpillArea::CloseSegment(Segment* segment) {
  // The disk gets a whole segment back at once; until then its bytes count.
  used_bytes_ -= segment->bytes;
  segment->file.reset();
}

void SpillArea::Release(const SpillFrame& frame) {
  std::lock_guard lock(mutex_);
  Segment& segment = segments_[frame.segment];
  segment.live_bytes -= frame.stored_bytes;
  const bool still_filling = static_cast<size_t>(frame.segment) + 1 == segments_.size() &&
                             segment.bytes < options_.segment_bytes;
  if (segment.live_bytes == 0 && !still_filling) CloseSegment(&segment);
}

Result<std::shared_ptr<arrow::Buffer>> SpillArea::Read(const SpillFrame& frame,
                                                       arrow::MemoryPool* pool) {
  std::shared_ptr<ScratchFile> file;
  {
    std::lock_guard lock(mutex_);
    file = segments_[frame.segment].file;
  }
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> stored,
                        arrow::AllocateBuffer(frame.stored_bytes, pool));
  ARROW_RETURN_NOT_OK(file->ReadAt(frame.offset, frame.stored_bytes, stored->mutable_data()));
  file->DropCache(frame.offset, frame.stored_bytes);
  SpillFrameHeader header;
  if (frame.stored_bytes < sizeof(header)) return Damaged("length", frame);
  std::memcpy(&header, stored->data(), sizeof(header));
  const uint8_t* payload = stored->data() + sizeof(header);
  if (header.magic != SpillFrameHeader::kMagic ||
      header.stored_bytes + sizeof(header) != frame.stored_bytes ||
      header.raw_bytes != frame.raw_bytes) {
    return Damaged("header", frame);
  }
  if (XXH3_64bits_withSeed(payload, header.stored_bytes, header.compressed) != header.checksum) {
    return Damaged("checksum", frame);
  }
  if (header.compressed == 0) return arrow::SliceBuffer(stored, sizeof(header));
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> raw,
                        arrow::AllocateBuffer(static_cast<int64_t>(header.raw_bytes), pool));
  ARROW_ASSIGN_OR_RAISE(const int64_t length,
                        codec_->Decompress(static_cast<int64_t>(header.stored_bytes), payload,
                                           raw->size(), raw->mutable_data()));
  if (length != raw->size()) return Damaged("decompressed length", frame);
  return raw;
}

int64_t SpillArea::used_bytes() const {
  std::lock_guard lock(mutex_);
  return used_bytes_;
}

int64_t SpillArea::peak_bytes() const {
  std::lock_guard lock(mutex_);
  return peak_bytes_;
}

int64_t SpillArea::written_bytes() const {
  std::lock_guard lock(mutex_);
  return written_bytes_;
}

int64_t SpillArea::room_bytes() const {
  std::lock_guard lock(mutex_);
  return own_directory_.empty() ? -1 : std::max<int64_t>(0, bytes_max_ - used_bytes_);
}

}  // namespace headrace
