// The record that publishes a group: as long as it is not there, no member of the group is
// published; from the moment it is, all of them are, and whoever finds one that is not in its place
// yet puts it there.
//
// It stands beside the first member: .D.headrace/group-<run id> for a dataset D,
// .F.headrace-<run id>.group for a file F. The journal of every member says where, so a member can
// be recovered alone, under its own lock. It is removed when no member needs it any more.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "commit/transaction.h"

namespace headrace {

struct GroupMemberPlace {
  std::string target;
  std::string marker;  // stands until the member is in its place for good
};

struct GroupRecord {
  std::string run_id;
  std::vector<GroupMemberPlace> members;
};

// Where the record of a group with this first member stands.
std::string GroupRecordPath(const TransactionOptions& first);

// Paths are kept relative to where they are written down, so that a folder with all outputs may be
// moved before it is recovered. `directory` and `path` are absolute and without symlinks.
std::string RelativePath(const std::string& directory, const std::string& path);
std::string ResolvePath(const std::string& directory, const std::string& relative);

Status WriteGroupRecord(Env* env, const std::string& path, const GroupRecord& record,
                        Durability durability);
// nullopt when there is none: the group was not published, or all of it is finished.
Result<std::optional<GroupRecord>> ReadGroupRecord(Env* env, const std::string& path);

// Whether a member whose journal names `path` is published, though it may not be in its place yet.
// The answer is durable.
// An empty path is that of a run with one target.
Result<bool> IsGroupPublished(Env* env, const std::string& path);

// Removes the record once no member's marker is left; else the targets of those members. `path` may
// be empty.
Result<std::vector<std::string>> ForgetGroup(Env* env, const std::string& path);

}  // namespace headrace
