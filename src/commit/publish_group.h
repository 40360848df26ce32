// Several targets of one run, published as one: all of them or none.
//
// Each transaction is prepared; its journal names the group's record (group_record.h). Writing that
// record publishes the group. Then each target is switched by its own rename: between two of them a
// reader of several targets sees some new and some old, and a crash there is finished by the next
// run on each target, or by Recover of any of them.
#pragma once

#include <vector>

#include "commit/transaction.h"

namespace headrace {

struct GroupMember {
  Transaction* transaction = nullptr;
  PublishInfo info;
};

// In the order of `members`, of one run and with different targets; one member is published as by
// itself. Errors: as Transaction::Publish. CommitUnknown when some targets were switched and one
// could not be: the group is published, and recovery switches the rest.
Result<std::vector<PublishOutcome>> PublishTogether(Env* env, std::vector<GroupMember> members);

}  // namespace headrace
