// The record that publishes a group: as long as it is not there, no member of the group is
// published; from the moment it is, all of them are, and whoever finds one that is not in its place
// yet puts it there.
//
// It stands beside the first member: .D.headrace/group-<run id> for a dataset D,
// .F.headrace-<run id>.group for a file F. The journal of every member says where, so a member can
// be recovered alone, under its own lock. It is removed when no member needs it any more.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "commit/transaction.h"

namespace headrace {

// Where something of a group stands, as it is written down: relative to the place of writing, so
// that a folder with all outputs may be moved before it is recovered; and with the inode of the
// directory that the target lies in, so that a place that cannot be seen now (its disk is not
// mounted) is not taken for one where nothing stands.
struct GroupPlace {
  std::string
      path;  // absolute in memory; relative, with %XX for what is no printable ASCII, in files
  uint64_t parent_inode = 0;
  bool empty() const { return path.empty(); }
};

struct GroupMemberPlace {
  std::string target;
  GroupPlace marker;  // stands until the member is in its place for good
};

struct GroupRecord {
  std::string run_id;
  std::vector<GroupMemberPlace> members;
};

// Where the record of a group with this first member stands.
Result<GroupPlace> GroupRecordPlace(Env* env, const TransactionOptions& first);
// That of the marker of a member.
Result<GroupPlace> MarkerPlace(Env* env, const std::string& target, const std::string& marker);

// The form in files that stand in `directory`, and back.
std::string PlaceText(const std::string& directory, const std::string& path);
std::string PlaceFromText(const std::string& directory, const std::string& text);

Status WriteGroupRecord(Env* env, const GroupPlace& place, const GroupRecord& record,
                        Durability durability);
// nullopt when there is none: the group was not published, or all of it is finished.
Result<std::optional<GroupRecord>> ReadGroupRecord(Env* env, const std::string& path);

// Whether the member with this marker, whose journal names `record`, is published, though it may
// not be in its place yet. An empty place is that of a run with one target. The answer is durable.
// CommitUnknown when the record's place cannot be seen.
Result<bool> IsGroupPublished(Env* env, const GroupPlace& record, const std::string& target,
                              const std::string& marker);

// Removes the record once no member's marker is left; else the targets of those members, or of
// those whose place cannot be seen. `path` may be empty.
Result<std::vector<std::string>> ForgetGroup(Env* env, const std::string& path);

}  // namespace headrace
