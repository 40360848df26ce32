// Where the commit room keeps its files: names only, no I/O.
//
// Dataset D:      .D.headrace/{lock, ledger, txn-<run id>/{journal, gen/, old/, quarantine},
//                 generations/<name>/, quarantine/<run id>.parquet, rescued-<run id>/,
//                 group-<run id>}
// Single file F:  .F.headrace-<run id>.tmp and, while a run lasts, .F.headrace.lock; of a run with
//                 several targets also .F.headrace-<run id>.member and .F.headrace-<run id>.group;
//                 of one that puts records aside .F.headrace-<run id>.quarantine, and for good
//                 .F.headrace/quarantine/<run id>.parquet
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace headrace {

// Role: the paths of one dataset. `target` is resolved: absolute or relative, no symlink at its
// end.
class DatasetLayout {
 public:
  explicit DatasetLayout(std::string target);
  const std::string& target() const { return target_; }
  const std::string& parent() const { return parent_; }
  const std::string& side() const { return side_; }
  std::string lock() const;
  std::string ledger() const;
  std::string transaction(std::string_view run_id) const;
  // Old generations that can be rolled back to (commit/generations.h).
  std::string generations() const;
  std::string rescued(std::string_view run_id) const;
  // Where the records are that a run put aside (commit/quarantine.h); also of a single file.
  std::string quarantine() const;
  std::string quarantined(std::string_view run_id) const;
  // The record of a run with several targets, of which this is the first.
  std::string group(std::string_view run_id) const;

 private:
  std::string target_;
  std::string parent_;
  std::string side_;
};

// Below a transaction's directory.
inline constexpr char kTransactionPrefix[] = "txn-";
inline constexpr char kRescuedPrefix[] = "rescued-";
inline constexpr char kGroupPrefix[] = "group-";
inline constexpr char kJournalName[] = "journal";
inline constexpr char kGenerationName[] = "gen";
inline constexpr char kQuarantineName[] = "quarantine";  // a file there, a directory beside it
// Only where the file system cannot exchange two names: the old generation between the two renames
// and its removal.
inline constexpr char kOldGenerationName[] = "old";

std::string SingleFileLockPath(const std::string& target);
std::string SingleFileTemporaryPath(const std::string& target, std::string_view run_id);
// Of a run with several targets: what the journal is to a dataset, and the record of the run.
std::string SingleFileMemberPath(const std::string& target, std::string_view run_id);
std::string SingleFileGroupPath(const std::string& target, std::string_view run_id);
std::string SingleFileQuarantinePath(const std::string& target, std::string_view run_id);
// What a run wrote whose place another program took.
std::string SingleFileRescuedPath(const std::string& target, std::string_view run_id);
// What an entry `name` beside the single file `target` belongs to: the run id, when it is one of
// the files above with this suffix.
inline constexpr char kTemporarySuffix[] = ".tmp";
inline constexpr char kMemberSuffix[] = ".member";
inline constexpr char kGroupSuffix[] = ".group";
inline constexpr char kQuarantineSuffix[] = ".quarantine";
std::optional<std::string> RunOfSingleFileEntry(const std::string& target, std::string_view name,
                                                std::string_view suffix);

}  // namespace headrace
