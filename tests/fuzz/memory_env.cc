#include "fuzz/memory_env.h"

#include <algorithm>
#include <cstring>

namespace headrace::fuzz {
namespace {

constexpr int64_t kDiskBytes = int64_t{1} << 30;

class MemoryReadFile : public RandomReadFile {
 public:
  explicit MemoryReadFile(MemoryEnv::Bytes bytes) : bytes_(std::move(bytes)) {}
  Result<int64_t> ReadAt(int64_t offset, int64_t length, void* out) override {
    const int64_t left = static_cast<int64_t>(bytes_->size()) - offset;
    const int64_t count = std::clamp<int64_t>(left, 0, length);
    if (count > 0) std::memcpy(out, bytes_->data() + offset, static_cast<size_t>(count));
    return count;
  }
  Result<int64_t> Size() override { return static_cast<int64_t>(bytes_->size()); }
  void DropCache(int64_t, int64_t) override {}

 private:
  const MemoryEnv::Bytes bytes_;
};

class MemoryScratchFile : public ScratchFile {
 public:
  explicit MemoryScratchFile(MemoryEnv::Bytes bytes) : bytes_(std::move(bytes)) {}
  Status WriteAt(int64_t offset, const void* data, int64_t length) override {
    const auto end = static_cast<size_t>(offset + length);
    if (bytes_->size() < end) bytes_->resize(end);
    std::memcpy(bytes_->data() + offset, data, static_cast<size_t>(length));
    return Status::OK();
  }
  Status ReadAt(int64_t offset, int64_t length, void* out) override {
    if (offset + length > static_cast<int64_t>(bytes_->size()))
      return MakeError(ErrorKind::kSink, 0, "a scratch file ends early");
    std::memcpy(out, bytes_->data() + offset, static_cast<size_t>(length));
    return Status::OK();
  }

 private:
  const MemoryEnv::Bytes bytes_;
};

Status NotHere(const char* call, const std::string& path) {
  return MakeError(ErrorKind::kInternal, 0, "files in memory cannot do this: {}: {}", call, path);
}

}  // namespace

void MemoryEnv::SetFile(const std::string& path, std::string content) {
  files_[path] = std::make_shared<std::string>(std::move(content));
}

Result<std::unique_ptr<RandomReadFile>> MemoryEnv::OpenForRead(const std::string& path) {
  const auto found = files_.find(path);
  if (found == files_.end()) return MakeError(ErrorKind::kSource, 0, "no such file: {}", path);
  return std::make_unique<MemoryReadFile>(found->second);
}

Result<std::unique_ptr<SequentialReadFile>> MemoryEnv::OpenStandardInput(std::function<bool()>) {
  return NotHere("standard input", "-");
}

Result<std::unique_ptr<WritableFile>> MemoryEnv::OpenForWrite(const std::string& path, OpenMode) {
  return NotHere("write", path);
}

Result<std::unique_ptr<ScratchFile>> MemoryEnv::OpenScratch(const std::string&) {
  scratch_files_.push_back(std::make_shared<std::string>());
  return std::make_unique<MemoryScratchFile>(scratch_files_.back());
}

Result<std::optional<FileStat>> MemoryEnv::Stat(const std::string& path) {
  FileStat stat;
  const auto found = files_.find(path);
  stat.type = found == files_.end() ? FileType::kDirectory : FileType::kFile;
  if (found != files_.end()) stat.size_bytes = static_cast<int64_t>(found->second->size());
  return std::optional<FileStat>(stat);
}

Result<std::optional<FileStat>> MemoryEnv::StatNoFollow(const std::string& path) {
  return Stat(path);
}

Result<std::vector<DirectoryEntry>> MemoryEnv::List(const std::string&) {
  return std::vector<DirectoryEntry>();
}

Result<std::string> MemoryEnv::RealPath(const std::string& path) { return path; }
Status MemoryEnv::CreateDirectory(const std::string&) { return Status::OK(); }
Status MemoryEnv::RemoveFile(const std::string&) { return Status::OK(); }
Status MemoryEnv::RemoveDirectory(const std::string&) { return Status::OK(); }
Status MemoryEnv::Rename(const std::string& from, const std::string&, RenameMode) {
  return NotHere("rename", from);
}
Status MemoryEnv::HardLink(const std::string& from, const std::string&) {
  return NotHere("link", from);
}
Status MemoryEnv::SyncDirectory(const std::string&) { return Status::OK(); }
Status MemoryEnv::SyncFile(const std::string&) { return Status::OK(); }
Status MemoryEnv::SetPermissions(const std::string&, uint32_t) { return Status::OK(); }
Result<DiskSpace> MemoryEnv::Space(const std::string&) { return DiskSpace{kDiskBytes, kDiskBytes}; }
Status MemoryEnv::CheckWritable(const std::string&) { return Status::OK(); }
Result<std::unique_ptr<FileLock>> MemoryEnv::TryLock(const std::string&) {
  return std::make_unique<FileLock>();
}

}  // namespace headrace::fuzz
