// The ledger of a dataset: one line of JSON per published run, oldest first.
#pragma once

#include <string>

#include "commit/journal.h"

namespace headrace {

// Appends the record's line and makes it durable unless the record says otherwise. A line cut short
// by an earlier loss of power is closed off first, so that it cannot swallow this one.
Status AppendToLedger(Env* env, const std::string& path, const JournalRecord& record);

// Makes what stands in the ledger durable: a process that died may have written a line without
// reaching its fsync.
Status SyncLedger(Env* env, const std::string& path);

// The newest whole line that is a record; nullopt when there is none within the last 64 MiB, after
// which a caller does what it would do without a ledger. Reads no more of a long history than that
// line.
Result<std::optional<JournalRecord>> LastLedgerRecord(Env* env, const std::string& path);

// Whether a whole line of this run stands in the ledger. False when there is no ledger.
Result<bool> LedgerHas(Env* env, const std::string& path, const std::string& run_id);

}  // namespace headrace
