// FileSet: all files that a sink writes, with bounds on how many are open and on what their footers
// hold.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/cancellation.h"
#include "commit/transaction.h"
#include "sink/output_form.h"
#include "sink/sink.h"
#include "spill/spill_area.h"

namespace headrace {

// Bytes outside of the pool that a directory takes from its first file until it is published:
// where files are staged, and when its name is looked for at the end.
int64_t KeptDirectoryBytes(const std::string& directory);

struct FileSetOptions {
  StagedOutput* transaction = nullptr;
  Cancellation* cancellation = nullptr;
  std::shared_ptr<const OutputForm> form;
  arrow::MemoryPool* pool = nullptr;
  int64_t target_file_bytes = int64_t{512}
                              << 20;  // a file ends behind the row group that reaches it
  int open_files_max = 64;
  int64_t metadata_bytes_max = int64_t{4} << 20;  // footers of files that have not ended yet
  // Where a footer goes that passes its share of that; null: the file unused for longest ends
  // instead.
  SpillArea* footer_spill = nullptr;
};

// What a sink of these options writes its files with; `metadata_bytes` bounds what footers hold. A
// single file is never split. Many partitions' files end early when their footers together are too
// large; one file's footer is spilled.
FileSetOptions MakeFileSetOptions(const SinkOptions& options, const SinkContext& context,
                                  int64_t metadata_bytes, std::shared_ptr<const OutputForm> form);

// The files of one directory, one after the other. Only a FileSet looks inside.
class FileSeries {
 public:
  explicit FileSeries(std::string directory) : directory_(std::move(directory)) {}
  const std::string& directory() const { return directory_; }

 private:
  friend class FileSet;
  const std::string directory_;
  // Guarded by the set's mutex.
  int64_t next_order_ = 0;
  bool busy_ = false;     // somebody writes to or ends the file; the fields below are theirs
  bool is_idle_ = false;  // stands in the set's list at place_
  std::list<FileSeries*>::iterator place_;
  int64_t files_ = 0;
  std::string path_;
  std::unique_ptr<OutputFileWriter> writer_;  // null between files
  std::unique_ptr<WritableFile> file_;        // null while the descriptor is given up
  int64_t metadata_bytes_ = 0;                // of writer_, as counted by the set
};

// Role: writes encoded chunks into files, per series in the order of their numbers, whoever
// encoded them first. Files over the bounds are closed (and opened again later) or ended, the one
// unused for longest first. Owner: the sink. Threads: Append and Finish from any thread; FinishAll
// and the figures when no other call runs. Append waits only for lower numbers of the same series.
// Errors: what the transaction's files fail with; the reason of a cancelled run. After the first
// failure every call fails with it, also those that wait.
class FileSet {
 public:
  explicit FileSet(FileSetOptions options);
  ~FileSet();

  // Numbers of one series are consecutive from 0; chunks of one number come from one thread, the
  // last of them as kLast.
  Status Append(FileSeries* series, int64_t order, std::unique_ptr<EncodedChunk> chunk,
                ChunkEnd end = ChunkEnd::kLast);
  // Ends the series' file, if it has one. Nothing is appended to the series while this runs.
  Status Finish(FileSeries* series);
  // Ends every file that has not ended.
  Status FinishAll();
  // A file with the schema and no rows.
  Status WriteEmptyFile(FileSeries* series);

  const WrittenFiles& written() const { return written_; }
  // Those that have a file, unless they are too many to be listed (kPartitionsListed); and how many
  // they are.
  std::vector<std::string> directories() const;
  int64_t directory_count() const { return directory_count_; }
  // What they take with those who keep them until the end; from any thread.
  int64_t directory_bytes() const { return directory_bytes_.load(std::memory_order_relaxed); }

 private:
  using Lock = std::unique_lock<std::mutex>;
  template <typename Ready>
  Status WaitUntil(Lock* lock, Ready ready);
  Status Remember(Status status);  // the first failure, and wakes whoever waits
  Status WaitForTurn(FileSeries* series, int64_t order);
  Status AppendInTurn(FileSeries* series, int64_t order, std::unique_ptr<EncodedChunk> chunk,
                      ChunkEnd end);
  Status FinishInTurn(FileSeries* series);
  void MarkIdle(FileSeries* series);  // called with mutex_ held
  void MarkBusy(FileSeries* series);  // called with mutex_ held
  Status MakeRoomForDescriptor();
  Status MakeRoomForMetadata();
  Status Open(FileSeries* series);
  Status Write(FileSeries* series, std::unique_ptr<EncodedChunk> chunk);
  Result<std::unique_ptr<OutputFileWriter>> MakeWriter() const;
  Status EndFile(FileSeries* series);
  void NoteDirectory(const std::string& directory);  // called with mutex_ held
  std::string NextPath(const FileSeries& series) const;

  const FileSetOptions options_;
  int64_t waker_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::list<FileSeries*> idle_;  // series with a file that nobody uses now, longest unused first
  int open_files_ = 0;
  int64_t metadata_bytes_ = 0;
  Status failure_;
  WrittenFiles written_;
  int64_t directory_count_ = 0;
  std::vector<std::string> directories_;
  std::atomic<int64_t> directory_bytes_{0};
};

}  // namespace headrace
