#include "observe/registry_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <vector>

namespace headrace {
namespace {

constexpr uint32_t kOnlyOwner = 0700;
constexpr std::string_view kTemporarySuffix = ".tmp";
// A lock without a file is young while its run starts.
constexpr int64_t kOrphanAgeNs = 60'000'000'000;

// `why` ends the sentence; one number for all, because the way out is the same.
Status NotTrusted(const std::string& directory, const std::string& why) {
  return MakeError(ErrorKind::kSink, 760,
                   "cannot use the registry of runs: {} {}; remove it, or set XDG_RUNTIME_DIR or "
                   "TMPDIR to a directory of your own",
                   directory, why);
}

int64_t NowNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

void RemoveRun(Env* env, const std::string& directory, const std::string& id) {
  // The lock goes last: while it stands, nobody takes the run for one that ended.
  for (const std::string_view suffix : {kRunSuffix, kEndedSuffix}) {
    const std::string path = JoinPath(directory, id + std::string(suffix));
    (void)env->RemoveFile(path);
    (void)env->RemoveFile(path + std::string(kTemporarySuffix));
  }
  (void)env->RemoveFile(JoinPath(directory, id + std::string(kLockSuffix)));
}

}  // namespace

Status CheckPrivateDirectory(const std::string& directory) {
  // Not through Env, whose FileStat knows no owner.
  struct stat found;
  if (::lstat(directory.c_str(), &found) != 0) {
    return NotTrusted(directory, fmt::format("cannot be looked at: {}", std::strerror(errno)));
  }
  if (S_ISLNK(found.st_mode)) return NotTrusted(directory, "is a symbolic link");
  if (!S_ISDIR(found.st_mode)) return NotTrusted(directory, "is no directory");
  if (found.st_uid != ::geteuid()) {
    return NotTrusted(directory, fmt::format("belongs to user {}", found.st_uid));
  }
  if ((found.st_mode & 0777) != kOnlyOwner && ::chmod(directory.c_str(), kOnlyOwner) != 0) {
    return NotTrusted(directory, fmt::format("is open to others: {}", std::strerror(errno)));
  }
  return Status::OK();
}

Status MakePrivateDirectory(const std::string& directory) {
  // Env makes directories with the rights of the umask, and narrowing them afterwards leaves a
  // moment in which another user may put something in.
  if (::mkdir(directory.c_str(), kOnlyOwner) != 0 && errno != EEXIST) {
    return NotTrusted(directory, fmt::format("cannot be made: {}", std::strerror(errno)));
  }
  return CheckPrivateDirectory(directory);
}

Result<std::map<std::string, RunFiles>> ListRunFiles(Env* env, const std::string& directory) {
  ARROW_ASSIGN_OR_RAISE(const std::vector<DirectoryEntry> entries, env->List(directory));
  std::map<std::string, RunFiles> files;
  for (const DirectoryEntry& entry : entries) {
    if (entry.type != FileType::kFile) continue;
    std::string_view name = entry.name;
    const bool temporary = name.ends_with(kTemporarySuffix);
    if (temporary) name.remove_suffix(kTemporarySuffix.size());
    const size_t dot = name.rfind('.');
    if (dot == std::string_view::npos) continue;
    const std::string_view suffix = name.substr(dot);
    if (suffix != kRunSuffix && suffix != kLockSuffix && suffix != kEndedSuffix) continue;
    RunFiles& run = files[std::string(name.substr(0, dot))];
    run.temporary |= temporary;
    if (temporary) continue;
    run.run |= suffix == kRunSuffix;
    run.lock |= suffix == kLockSuffix;
    run.ended |= suffix == kEndedSuffix;
  }
  return files;
}

Status ReplaceFile(Env* env, const std::string& path, const std::string& content) {
  const std::string temporary = path + std::string(kTemporarySuffix);
  ARROW_ASSIGN_OR_RAISE(const auto file, env->OpenForWrite(temporary, OpenMode::kTruncate));
  ARROW_RETURN_NOT_OK(file->Append(content.data(), static_cast<int64_t>(content.size())));
  ARROW_RETURN_NOT_OK(file->Close());
  return env->Rename(temporary, path, RenameMode::kReplace);
}

bool IsLockHeld(Env* env, const std::string& path, AskAgain ask_again) {
  constexpr int kAttempts = 4;
  constexpr auto kPause = std::chrono::milliseconds(2);
  const int attempts = ask_again == AskAgain::kYes ? kAttempts : 1;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    if (attempt > 0) std::this_thread::sleep_for(kPause);
    // TryLock would make the file.
    const auto found = env->StatNoFollow(path);
    if (!found.ok() || !found->has_value()) return false;
    const auto lock = env->TryLock(path);
    if (lock.ok() && *lock != nullptr) return false;
  }
  return true;
}

void PruneRunFiles(Env* env, const std::string& directory, size_t kept) {
  const auto files = ListRunFiles(env, directory);
  if (!files.ok()) return;
  std::vector<std::string> ended;
  std::vector<std::string> dead;
  for (const auto& [id, run] : *files) {
    const std::string lock = JoinPath(directory, id + std::string(kLockSuffix));
    if (run.ended) {
      ended.push_back(id);
    } else if (run.run) {
      if (!IsLockHeld(env, lock, AskAgain::kNo)) dead.push_back(id);
    } else if (run.lock) {
      const auto found = env->StatNoFollow(lock);
      const bool old =
          found.ok() && found->has_value() && NowNs() - (*found)->mtime_ns > kOrphanAgeNs;
      if (old && !IsLockHeld(env, lock, AskAgain::kNo)) RemoveRun(env, directory, id);
    } else if (run.temporary) {
      RemoveRun(env, directory, id);
    }
  }
  for (const std::vector<std::string>* ids : {&ended, &dead}) {
    for (size_t i = 0; i + kept < ids->size(); ++i) RemoveRun(env, directory, (*ids)[i]);
  }
}

}  // namespace headrace
