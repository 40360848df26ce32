#include "observe/registry.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/threads.h"
#include "base/utc_text.h"
#include "observe/diagnosis.h"
#include "observe/registry_files.h"

namespace headrace {
namespace {

// A viewer that asks whether a lock is held may hold it itself for a moment.
constexpr int kLockAttempts = 20;
constexpr auto kLockPause = std::chrono::milliseconds(1);
// Rates are of the last seconds; shorter spans say little.
constexpr double kRateSeconds = 5;
constexpr double kRateSecondsMin = 0.5;
// So many missed writes make a running process worth a second question.
constexpr int kMissedWrites = 3;

double NowSeconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string EnvironmentPath(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && value[0] == '/' ? value : "";
}

std::vector<std::string> DirectoriesOf(const RegistryOptions& options) {
  if (!options.directory.empty()) return {options.directory};
  return RegistryDirectories();
}

std::string FilePath(const std::string& directory, const std::string& run_id,
                     std::string_view suffix) {
  return JoinPath(directory, run_id + std::string(suffix));
}

// Of the last seconds of a run, else of all of it.
void FillRates(RegisteredRun* run) {
  const RunSnapshot& last = run->snapshot;
  RunPoint from;
  if (run->state == RunState::kRunning) {
    for (const RunPoint& point : run->curve) {
      if (last.seconds - point.seconds < kRateSecondsMin) break;
      from = point;
      if (last.seconds - point.seconds <= kRateSeconds) break;
    }
  }
  const double seconds = last.seconds - from.seconds;
  if (seconds <= 0) return;
  run->rows_per_second = std::max(0.0, static_cast<double>(last.rows - from.rows) / seconds);
  run->bytes_per_second = std::max(0.0, static_cast<double>(last.bytes - from.bytes) / seconds);
}

// nullopt when the file is gone or is none of ours.
std::optional<RunEntry> ReadEntry(Env* env, const std::string& path) {
  const Result<std::string> text = env->ReadWholeFile(path, kEntryBytesMax);
  if (!text.ok()) return std::nullopt;
  Result<RunEntry> entry = ParseRunEntry(*text);
  if (!entry.ok()) return std::nullopt;
  return std::move(*entry);
}

RegisteredRun ToRegisteredRun(RunEntry entry, RunState state, const RegistryOptions& options) {
  RegisteredRun run;
  run.state = state;
  run.written_at = entry.written_at;
  run.age_seconds = std::max(0.0, NowSeconds() - entry.written_at);
  run.snapshot = std::move(entry.snapshot);
  run.curve = std::move(entry.curve);
  run.diagnosis = std::move(entry.diagnosis);
  FillRates(&run);
  if (state == RunState::kDied && run.diagnosis.empty()) {
    run.diagnosis = DiagnoseDeath(run, CompareKillCounters(entry.counters, options.kernel_root),
                                  UtcText(static_cast<std::time_t>(entry.written_at)));
  }
  return run;
}

std::optional<RegisteredRun> ReadRun(const std::string& directory, const std::string& run_id,
                                     const RunFiles& files, const RegistryOptions& options) {
  Env* env = options.env;
  const std::string ended_path = FilePath(directory, run_id, kEndedSuffix);
  if (!files.ended && files.run) {
    const std::optional<RunEntry> entry = ReadEntry(env, FilePath(directory, run_id, kRunSuffix));
    if (entry) {
      const double healthy_seconds =
          kMissedWrites * std::chrono::duration<double>(options.write_every).count();
      const bool late = NowSeconds() - entry->written_at > healthy_seconds;
      const bool alive = IsLockHeld(env, FilePath(directory, run_id, kLockSuffix),
                                    late ? AskAgain::kYes : AskAgain::kNo);
      if (alive) return ToRegisteredRun(*entry, RunState::kRunning, options);
      // It may have ended since its file was read; then the file that says so stands by now.
      const auto ended = env->StatNoFollow(ended_path);
      if (ended.ok() && !ended->has_value()) {
        return ToRegisteredRun(*entry, RunState::kDied, options);
      }
    }
  }
  std::optional<RunEntry> entry = ReadEntry(env, ended_path);
  if (!entry) return std::nullopt;
  const RunState state = entry->snapshot.ended ? RunState::kEnded : RunState::kDied;
  return ToRegisteredRun(std::move(*entry), state, options);
}

Status AddRunsOf(const std::string& directory, const RegistryOptions& options,
                 std::vector<RegisteredRun>* runs) {
  ARROW_ASSIGN_OR_RAISE(const auto found, options.env->StatNoFollow(directory));
  if (!found) return Status::OK();
  ARROW_RETURN_NOT_OK(CheckPrivateDirectory(directory));
  ARROW_ASSIGN_OR_RAISE(const auto files, ListRunFiles(options.env, directory));
  for (const auto& [run_id, present] : files) {
    if (auto run = ReadRun(directory, run_id, present, options)) runs->push_back(std::move(*run));
  }
  return Status::OK();
}

// False when it could not be kept, or somebody else is at it.
bool KeepDiagnosis(const std::string& directory, const RegisteredRun& run, Env* env) {
  const std::string& id = run.snapshot.run_id;
  const std::string run_path = FilePath(directory, id, kRunSuffix);
  const std::string lock_path = FilePath(directory, id, kLockSuffix);
  std::optional<RunEntry> entry = ReadEntry(env, run_path);
  if (!entry) return false;
  const auto lock = env->TryLock(lock_path);
  if (!lock.ok() || *lock == nullptr) return false;
  entry->diagnosis = run.diagnosis;
  const std::string ended_path = FilePath(directory, id, kEndedSuffix);
  if (!ReplaceFile(env, ended_path, FormatRunEntry(std::move(*entry))).ok()) return false;
  (void)env->RemoveFile(run_path);
  (void)env->RemoveFile(lock_path);
  return true;
}

}  // namespace

std::vector<std::string> RegistryDirectories() {
  std::vector<std::string> directories;
  const std::string runtime = EnvironmentPath("XDG_RUNTIME_DIR");
  std::error_code ignored;
  if (!runtime.empty() && std::filesystem::is_directory(runtime, ignored)) {
    directories.push_back(JoinPath(runtime, "headrace"));
  }
  const std::string temporary = EnvironmentPath("TMPDIR");
  directories.push_back(
      JoinPath(temporary.empty() ? "/tmp" : temporary, fmt::format("headrace-{}", ::geteuid())));
  return directories;
}

Result<std::unique_ptr<RunRegistration>> RunRegistration::Make(const std::string& run_id,
                                                               RegistryOptions options) {
  Status failed;
  for (const std::string& directory : DirectoriesOf(options)) {
    const Status made = MakePrivateDirectory(directory);
    if (!made.ok()) {
      failed = failed.ok() ? made : failed;
      continue;
    }
    std::unique_ptr<FileLock> lock;
    for (int attempt = 0; attempt < kLockAttempts && lock == nullptr; ++attempt) {
      if (attempt > 0) std::this_thread::sleep_for(kLockPause);
      ARROW_ASSIGN_OR_RAISE(lock, options.env->TryLock(FilePath(directory, run_id, kLockSuffix)));
    }
    if (lock == nullptr) {
      return MakeError(ErrorKind::kSink, 761,
                       "cannot register this run: another process holds its file {}",
                       FilePath(directory, run_id, kLockSuffix));
    }
    std::unique_ptr<RunRegistration> registration(
        new RunRegistration(directory, run_id, std::move(lock), options));
    RunRegistration* self = registration.get();
    if (!StartThread(&self->threads_, [self] { self->Loop(); })) {
      return MakeError(ErrorKind::kSink, 762,
                       "cannot register this run: the system gives no thread for it");
    }
    return registration;
  }
  return failed;
}

RunRegistration::RunRegistration(std::string directory, std::string run_id,
                                 std::unique_ptr<FileLock> lock, RegistryOptions options)
    : options_(std::move(options)),
      directory_(std::move(directory)),
      run_id_(std::move(run_id)),
      lock_(std::move(lock)) {}

RunRegistration::~RunRegistration() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  Leave();
}

void RunRegistration::On(const RunSnapshot& snapshot) {
  const auto now = std::chrono::steady_clock::now();
  std::lock_guard lock(mutex_);
  if (now < due_ && !snapshot.ended) return;
  due_ = now + options_.write_every;
  pending_ = snapshot;
  wake_.notify_all();
}

void RunRegistration::Loop() {
  entry_.counters = ReadKillCounters(options_.kernel_root);
  working_directory_ = options_.env->RealPath(".").ValueOr("");
  PruneRunFiles(options_.env, directory_, kEndedRunsMax);
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [&] { return stopping_ || pending_.has_value(); });
    if (!pending_) return;
    RunSnapshot snapshot = std::move(*pending_);
    pending_.reset();
    lock.unlock();
    (void)Write(std::move(snapshot));  // tried again with the next snapshot
    lock.lock();
  }
}

Status RunRegistration::Write(RunSnapshot snapshot) {
  // Whoever looks stands in another directory.
  if (!snapshot.output.empty() && snapshot.output[0] != '/' && !working_directory_.empty()) {
    snapshot.output = std::filesystem::path(JoinPath(working_directory_, snapshot.output))
                          .lexically_normal()
                          .string();
  }
  snapshot.run_id = run_id_;
  AppendPoint(snapshot, &entry_.curve);
  entry_.snapshot = std::move(snapshot);
  entry_.written_at = NowSeconds();
  return ReplaceFile(options_.env, Path(kRunSuffix), FormatRunEntry(entry_));
}

void RunRegistration::Leave() {
  RunSnapshot& last = entry_.snapshot;
  if (!last.run_id.empty()) {
    if (!last.ended) {
      last.ended = true;
      last.status = "failed";
    }
    (void)ReplaceFile(options_.env, Path(kEndedSuffix), FormatRunEntry(entry_));
  }
  (void)options_.env->RemoveFile(Path(kRunSuffix));
  (void)options_.env->RemoveFile(Path(kLockSuffix));
  lock_.reset();
  PruneRunFiles(options_.env, directory_, kEndedRunsMax);
}

std::string RunRegistration::Path(std::string_view suffix) const {
  return FilePath(directory_, run_id_, suffix);
}

Result<std::vector<RegisteredRun>> ListRegisteredRuns(const RegistryOptions& options) {
  std::vector<RegisteredRun> runs;
  Status failed;
  bool read = false;
  for (const std::string& directory : DirectoriesOf(options)) {
    const Status added = AddRunsOf(directory, options, &runs);
    read |= added.ok();
    if (!added.ok() && failed.ok()) failed = added;
  }
  if (!read) return failed;
  std::sort(runs.begin(), runs.end(), [](const RegisteredRun& a, const RegisteredRun& b) {
    const bool a_runs = a.state == RunState::kRunning;
    const bool b_runs = b.state == RunState::kRunning;
    return a_runs != b_runs ? a_runs : a.snapshot.run_id > b.snapshot.run_id;
  });
  return runs;
}

void KeepRunDiagnoses(const std::vector<RegisteredRun>& runs, const RegistryOptions& options) {
  for (const RegisteredRun& run : runs) {
    if (run.state != RunState::kDied) continue;
    for (const std::string& directory : DirectoriesOf(options)) {
      if (KeepDiagnosis(directory, run, options.env)) break;
    }
  }
}

}  // namespace headrace
