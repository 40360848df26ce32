#include "runtime/fsck.h"

#include <map>

#include "base/units.h"
#include "commit/layout.h"
#include "commit/ledger.h"
#include "env/errno_status.h"
#include "runtime/fsck_layout.h"
#include "source/parquet/file_check.h"

namespace headrace {
namespace {

const char* KindOf(FileProblem problem) {
  switch (problem) {
    case FileProblem::kDamagedFile:
      return "damaged_file";
    case FileProblem::kDamagedColumn:
      return "damaged_column";
    case FileProblem::kWrongStatistics:
      return "wrong_statistics";
  }
  return "";
}

// Whether a run named a file so: "part-<run id>-<number>.parquet", or with another format's ending.
bool IsFileOf(const std::string& run_id, std::string_view name) {
  const std::string prefix = "part-" + run_id + "-";
  if (run_id.empty() || !name.starts_with(prefix)) return false;
  name.remove_prefix(prefix.size());
  const size_t digits = name.find_first_not_of("0123456789");
  return digits != 0 && digits != name.npos && name[digits] == '.';
}

class Fsck {
 public:
  Fsck(const FsckOptions& options, const FsckContext& context)
      : options_(options), context_(context) {}

  Result<FsckReport> Run(const std::string& path) {
    ARROW_ASSIGN_OR_RAISE(const auto found, context_.env->Stat(path));
    if (!found) {
      return MakeError(ErrorKind::kSource, kNotFoundToRead,
                       "no such dataset or file: {}; name what a run published", path);
    }
    ARROW_ASSIGN_OR_RAISE(report_.path, context_.env->RealPath(path));
    report_.deep = options_.deep;
    report_.is_dataset = found->type == FileType::kDirectory;
    if (!report_.is_dataset) {
      if (IsOtherFormat(report_.path)) {
        DatasetLayoutFacts facts;
        facts.other_files.push_back({"", report_.path});
        ARROW_RETURN_NOT_OK(CountOtherFiles(facts, ""));
      } else {
        ARROW_RETURN_NOT_OK(CheckFile(report_.path, ""));
      }
      return std::move(report_);
    }
    ARROW_RETURN_NOT_OK(CheckDirectory(found->inode));
    // What was read may be of two generations.
    ARROW_ASSIGN_OR_RAISE(const auto after, context_.env->Stat(report_.path));
    if (after && after->inode == found->inode) return std::move(report_);
    return MakeError(ErrorKind::kLocked, 809,
                     "another generation was published while the dataset was looked at; look "
                     "again: {}",
                     report_.path);
  }

 private:
  // What the footers say of one column, over all files.
  struct Column {
    std::shared_ptr<arrow::DataType> type;
    std::string first_path;
    int64_t files = 0;
    bool is_required = false;
  };

  void Tell(const std::string& kind, const std::string& path, const std::string& message) {
    ++report_.problems;
    if (options_.on_problem) options_.on_problem({kind, path, message});
  }

  Status CheckFile(const std::string& path, const std::string& last_run_id) {
    FileCheckOptions file;
    file.env = context_.env;
    file.pool = context_.pool;
    file.cancellation = context_.cancellation;
    file.depth = options_.deep ? CheckDepth::kPages : CheckDepth::kFooters;
    file.on_problem = [&](FileProblem problem, const std::string& message) {
      Tell(KindOf(problem), path, message);
    };
    ARROW_ASSIGN_OR_RAISE(const auto checked, CheckParquetFile(path, file));
    if (!checked) return Status::OK();
    ++report_.files;
    report_.rows += checked->rows;
    report_.row_groups += checked->row_groups;
    report_.bytes += checked->size_bytes;
    if (IsFileOf(last_run_id, BaseName(path))) {
      ++last_run_files_;
      last_run_rows_ += checked->rows;
      last_run_bytes_ += checked->size_bytes;
    }
    CheckColumns(path, *checked->columns);
    return Status::OK();
  }

  void CheckColumns(const std::string& path, const arrow::Schema& columns) {
    for (const auto& field : columns.fields()) {
      const auto [found, is_new] = columns_.try_emplace(field->name());
      Column& column = found->second;
      if (is_new) {
        column.type = field->type();
        column.first_path = path;
      }
      ++column.files;
      column.is_required = column.is_required || !field->nullable();
      if (column.type->Equals(*field->type())) continue;
      Tell("other_schema", path,
           fmt::format("column '{}' is {} here and {} in {}; write one of them anew with the "
                       "other's type",
                       field->name(), field->type()->ToString(), column.type->ToString(),
                       column.first_path));
    }
  }

  Status CheckDirectory(uint64_t inode) {
    LayoutCheck layout(context_.env, report_.path, context_.cancellation,
                       [&](const char* kind, const std::string& path, const std::string& message) {
                         Tell(kind, path, message);
                       });
    ARROW_ASSIGN_OR_RAISE(const DatasetLayoutFacts facts, layout.Run());
    report_.partitions = facts.partitions;
    const DatasetLayout side(report_.path);
    ARROW_ASSIGN_OR_RAISE(const auto last, LastLedgerRecord(context_.env, side.ledger()));
    for (const LayoutFile& file : facts.files) {
      ARROW_RETURN_NOT_OK(CheckFile(file.path, last ? last->run_id : ""));
    }
    ARROW_RETURN_NOT_OK(CountOtherFiles(facts, last ? last->run_id : ""));
    CheckMissingColumns();
    if (facts.files.empty() && facts.other_files.empty())
      report_.notes.emplace_back("the dataset holds no data files");
    if (last) {
      CheckLedger(*last, inode, facts);
    } else {
      report_.notes.emplace_back(
          "no ledger stands beside it: headrace did not write it, or its history was removed");
    }
    return LookAtSideDirectory(side);
  }

  // Files of formats that keep no checksums: they are there, of their size, or they are not.
  Status CountOtherFiles(const DatasetLayoutFacts& facts, const std::string& last_run_id) {
    for (const LayoutFile& file : facts.other_files) {
      ARROW_RETURN_NOT_OK(context_.cancellation->Check());
      ARROW_ASSIGN_OR_RAISE(const auto found, context_.env->Stat(file.path));
      if (!found) continue;
      ++report_.files;
      report_.bytes += found->size_bytes;
      if (!IsFileOf(last_run_id, BaseName(file.path))) continue;
      ++last_run_files_;
      last_run_bytes_ += found->size_bytes;
    }
    if (!facts.other_files.empty()) {
      report_.notes.emplace_back(
          "the files are no Parquet: they are counted and measured, and not read");
    }
    return Status::OK();
  }

  void CheckMissingColumns() {
    for (const auto& [name, column] : columns_) {
      if (column.files == report_.files) continue;
      const std::string where = fmt::format("column '{}' is in {} of {} files", name,
                                            FormatCount(column.files), FormatCount(report_.files));
      if (column.is_required) {
        Tell("other_schema", column.first_path,
             where + " and promises not to be NULL there; write the others anew with it");
      } else {
        report_.notes.push_back(where + ": readers that merge schemas give NULL for the others");
      }
    }
  }

  // The ledger's last line counts what that run wrote, whose files carry its id, and what it kept.
  void CheckLedger(const JournalRecord& last, uint64_t inode, const DatasetLayoutFacts& facts) {
    report_.last_run = last.run_id;
    const bool is_written =
        last.mode == PublishMode::kCreate || last.mode == PublishMode::kAppend ||
        last.mode == PublishMode::kOverwrite || last.mode == PublishMode::kOverwritePartitions;
    if (!is_written) return;
    if (last.new_inode != inode) {
      report_.notes.push_back(fmt::format(
          "the directory is not the one that run {} published (copied, restored or replaced), so "
          "the ledger's counts are not compared",
          last.run_id));
      return;
    }
    if (facts.other_files.empty()) {
      Compare("rows in the last run's files", last.info.rows, last_run_rows_);
    }
    Compare("files of the last run", last.info.files, last_run_files_);
    Compare("bytes in the last run's files", last.info.bytes, last_run_bytes_);
    Compare("files in all", last.kept_files + last.info.files, facts.files_total);
  }

  void Compare(const char* what, int64_t by_ledger, int64_t found) {
    if (by_ledger == found) return;
    Tell("ledger", report_.path,
         fmt::format("the ledger counts {} {}, there are {} (run {}); some other program changed "
                     "the dataset: put back what is missing, or publish it anew",
                     by_ledger, what, found, report_.last_run));
  }

  Status LookAtSideDirectory(const DatasetLayout& side) {
    ARROW_ASSIGN_OR_RAISE(const auto found, context_.env->Stat(side.side()));
    if (!found || found->type != FileType::kDirectory) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(const auto entries, context_.env->List(side.side()));
    for (const DirectoryEntry& entry : entries) {
      const std::string path = JoinPath(side.side(), entry.name);
      if (entry.name.starts_with(kTransactionPrefix)) {
        report_.notes.push_back(
            fmt::format("a run is at work, or died and the next one will clean up: {}", path));
      } else if (entry.name.starts_with("rescued-")) {
        report_.notes.push_back(
            fmt::format("content that another program put there during a run was kept: {}", path));
      }
    }
    return Status::OK();
  }

  const FsckOptions& options_;
  const FsckContext& context_;
  FsckReport report_;
  std::map<std::string, Column> columns_;
  int64_t last_run_files_ = 0;
  int64_t last_run_rows_ = 0;
  int64_t last_run_bytes_ = 0;
};

}  // namespace

Result<FsckReport> RunFsck(const std::string& path, const FsckOptions& options,
                           const FsckContext& context) {
  return Fsck(options, context).Run(path);
}

}  // namespace headrace
