// Where the commit room keeps its files: names only, no I/O.
//
// Dataset D:      .D.headrace/{lock, ledger, txn-<run id>/{journal, gen/, old/},
//                 generations/<name>/, rescued-<run id>/}
// Single file F:  .F.headrace-<run id>.tmp and, while a run lasts, .F.headrace.lock
#pragma once

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

 private:
  std::string target_;
  std::string parent_;
  std::string side_;
};

// Below a transaction's directory.
inline constexpr char kTransactionPrefix[] = "txn-";
inline constexpr char kRescuedPrefix[] = "rescued-";
inline constexpr char kJournalName[] = "journal";
inline constexpr char kGenerationName[] = "gen";
// Only where the file system cannot exchange two names: the old generation between the two renames
// and its removal.
inline constexpr char kOldGenerationName[] = "old";

std::string SingleFileLockPath(const std::string& target);
std::string SingleFileTemporaryPath(const std::string& target, std::string_view run_id);
// Whether `name`, an entry beside the single file `target`, is a temporary of one of its runs.
bool IsSingleFileTemporary(const std::string& target, std::string_view name);

}  // namespace headrace
