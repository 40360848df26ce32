#include "sink/file_set.h"

#include <algorithm>

namespace headrace {
namespace {

// Below this, starting write-back early costs more calls than it saves waiting at the end.
constexpr int64_t kDropCacheBytes = 1 << 20;

}  // namespace

int64_t KeptDirectoryBytes(const std::string& directory) {
  constexpr int64_t kEntries = 160;
  constexpr size_t kTextInEntry = 15;
  constexpr int64_t kAllocationBytes = 17;
  if (directory.size() <= kTextInEntry) return kEntries;
  return kEntries + 2 * (static_cast<int64_t>(directory.size()) + kAllocationBytes);
}

FileSetOptions MakeFileSetOptions(const SinkOptions& options, const SinkContext& context,
                                  int64_t metadata_bytes, std::shared_ptr<const OutputForm> form) {
  const bool is_single = context.transaction->options().kind == TargetKind::kSingleFile;
  FileSetOptions files;
  files.transaction = context.transaction;
  files.cancellation = context.cancellation;
  files.form = std::move(form);
  files.pool = context.pool;
  files.target_file_bytes = is_single ? INT64_MAX : options.target_file_bytes;
  files.metadata_bytes_max = metadata_bytes;
  if (options.partition_by.empty()) files.footer_spill = context.spill;
  return files;
}

FileSet::FileSet(FileSetOptions options) : options_(std::move(options)) {
  waker_ = options_.cancellation->AddWaker([this] {
    std::lock_guard lock(mutex_);
    changed_.notify_all();
  });
}

FileSet::~FileSet() { options_.cancellation->RemoveWaker(waker_); }

void FileSet::MarkBusy(FileSeries* series) {
  series->busy_ = true;
  if (series->is_idle_) idle_.erase(series->place_);
  series->is_idle_ = false;
}

void FileSet::MarkIdle(FileSeries* series) {
  series->busy_ = false;
  if (series->writer_ != nullptr) {
    series->place_ = idle_.insert(idle_.end(), series);
    series->is_idle_ = true;
  }
  changed_.notify_all();
}

template <typename Ready>
Status FileSet::WaitUntil(Lock* lock, Ready ready) {
  changed_.wait(*lock,
                [&] { return ready() || !failure_.ok() || options_.cancellation->cancelled(); });
  ARROW_RETURN_NOT_OK(failure_);
  return options_.cancellation->Check();
}

Status FileSet::Remember(Status status) {
  if (status.ok()) return status;
  Lock lock(mutex_);
  if (failure_.ok()) failure_ = status;
  changed_.notify_all();
  return status;
}

Status FileSet::WaitForTurn(FileSeries* series, int64_t order) {
  Lock lock(mutex_);
  HEADRACE_CHECK(order >= series->next_order_);
  ARROW_RETURN_NOT_OK(
      WaitUntil(&lock, [&] { return series->next_order_ == order && !series->busy_; }));
  MarkBusy(series);
  return Status::OK();
}

Status FileSet::Append(FileSeries* series, int64_t order, std::unique_ptr<EncodedChunk> chunk,
                       ChunkEnd end) {
  return Remember(AppendInTurn(series, order, std::move(chunk), end));
}

Status FileSet::AppendInTurn(FileSeries* series, int64_t order, std::unique_ptr<EncodedChunk> chunk,
                             ChunkEnd end) {
  ARROW_RETURN_NOT_OK(WaitForTurn(series, order));
  ARROW_RETURN_NOT_OK(Write(series, std::move(chunk)));
  {
    Lock lock(mutex_);
    if (end == ChunkEnd::kLast) ++series->next_order_;
    ++written_.row_groups;
    MarkIdle(series);
  }
  return MakeRoomForMetadata();
}

Status FileSet::Write(FileSeries* series, std::unique_ptr<EncodedChunk> chunk) {
  if (series->writer_ == nullptr) {
    series->path_ = NextPath(*series);
    ARROW_ASSIGN_OR_RAISE(series->writer_, MakeWriter());
  }
  if (series->file_ == nullptr) ARROW_RETURN_NOT_OK(Open(series));
  const int64_t bytes = chunk->bytes();
  ARROW_RETURN_NOT_OK(series->writer_->Append(std::move(chunk), series->file_.get()));
  if (bytes >= kDropCacheBytes) series->file_->DropCache();
  if (series->writer_->written_bytes() >= options_.target_file_bytes) return EndFile(series);
  Lock lock(mutex_);
  metadata_bytes_ += series->writer_->metadata_bytes() - series->metadata_bytes_;
  series->metadata_bytes_ = series->writer_->metadata_bytes();
  return Status::OK();
}

Result<std::unique_ptr<OutputFileWriter>> FileSet::MakeWriter() const {
  // Half, because a buffer's capacity doubles, and half again for the frame that is read back.
  return options_.form->MakeFileWriter(options_.pool,
                                       {options_.footer_spill, options_.metadata_bytes_max / 4});
}

std::string FileSet::NextPath(const FileSeries& series) const {
  const TransactionOptions& target = options_.transaction->options();
  if (target.kind == TargetKind::kSingleFile) return "";
  const std::string name =
      fmt::format("part-{}-{:05}{}", target.run_id, series.files_, options_.form->suffix());
  return series.directory_.empty() ? name : JoinPath(series.directory_, name);
}

Status FileSet::Open(FileSeries* series) {
  ARROW_RETURN_NOT_OK(MakeRoomForDescriptor());
  // A file of this name that is not this series' own must not be written over.
  const OpenMode mode =
      series->writer_->written_bytes() > 0 ? OpenMode::kAppend : OpenMode::kCreateNew;
  ARROW_ASSIGN_OR_RAISE(series->file_, options_.transaction->OpenStaged(series->path_, mode));
  Lock lock(mutex_);
  ++open_files_;
  return Status::OK();
}

Status FileSet::MakeRoomForDescriptor() {
  Lock lock(mutex_);
  while (open_files_ >= options_.open_files_max) {
    const auto coldest = std::find_if(idle_.begin(), idle_.end(), [](const FileSeries* series) {
      return series->file_ != nullptr;
    });
    // All are in use: there are as many as workers, and that bound is small too.
    if (coldest == idle_.end()) return Status::OK();
    FileSeries* series = *coldest;
    MarkBusy(series);
    lock.unlock();
    const Status closed = series->file_->Close();
    series->file_.reset();
    lock.lock();
    --open_files_;
    ARROW_RETURN_NOT_OK(closed);
    // It goes to the end of the list although it was not used; its descriptor is what this list is
    // asked for.
    MarkIdle(series);
  }
  return Status::OK();
}

Status FileSet::MakeRoomForMetadata() {
  if (options_.footer_spill != nullptr) return Status::OK();
  Lock lock(mutex_);
  while (metadata_bytes_ > options_.metadata_bytes_max && !idle_.empty()) {
    FileSeries* series = idle_.front();
    MarkBusy(series);
    lock.unlock();
    ARROW_RETURN_NOT_OK(EndFile(series));
    lock.lock();
    MarkIdle(series);
  }
  return Status::OK();
}

Status FileSet::EndFile(FileSeries* series) {
  if (series->file_ == nullptr) ARROW_RETURN_NOT_OK(Open(series));
  ARROW_RETURN_NOT_OK(series->writer_->Finish(series->file_.get()));
  if (options_.transaction->options().durability == Durability::kFull) {
    ARROW_RETURN_NOT_OK(series->file_->Sync());
  }
  ARROW_RETURN_NOT_OK(series->file_->Close());
  const int64_t rows = series->writer_->rows();
  const int64_t bytes = series->writer_->written_bytes();
  series->file_.reset();
  series->writer_.reset();
  Lock lock(mutex_);
  if (series->files_ == 0) NoteDirectory(series->directory_);
  ++series->files_;
  --open_files_;
  metadata_bytes_ -= series->metadata_bytes_;
  series->metadata_bytes_ = 0;
  ++written_.files;
  written_.rows += rows;
  written_.bytes += bytes;
  return Status::OK();
}

void FileSet::NoteDirectory(const std::string& directory) {
  if (++directory_count_ <= kPartitionsListed) directories_.push_back(directory);
  directory_bytes_ += KeptDirectoryBytes(directory);
}

std::vector<std::string> FileSet::directories() const {
  if (directory_count_ > kPartitionsListed) return {};
  return directories_;
}

Status FileSet::Finish(FileSeries* series) { return Remember(FinishInTurn(series)); }

Status FileSet::FinishInTurn(FileSeries* series) {
  {
    Lock lock(mutex_);
    ARROW_RETURN_NOT_OK(WaitUntil(&lock, [&] { return !series->busy_; }));
    if (series->writer_ == nullptr) return Status::OK();
    MarkBusy(series);
  }
  ARROW_RETURN_NOT_OK(EndFile(series));
  Lock lock(mutex_);
  MarkIdle(series);
  return Status::OK();
}

Status FileSet::FinishAll() {
  while (true) {
    FileSeries* series = nullptr;
    {
      Lock lock(mutex_);
      if (idle_.empty()) return Status::OK();
      series = idle_.front();
    }
    ARROW_RETURN_NOT_OK(Finish(series));
  }
}

Status FileSet::WriteEmptyFile(FileSeries* series) {
  ARROW_RETURN_NOT_OK(WaitForTurn(series, 0));
  series->path_ = NextPath(*series);
  ARROW_ASSIGN_OR_RAISE(series->writer_, MakeWriter());
  ARROW_RETURN_NOT_OK(EndFile(series));
  Lock lock(mutex_);
  MarkIdle(series);
  return Status::OK();
}

}  // namespace headrace
