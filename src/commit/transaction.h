// Publishing a dataset directory or a single file: all of it or none of it.
//
// Layout beside a dataset D on the same file system: .D.headrace/{lock, ledger, txn-<run
// id>/{journal, gen/, old/, quarantine}, generations/<name>/, quarantine/, rescued-<run id>/}.
// Protocol: lock, recover, write below txn-<id>/gen and sync, journal, link what stays, sync
// directories bottom-up, ONE rename (exchange or no-replace), sync the parent, ledger line, remove
// the old generation or put it into generations/ for as long as it may be rolled back to
// (commit/rollback.h). Recovery only ever deletes the losing tree; the journalled inode of gen
// compared with D's says who won. A single file F is staged as .F.headrace-<run id>.tmp beside it,
// synced, renamed, and the parent synced; its lock .F.headrace.lock stands there only while a run
// lasts. docs/publishing.md has the whole story.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "env/env.h"

namespace headrace {

// kRollback is that of commit/rollback.h; Begin refuses it.
enum class PublishMode : uint8_t { kCreate, kAppend, kOverwrite, kOverwritePartitions, kRollback };
enum class TargetKind : uint8_t { kDataset, kSingleFile };
enum class Durability : uint8_t {
  kFull,
  kNone
};  // kNone skips every fsync; order and atomicity against kill stay

// Usage when a run id would not do as a part of file names.
Status CheckRunId(const std::string& run_id);

enum class RunIdOrigin : uint8_t {
  kGenerated,
  kGiven  // by the user: such a run is published once, and asked again it does nothing
};

struct TransactionOptions {
  std::string target;
  TargetKind kind = TargetKind::kDataset;
  PublishMode mode = PublishMode::kCreate;
  Durability durability = Durability::kFull;
  std::string run_id;
  RunIdOrigin run_id_origin = RunIdOrigin::kGenerated;
  // Of a dataset; those after them wait for one sync of the whole file system where it has one that
  // can be relied on, if they are small: every wait for the disk takes milliseconds.
  int64_t files_synced_alone = 64;
  int64_t retain_seconds = 0;  // so long the replaced generation can be rolled back to; 0 = removed
};

struct PublishInput {
  std::string path;
  int64_t size_bytes = 0;
  int64_t rows = 0;
};

// Of more partitions than this only the number is kept: the line of a run would be megabytes, which
// every later run on the dataset reads.
inline constexpr int64_t kPartitionsListed = 1000;

// What the journal and the ledger keep of a run.
struct PublishInfo {
  std::string plan_hash;
  int64_t rows = 0;
  int64_t files = 0;
  int64_t bytes = 0;
  int64_t partition_count = 0;
  // Relative directories written, "" for an unpartitioned dataset; none where there are too many.
  std::vector<std::string> partitions;
  std::vector<PublishInput> inputs;
};

struct GroupPlace;

struct PublishOutcome {
  std::vector<std::string>
      notes;                 // announced fallbacks ("no exchange on this file system: two renames")
  int64_t kept_files = 0;    // linked over from the old generation
  std::string replaced_run;  // that wrote the old generation; "" = none of ours, or there was none
  std::string retained_as;   // name of the old generation in generations/; "" = it is removed
};

// What a sink writes to: files that nobody sees before they are published.
class StagedOutput {
 public:
  virtual ~StagedOutput() = default;
  // Opens a file below the staging directory (directories are made as needed). `relative_path` is
  // "k=v/name.parquet" for a dataset and "" for the single file. The caller syncs (by durability)
  // and closes it before Publish, which checks that. The file may be closed and opened again with
  // kAppend; it must not outlive this object.
  virtual Result<std::unique_ptr<WritableFile>> OpenStaged(const std::string& relative_path,
                                                           OpenMode mode) = 0;
  virtual const TransactionOptions& options() const = 0;
};

// Role: Staged -> Prepared -> Published -> Cleaned, and Unknown. Begin holds the lock until the
// object dies. Owner: the run. Threads: OpenStaged from any; the rest from one. Errors: Locked
// (someone else holds the target; says who), Sink (exists already, not writable: all that fails
// before Publish), OutOfDisk, CommitFailed (Publish failed, the old state stands), CommitUnknown
// (the rename's own result cannot be learned, or it happened and the fsync of the parent directory
// that makes it last failed). Destroyed before Publish succeeded: everything staged is removed, the
// target stands as it was.
class Transaction : public StagedOutput {
 public:
  static Result<std::unique_ptr<Transaction>> Begin(Env* env, TransactionOptions options);

  // One file for what the run puts aside, published and undone with it; its target is its place.
  // When no file is staged there, none is published.
  virtual StagedOutput* quarantine() = 0;
  // What the ledger says of the run of this id, when one with kGiven was published before. Then
  // nothing may be staged or published, and the target stands as it is.
  virtual const std::optional<PublishInfo>& published_before() const;
  // After OK: visible and, with Durability::kFull, durable. Called at most once, without any other
  // call running. `info.partitions` adds partitions to be replaced without new files to those that
  // files were staged in.
  Result<PublishOutcome> Publish(const PublishInfo& info);

  // The steps of Publish, for publish_group.h. `group` is where the group's record will stand; an
  // empty place: this transaction is published alone.
  virtual Status Prepare(const PublishInfo& info, const GroupPlace& group) = 0;
  virtual Status SwapIn() = 0;
  virtual PublishOutcome Finish() = 0;
  // What stands from Prepare to the end of Finish, and whatever becomes of the process, until the
  // target has been recovered.
  virtual std::string marker() const = 0;
  // From now on the object does nothing more, also when it dies: recovery decides.
  virtual void LeaveToRecovery() = 0;
};

// What recovery did for one target, or for all targets of its runs.
struct RecoveryOutcome {
  int64_t transactions_rolled_back = 0;
  int64_t transactions_rolled_forward = 0;
  std::vector<std::string> actions;  // what was done, one line each
  // Runs with other targets that are not in their place yet, or cannot be seen. Recover goes on
  // with those.
  struct UnfinishedGroup {
    std::string record;  // path (commit/group_record.h)
    std::vector<std::string> targets;
  };
  std::vector<UnfinishedGroup> unfinished_groups;
  std::vector<std::string> notes;
};

// Brings a target, and the other targets of its runs, back to exactly the old or the new state
// after a crash. Begin does the same for its target first.
Result<RecoveryOutcome> Recover(Env* env, const std::string& target);

}  // namespace headrace
