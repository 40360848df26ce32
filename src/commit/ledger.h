// The ledger of a dataset: one line of JSON per published run, oldest first.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "commit/journal.h"

namespace headrace {

// Appends the record's line and makes it durable unless the record says otherwise. A line cut short
// by an earlier loss of power is closed off first, so that it cannot swallow this one.
Status AppendToLedger(Env* env, const std::string& path, const JournalRecord& record);

// Makes what stands in the ledger durable: a process that died may have written a line without
// reaching its fsync.
Status SyncLedger(Env* env, const std::string& path);

// The newest whole line that is a record, without its lists; nullopt when there is none within the
// last 64 MiB, after which a caller does what it would do without a ledger. Reads no more of a long
// history than that line.
Result<std::optional<JournalRecord>> LastLedgerRecord(Env* env, const std::string& path);

// Calls `visit` for every record, oldest first, until it returns false; none when there is no
// ledger. Holds one line at a time. What is no record is passed over: a line cut short, a foreign
// one, one longer than 64 MiB.
Status ForEachLedgerRecord(Env* env, const std::string& path, RecordParts parts,
                           const std::function<bool(const JournalRecord&)>& visit);

// The record of this run; nullopt when it stands in no whole line, or when there is no ledger.
Result<std::optional<JournalRecord>> FindInLedger(Env* env, const std::string& path,
                                                  const std::string& run_id);
// Whether there is one.
Result<bool> LedgerHas(Env* env, const std::string& path, const std::string& run_id);

// The id of the one run whose id is `name` or begins with it. Usage when there is none, or several.
Result<std::string> ResolveRun(Env* env, const std::string& path, const std::string& name);

}  // namespace headrace
