#include "commit/ledger.h"

#include "commit/errors.h"

namespace headrace {
namespace {

constexpr int64_t kChunkBytes = 64 * 1024;
// Room for the line of a run with some hundred thousand inputs.
constexpr int64_t kLineBytesMax = 64 * 1024 * 1024;

// The last byte of a file; '\n' for an empty or missing one.
Result<char> LastByte(Env* env, const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> found, env->Stat(path));
  if (!found || found->size_bytes == 0) return '\n';
  ARROW_ASSIGN_OR_RAISE(const std::unique_ptr<RandomReadFile> file, env->OpenForRead(path));
  char last = '\n';
  ARROW_RETURN_NOT_OK(file->ReadAt(found->size_bytes - 1, 1, &last).status());
  return last;
}

// The newest record among the whole lines of a ledger's end. What stands before the first newline
// is a whole line only when the ledger begins there.
std::optional<JournalRecord> LastRecordIn(std::string_view tail, bool from_begin) {
  size_t end = tail.rfind('\n');
  while (end != std::string_view::npos) {
    const size_t before = end == 0 ? std::string_view::npos : tail.rfind('\n', end - 1);
    if (before == std::string_view::npos && !from_begin) return std::nullopt;
    const size_t begin = before == std::string_view::npos ? 0 : before + 1;
    auto record = ParseJournal(tail.substr(begin, end - begin), RecordParts::kWithoutLists);
    if (record) return record;
    end = before;
  }
  return std::nullopt;
}

// Calls `visit` for every line that ends in a newline and is no longer than a record can be, until
// it returns false. None when there is no ledger.
Status ForEachLine(Env* env, const std::string& path,
                   const std::function<bool(std::string_view)>& visit) {
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> found, env->Stat(path));
  if (!found) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const std::unique_ptr<RandomReadFile> file, env->OpenForRead(path));
  std::string line;
  bool too_long = false;
  std::string chunk(kChunkBytes, '\0');
  for (int64_t offset = 0;;) {
    ARROW_ASSIGN_OR_RAISE(const int64_t count, file->ReadAt(offset, kChunkBytes, chunk.data()));
    if (count == 0) {
      // Only its newline may be missing; a record that is cut short does not parse.
      if (!too_long && !line.empty()) visit(line);
      return Status::OK();
    }
    offset += count;
    std::string_view rest(chunk.data(), static_cast<size_t>(count));
    for (size_t end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
      line.append(rest.substr(0, end));
      if (!too_long && !visit(line)) return Status::OK();
      line.clear();
      too_long = false;
      rest.remove_prefix(end + 1);
    }
    if (!too_long) line.append(rest);
    if (static_cast<int64_t>(line.size()) > kLineBytesMax) {
      too_long = true;
      line = {};
    }
  }
}

}  // namespace

Status AppendToLedger(Env* env, const std::string& path, const JournalRecord& record) {
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> found, env->Stat(path));
  ARROW_ASSIGN_OR_RAISE(const char last, LastByte(env, path));
  const std::string text = fmt::format("{}{}\n", last == '\n' ? "" : "\n", FormatJournal(record));
  ARROW_ASSIGN_OR_RAISE(const std::unique_ptr<WritableFile> file,
                        env->OpenForWrite(path, OpenMode::kAppend));
  ARROW_RETURN_NOT_OK(file->Append(text.data(), static_cast<int64_t>(text.size())));
  if (record.durability == Durability::kFull) {
    ARROW_RETURN_NOT_OK(file->Sync());
    if (!found) ARROW_RETURN_NOT_OK(env->SyncDirectory(ParentPath(path)));
  }
  return file->Close();
}

Status SyncLedger(Env* env, const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(const std::unique_ptr<WritableFile> file,
                        env->OpenForWrite(path, OpenMode::kAppend));
  ARROW_RETURN_NOT_OK(file->Sync());
  ARROW_RETURN_NOT_OK(file->Close());
  return env->SyncDirectory(ParentPath(path));
}

Result<std::optional<JournalRecord>> LastLedgerRecord(Env* env, const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> found, env->Stat(path));
  if (!found) return std::nullopt;
  ARROW_ASSIGN_OR_RAISE(const std::unique_ptr<RandomReadFile> file, env->OpenForRead(path));
  ARROW_ASSIGN_OR_RAISE(const int64_t size_bytes, file->Size());
  // From the end, in tails of growing length: a ledger lives as long as its dataset.
  std::string tail;
  for (int64_t length = kChunkBytes; length <= kLineBytesMax; length *= 2) {
    const int64_t offset = std::max<int64_t>(size_bytes - length, 0);
    tail.resize(static_cast<size_t>(size_bytes - offset));
    ARROW_ASSIGN_OR_RAISE(const int64_t count,
                          file->ReadAt(offset, size_bytes - offset, tail.data()));
    tail.resize(static_cast<size_t>(count));
    std::optional<JournalRecord> record = LastRecordIn(tail, /*from_begin=*/offset == 0);
    if (record || offset == 0) return record;
  }
  return std::nullopt;
}

Status ForEachLedgerRecord(Env* env, const std::string& path, RecordParts parts,
                           const std::function<bool(const JournalRecord&)>& visit) {
  return ForEachLine(env, path, [&](std::string_view line) {
    const std::optional<JournalRecord> record = ParseJournal(line, parts);
    return !record || visit(*record);
  });
}

Result<std::optional<JournalRecord>> FindInLedger(Env* env, const std::string& path,
                                                  const std::string& run_id) {
  std::optional<JournalRecord> found;
  ARROW_RETURN_NOT_OK(ForEachLine(env, path, [&](std::string_view line) {
    // Parsing every line of a long history would be slow; only lines that mention the run can be
    // its line.
    if (line.find(run_id) == std::string_view::npos) return true;
    std::optional<JournalRecord> record = ParseJournal(line);
    if (record && record->run_id == run_id) found = std::move(record);
    return !found;
  }));
  return found;
}

Result<bool> LedgerHas(Env* env, const std::string& path, const std::string& run_id) {
  ARROW_ASSIGN_OR_RAISE(const std::optional<JournalRecord> found, FindInLedger(env, path, run_id));
  return found.has_value();
}

Result<std::string> ResolveRun(Env* env, const std::string& path, const std::string& name) {
  std::string found;
  std::string other;
  bool exact = false;
  ARROW_RETURN_NOT_OK(
      ForEachLedgerRecord(env, path, RecordParts::kWithoutLists, [&](const JournalRecord& record) {
        exact = record.run_id == name;
        if (exact || (found.empty() && record.run_id.starts_with(name))) {
          found = record.run_id;
        } else if (record.run_id.starts_with(name)) {
          other = record.run_id;
        }
        return !exact;
      }));
  if (found.empty() || name.empty()) {
    return MakeError(ErrorKind::kUsage, kRunUnknown,
                     "no run whose id is '{}' or begins so was published there; headrace history "
                     "lists them: {}",
                     name, path);
  }
  if (!exact && !other.empty()) {
    return MakeError(ErrorKind::kUsage, kRunAmbiguous,
                     "several runs have ids that begin with '{}': {}, {}; write more of it", name,
                     found, other);
  }
  return found;
}

}  // namespace headrace
