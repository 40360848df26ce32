// Bringing a dataset back to exactly one generation after a crash.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "commit/journal.h"
#include "commit/side_directory.h"

namespace headrace {

// Finishes or undoes every transaction that a dead process left in the side directory, and every
// removal of a retained generation. Needs its lock.
Status RecoverDataset(Env* env, const SideDirectory& side, RecoveryOutcome* outcome);

// A member of the group with this record ("" = of none) is in its place: forgets the group when it
// was the last, else notes who is missing in `outcome`.
Status LeaveGroup(Env* env, const std::string& group, RecoveryOutcome* outcome);

// What a run tells of the recovery before it.
std::vector<std::string> RecoveryNotes(RecoveryOutcome recovered);

// How every transaction begins: takes the lock, recovers, and removes retained generations whose
// time is over. `notes` gets what there is to tell.
Result<std::unique_ptr<SideDirectory>> LockAndRecover(Env* env, DatasetLayout layout,
                                                      std::vector<std::string>* notes);

// Puts away what is left of a transaction whose target stands: the losing tree, and then its
// directory. The old generation goes where `record` says that it is retained. A tree that is
// neither the old nor the new generation of `record` belongs to somebody else; it is kept as
// rescued-<run id> and reported in `notes`. `record` is null when the transaction never got as far
// as its journal.
Status RemoveTransaction(Env* env, const DatasetLayout& layout, const std::string& run_id,
                         const JournalRecord* record, std::vector<std::string>* notes);

}  // namespace headrace
