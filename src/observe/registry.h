// The registry of runs: one small file per run in a directory of the user's own, so that others of
// the same user see who is running, and see tomorrow who died.
//
//   <run id>.run     the last snapshot of a run that did not say that it ended
//   <run id>.lock    locked while its process lives: the lock says who is dead, not the process id
//   <run id>.ended   the last snapshot of a run that ended, or of one that died and was diagnosed
//
// Invariants: the lock is taken before .run appears, and let go only after .ended stands in its
// place; every file appears whole, by a rename. Nothing is synced: what a loss of power takes from
// here is missed by nobody. At most kEndedRunsMax .ended files, as many .run files of dead runs,
// and a size that run_entry.h bounds.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/status.h"
#include "env/env.h"
#include "headrace/monitor.h"
#include "observe/run_entry.h"

namespace headrace {

inline constexpr size_t kEndedRunsMax = 20;

struct RegistryOptions {
  Env* env = Env::Default();
  std::string directory = {};    // "" = the user's own, see RegistryDirectories
  std::string kernel_root = {};  // where /proc and cgroups are looked for; tests replace it
  std::chrono::milliseconds write_every{1000};
};

// Where a run of this user may have registered, the preferred place first:
// $XDG_RUNTIME_DIR/headrace, and $TMPDIR or /tmp with headrace-<uid> in it. Both are read, because
// a run that a timer starts has another environment than a shell.
std::vector<std::string> RegistryDirectories();

// Role: one run's place in the registry. Owner: the run, for as long as it lasts. Threads: On from
// one thread at a time; it copies the snapshot when one is due and never waits for the disk, which
// a thread of its own writes to. Errors: Make fails when there is no directory to trust or no
// thread, which is a note and no reason to stop; a write that fails is tried again with the next
// snapshot.
class RunRegistration {
 public:
  static Result<std::unique_ptr<RunRegistration>> Make(const std::string& run_id,
                                                       RegistryOptions options = {});
  // Writes what is still to be written. A run whose last snapshot did not say that it ended is
  // taken for failed: its process lives, so it did not die.
  ~RunRegistration();
  RunRegistration(const RunRegistration&) = delete;
  RunRegistration& operator=(const RunRegistration&) = delete;

  void On(const RunSnapshot& snapshot);

 private:
  RunRegistration(std::string directory, std::string run_id, std::unique_ptr<FileLock> lock,
                  RegistryOptions options);
  void Loop();
  // Writes entry_ with `snapshot` in it.
  Status Write(RunSnapshot snapshot);
  void Leave();
  std::string Path(std::string_view suffix) const;

  const RegistryOptions options_;
  const std::string directory_;
  const std::string run_id_;
  std::unique_ptr<FileLock> lock_;
  RunEntry entry_;                 // of the writing thread
  std::string working_directory_;  // the same
  std::mutex mutex_;
  std::condition_variable wake_;
  std::optional<RunSnapshot> pending_;
  std::chrono::steady_clock::time_point due_{};  // before it a snapshot is not kept
  bool stopping_ = false;
  std::vector<std::thread> threads_;  // one
};

// The runs in options.directory, or in all of RegistryDirectories: running ones first, then the
// newest. A file that cannot be read is left out. `options.write_every` says how old the sample of
// a healthy run may be.
Result<std::vector<RegisteredRun>> ListRegisteredRuns(const RegistryOptions& options = {});

// See KeepDiagnoses in headrace/monitor.h.
void KeepRunDiagnoses(const std::vector<RegisteredRun>& runs, const RegistryOptions& options = {});

}  // namespace headrace
