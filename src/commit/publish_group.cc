#include "commit/publish_group.h"

#include <algorithm>

#include "commit/errors.h"
#include "commit/group_record.h"

namespace headrace {
namespace {

Durability StrongestOf(const std::vector<GroupMember>& members) {
  const bool any_full = std::any_of(members.begin(), members.end(), [](const GroupMember& member) {
    return member.transaction->options().durability == Durability::kFull;
  });
  return any_full ? Durability::kFull : Durability::kNone;
}

Status WriteRecord(Env* env, const std::string& path, const std::vector<GroupMember>& members) {
  GroupRecord record;
  record.run_id = members.front().transaction->options().run_id;
  for (const GroupMember& member : members) {
    record.members.push_back({member.transaction->options().target, member.transaction->marker()});
  }
  return CommitError(WriteGroupRecord(env, path, record, StrongestOf(members)),
                     "nothing was published");
}

void LeaveAllToRecovery(const std::vector<GroupMember>& members) {
  for (const GroupMember& member : members) member.transaction->LeaveToRecovery();
}

// The record may be on the disk or not, or no target was switched though it is: takes it back, so
// that `failure` is the whole truth.
Status TakeBack(Env* env, const std::string& path, const std::vector<GroupMember>& members,
                Status failure) {
  const Result<std::optional<FileStat>> found = env->StatNoFollow(path);
  Status taken_back = found.status();
  if (found.ok() && *found) taken_back = env->RemoveFile(path);
  if (taken_back.ok() && StrongestOf(members) == Durability::kFull) {
    taken_back = env->SyncDirectory(ParentPath(path));
  }
  if (taken_back.ok()) return failure;
  LeaveAllToRecovery(members);
  return MakeError(ErrorKind::kCommitUnknown, kCommitUnknownCode,
                   "it is not known whether the outputs were published; headrace recover {} (or "
                   "the next run) makes them all new or all old: {}",
                   members.front().transaction->options().target, failure.message());
}

Status SwitchAll(Env* env, const std::string& path, const std::vector<GroupMember>& members) {
  for (size_t i = 0; i < members.size(); ++i) {
    const Status switched = members[i].transaction->SwapIn();
    if (switched.ok()) continue;
    const bool is_unknown = GetErrorKind(switched) == ErrorKind::kCommitUnknown;
    if (i == 0 && !is_unknown) return TakeBack(env, path, members, switched);
    LeaveAllToRecovery(members);
    return MakeError(
        ErrorKind::kCommitUnknown, kCommitUnknownCode,
        "the outputs were published, but {} of {} are not in their place yet; headrace "
        "recover {} (or the next run on each) finishes it: {}",
        members.size() - i, members.size(), members[i].transaction->options().target,
        switched.message());
  }
  return Status::OK();
}

}  // namespace

Result<std::vector<PublishOutcome>> PublishTogether(Env* env, std::vector<GroupMember> members) {
  HEADRACE_CHECK(!members.empty());
  std::vector<PublishOutcome> outcomes;
  if (members.size() == 1) {
    ARROW_ASSIGN_OR_RAISE(auto outcome, members[0].transaction->Publish(members[0].info));
    outcomes.push_back(std::move(outcome));
    return outcomes;
  }
  const std::string path = GroupRecordPath(members.front().transaction->options());
  for (const GroupMember& member : members) {
    ARROW_RETURN_NOT_OK(member.transaction->Prepare(member.info, path));
  }
  const Status written = WriteRecord(env, path, members);
  if (!written.ok()) return TakeBack(env, path, members, written);
  ARROW_RETURN_NOT_OK(SwitchAll(env, path, members));
  // The first one's place holds the record, so it is tidied up last.
  for (auto member = members.rbegin(); member != members.rend(); ++member) {
    outcomes.insert(outcomes.begin(), member->transaction->Finish());
  }
  const Status forgotten = ForgetGroup(env, path).status();
  if (!forgotten.ok()) {
    outcomes.front().notes.push_back(fmt::format(
        "published, but cleaning up was left to the next run: {}", forgotten.message()));
  }
  return outcomes;
}

}  // namespace headrace
