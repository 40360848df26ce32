#include "commit/single_file_lock.h"

#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "commit/errors.h"
#include "commit/group_record.h"
#include "commit/layout.h"
#include "commit/quarantine.h"
#include "commit/recovery.h"
#include "commit/side_directory.h"
#include "commit/write_whole.h"

namespace headrace {
namespace {

using Json = nlohmann::json;

constexpr int kMemberVersion = 1;
constexpr std::string_view kMemberTemporarySuffix = ".member.tmp";
constexpr std::string_view kGroupTemporarySuffix = ".group.tmp";
constexpr int64_t kMemberBytesMax = int64_t{1} << 20;

struct Leftovers {
  struct Run {
    bool has_temporary = false;
    bool has_member = false;
    bool has_quarantine = false;  // not in its place yet
  };
  std::map<std::string, Run> runs;
  std::vector<std::string> groups;     // paths of records
  std::vector<std::string> cut_short;  // paths of what was not written whole
  bool empty() const { return runs.empty() && groups.empty() && cut_short.empty(); }
};

Result<Leftovers> FindLeftovers(Env* env, const std::string& target) {
  const std::string parent = ParentPath(target);
  ARROW_ASSIGN_OR_RAISE(const std::vector<DirectoryEntry> entries, env->List(parent));
  Leftovers found;
  for (const DirectoryEntry& entry : entries) {
    if (entry.type != FileType::kFile) continue;
    if (const auto run = RunOfSingleFileEntry(target, entry.name, kTemporarySuffix)) {
      found.runs[*run].has_temporary = true;
    } else if (const auto member = RunOfSingleFileEntry(target, entry.name, kMemberSuffix)) {
      found.runs[*member].has_member = true;
    } else if (const auto reject = RunOfSingleFileEntry(target, entry.name, kQuarantineSuffix)) {
      found.runs[*reject].has_quarantine = true;
    } else if (RunOfSingleFileEntry(target, entry.name, kMemberTemporarySuffix) ||
               RunOfSingleFileEntry(target, entry.name, kGroupTemporarySuffix)) {
      found.cut_short.push_back(JoinPath(parent, entry.name));
    } else if (RunOfSingleFileEntry(target, entry.name, kGroupSuffix)) {
      found.groups.push_back(JoinPath(parent, entry.name));
    }
  }
  return found;
}

Result<SingleFileMember> ReadMember(Env* env, const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(const std::string text, env->ReadWholeFile(path, kMemberBytesMax));
  const Json object = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  const bool is_ours = object.is_object() && object.value("version", Json()) == kMemberVersion &&
                       object.value("group", Json()).is_string() &&
                       object.value("group_parent_inode", Json()).is_number_unsigned() &&
                       object.value("creates", Json()).is_boolean();
  if (!is_ours) {
    return MakeError(ErrorKind::kCommitUnknown, kCommitUnknownCode,
                     "what a run with several outputs left cannot be read: {}; look whether the "
                     "file beside it is the new one, then remove it",
                     path);
  }
  SingleFileMember member;
  member.group = {PlaceFromText(ParentPath(path), object["group"].get<std::string>()),
                  object["group_parent_inode"].get<uint64_t>()};
  member.mode = object["creates"].get<bool>() ? PublishMode::kCreate : PublishMode::kOverwrite;
  return member;
}

// Between the link that makes the target and the removal of the temporary's name they are one.
Result<bool> IsSameFile(Env* env, const std::string& target, const std::string& temporary) {
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> found, env->StatNoFollow(target));
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> staged, env->StatNoFollow(temporary));
  return found && staged && found->inode == staged->inode && found->device == staged->device;
}

// The group is published: the file goes where it belongs, over nothing that the run did not mean
// to replace. False when another program has taken the place.
Result<bool> PutInPlace(Env* env, const std::string& target, const std::string& temporary,
                        const std::string& run_id, PublishMode mode, RecoveryOutcome* outcome) {
  ARROW_ASSIGN_OR_RAISE(const bool is_target, IsSameFile(env, target, temporary));
  if (is_target) {
    ARROW_RETURN_NOT_OK(env->RemoveFile(temporary));
    return true;
  }
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> found, env->StatNoFollow(target));
  if (mode == PublishMode::kCreate && found) {
    const std::string rescued = SingleFileRescuedPath(target, run_id);
    ARROW_RETURN_NOT_OK(env->Rename(temporary, rescued, RenameMode::kReplace));
    outcome->notes.push_back(
        fmt::format("another program created {} during run {}; what the run wrote was kept: {}",
                    target, run_id, rescued));
    return false;
  }
  outcome->notes.push_back(fmt::format("the publish of run {} was finished", run_id));
  ARROW_RETURN_NOT_OK(env->Rename(temporary, target, RenameMode::kReplace));
  return true;
}

Status RecoverRun(Env* env, const std::string& target, const std::string& run_id,
                  const Leftovers::Run& left, RecoveryOutcome* outcome) {
  const std::string temporary = SingleFileTemporaryPath(target, run_id);
  const std::string member_path = SingleFileMemberPath(target, run_id);
  SingleFileMember member;
  if (left.has_member) {
    ARROW_ASSIGN_OR_RAISE(member, ReadMember(env, member_path));
  }
  ARROW_ASSIGN_OR_RAISE(const bool published,
                        IsGroupPublished(env, member.group, target, member_path));
  if (published) {
    bool placed = true;
    if (left.has_temporary) {
      ARROW_ASSIGN_OR_RAISE(placed,
                            PutInPlace(env, target, temporary, run_id, member.mode, outcome));
    }
    // The dead process may have renamed without reaching its fsync.
    ARROW_RETURN_NOT_OK(env->SyncDirectory(ParentPath(target)));
    ++outcome->transactions_rolled_forward;
    outcome->actions.push_back(
        placed ? fmt::format("finished run {}: its file is in its place", run_id)
               : fmt::format("run {}: its place was taken, so its file was kept aside", run_id));
  } else if (left.has_temporary) {
    ARROW_ASSIGN_OR_RAISE(const bool is_target, IsSameFile(env, target, temporary));
    if (!is_target) {
      ARROW_RETURN_NOT_OK(RemoveQuarantined(env, target, run_id, TargetKind::kSingleFile));
    }
    ARROW_RETURN_NOT_OK(env->RemoveFile(temporary));
    ++outcome->transactions_rolled_back;
    outcome->actions.push_back(fmt::format(
        "undid run {}: its temporary was removed, the file is as it was before it", run_id));
  }
  if (left.has_quarantine) {
    ARROW_RETURN_NOT_OK(env->RemoveFile(SingleFileQuarantinePath(target, run_id)));
  }
  if (left.has_member) ARROW_RETURN_NOT_OK(env->RemoveFile(member_path));
  return LeaveGroup(env, member.group.path, outcome);
}

}  // namespace

Status WriteSingleFileMember(Env* env, const TransactionOptions& options,
                             const SingleFileMember& member) {
  const Json object = {{"version", kMemberVersion},
                       {"group", PlaceText(ParentPath(options.target), member.group.path)},
                       {"group_parent_inode", member.group.parent_inode},
                       {"creates", member.mode == PublishMode::kCreate}};
  return WriteWhole(env, SingleFileMemberPath(options.target, options.run_id), object.dump() + "\n",
                    options.durability);
}

Result<bool> SingleFileLock::HasLeftovers(Env* env, const std::string& target) {
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> lock,
                        env->StatNoFollow(SingleFileLockPath(target)));
  if (lock) return true;
  ARROW_ASSIGN_OR_RAISE(const Leftovers found, FindLeftovers(env, target));
  return !found.empty();
}

Result<std::unique_ptr<SingleFileLock>> SingleFileLock::LockAndRecover(Env* env,
                                                                       const std::string& target,
                                                                       RecoveryOutcome* outcome) {
  const std::string path = SingleFileLockPath(target);
  Result<std::unique_ptr<FileLock>> locked = env->TryLock(path);
  if (IsNotSupported(locked.status())) {
    // Nobody can hold it, and a refused run leaves nothing behind.
    [[maybe_unused]] const Status removed = env->RemoveFile(path);
    return NoFileLocks(target, locked.status());
  }
  ARROW_ASSIGN_OR_RAISE(std::unique_ptr<FileLock> file_lock, std::move(locked));
  if (file_lock == nullptr) return LockedError(env, target, path);
  std::unique_ptr<SingleFileLock> lock(new SingleFileLock(env, path, std::move(file_lock)));
  ARROW_ASSIGN_OR_RAISE(const Leftovers found, FindLeftovers(env, target));
  for (const std::string& unfinished : found.cut_short) {
    ARROW_RETURN_NOT_OK(env->RemoveFile(unfinished));
  }
  for (const auto& [run_id, left] : found.runs) {
    ARROW_RETURN_NOT_OK(RecoverRun(env, target, run_id, left, outcome));
  }
  for (const std::string& group : found.groups) {
    ARROW_RETURN_NOT_OK(LeaveGroup(env, group, outcome));
  }
  return lock;
}

SingleFileLock::SingleFileLock(Env* env, std::string path, std::unique_ptr<FileLock> lock)
    : env_(env), path_(std::move(path)), lock_(std::move(lock)) {}

SingleFileLock::~SingleFileLock() {
  // Removed while held: whoever opened the file meanwhile finds that its name is gone and starts
  // again.
  [[maybe_unused]] const Status removed = env_->RemoveFile(path_);
}

}  // namespace headrace
