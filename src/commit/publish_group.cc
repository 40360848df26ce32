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

Status WriteRecord(Env* env, const GroupPlace& place, const std::vector<GroupMember>& members) {
  GroupRecord record;
  record.run_id = members.front().transaction->options().run_id;
  for (const GroupMember& member : members) {
    const std::string& target = member.transaction->options().target;
    ARROW_ASSIGN_OR_RAISE(GroupPlace marker,
                          MarkerPlace(env, target, member.transaction->marker()));
    record.members.push_back({target, std::move(marker)});
  }
  return WriteGroupRecord(env, place, record, StrongestOf(members));
}

Status LeaveAllToRecovery(const std::vector<GroupMember>& members, const Status& cause) {
  for (const GroupMember& member : members) member.transaction->LeaveToRecovery();
  return MakeError(ErrorKind::kCommitUnknown, kCommitUnknownCode,
                   "it is not known whether the outputs were published: run headrace recover {}, "
                   "which makes all of them new or leaves all old, and look before you run the job "
                   "again: {}",
                   members.front().transaction->options().target, cause.message());
}

// The record was not written, or not known to be: nothing else has happened yet.
Status GiveUp(Env* env, const GroupPlace& place, const std::vector<GroupMember>& members,
              const Status& failure) {
  const Result<std::optional<FileStat>> found = env->StatNoFollow(place.path);
  if (found.ok() && !*found) return CommitError(failure, "nothing was published");
  // It is there, but a sync failed, and a second one would prove nothing.
  [[maybe_unused]] const Status removed = env->RemoveFile(place.path);
  return LeaveAllToRecovery(members, failure);
}

// No target was switched: takes the record back, so that `failure` is the whole truth.
Status TakeBack(Env* env, const GroupPlace& place, const std::vector<GroupMember>& members,
                const Status& failure) {
  Status taken_back = env->RemoveFile(place.path);
  if (taken_back.ok() && StrongestOf(members) == Durability::kFull) {
    taken_back = env->SyncDirectory(ParentPath(place.path));
  }
  if (!taken_back.ok()) return LeaveAllToRecovery(members, failure);
  return CommitError(failure, "nothing was published");
}

Status SwitchAll(Env* env, const GroupPlace& place, const std::vector<GroupMember>& members) {
  for (size_t i = 0; i < members.size(); ++i) {
    const Status switched = members[i].transaction->SwapIn();
    if (switched.ok()) continue;
    const bool is_unknown = GetErrorKind(switched) == ErrorKind::kCommitUnknown;
    if (i == 0 && !is_unknown) return TakeBack(env, place, members, switched);
    for (const GroupMember& member : members) member.transaction->LeaveToRecovery();
    return MakeError(ErrorKind::kCommitUnknown, kCommitUnknownCode,
                     "the outputs were published, but not all of them are in their place yet: run "
                     "headrace recover {}, which finishes it; do not run the job again before: {}",
                     members[i].transaction->options().target, switched.message());
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
  ARROW_ASSIGN_OR_RAISE(const GroupPlace place,
                        GroupRecordPlace(env, members.front().transaction->options()));
  for (const GroupMember& member : members) {
    ARROW_RETURN_NOT_OK(member.transaction->Prepare(member.info, place));
  }
  const Status written = WriteRecord(env, place, members);
  if (!written.ok()) return GiveUp(env, place, members, written);
  ARROW_RETURN_NOT_OK(SwitchAll(env, place, members));
  // The first one's place holds the record, so it is tidied up last.
  for (auto member = members.rbegin(); member != members.rend(); ++member) {
    outcomes.insert(outcomes.begin(), member->transaction->Finish());
  }
  const Status forgotten = ForgetGroup(env, place.path).status();
  if (!forgotten.ok()) {
    outcomes.front().notes.push_back(fmt::format(
        "published, but cleaning up was left to the next run: {}", forgotten.message()));
  }
  return outcomes;
}

}  // namespace headrace
