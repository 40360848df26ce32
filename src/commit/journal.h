// The journal of one transaction and the line it leaves in the ledger: the same record.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "commit/transaction.h"

namespace headrace {

// What is known just before the rename. Inodes tell, after a crash, whether the rename happened.
struct JournalRecord {
  std::string run_id;
  std::string plan_hash;
  PublishMode mode = PublishMode::kCreate;
  Durability durability = Durability::kFull;
  uint64_t new_inode = 0;  // of gen/
  uint64_t old_inode = 0;  // of the target; 0 when there is none
  int64_t kept_files = 0;
  std::string prepared_at;     // ISO 8601, UTC
  std::string replaced_run;    // that wrote the old generation; "" = none of ours, or there is none
  int64_t retain_seconds = 0;  // as the run was told
  std::string retained_as;     // name in generations/ of the old generation; "" = it is removed
  std::string rolled_back_to;  // of a rollback: the run whose generation came back
  // Of a run with several targets: where its record stands, relative to the target's parent
  // (commit/group_record.h); "" = this is the only one.
  std::string group;
  uint64_t group_parent_inode = 0;
  std::vector<std::string> notes;
  PublishInfo info;
};

// Inputs and partitions make a line long; who looks at many lines leaves them out.
enum class RecordParts : uint8_t { kWhole, kWithoutLists };

std::string_view PublishModeName(PublishMode mode);

// One line of JSON without its newline. Bytes that are not UTF-8 become U+FFFD: no decision rests
// on them.
std::string FormatJournal(const JournalRecord& record);
// nullopt when the text is cut short or not a journal.
std::optional<JournalRecord> ParseJournal(std::string_view text,
                                          RecordParts parts = RecordParts::kWhole);

// Temp file, sync, rename, sync of the directory: the file is there whole or not at all.
Status WriteJournal(Env* env, const std::string& transaction_directory,
                    const JournalRecord& record);
// nullopt when there is no whole journal; fails when it cannot be read.
Result<std::optional<JournalRecord>> ReadJournal(Env* env,
                                                 const std::string& transaction_directory);

}  // namespace headrace
