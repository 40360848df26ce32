#include "headrace/monitor.h"

#include <chrono>
#include <filesystem>
#include <thread>

#include "base/units.h"
#include "commit/journal.h"
#include "commit/layout.h"
#include "commit/ledger.h"
#include "commit/target.h"
#include "observe/monitor_service.h"
#include "observe/registry.h"

namespace headrace {
namespace {

constexpr auto kAskForStop = std::chrono::milliseconds(50);

// The same place under another name is the same target; what is not there yet keeps its name.
std::filesystem::path Canonical(const std::string& path) {
  std::error_code error;
  std::filesystem::path canonical = std::filesystem::weakly_canonical(path, error);
  if (error) canonical = std::filesystem::path(path).lexically_normal();
  // "out/" and "out" are one target.
  return canonical.has_filename() ? canonical : canonical.parent_path();
}

std::string LedgerText(const JournalRecord& record) {
  return fmt::format("{} {}: {} rows, {} files, {}, run {}", PublishModeName(record.mode),
                     record.prepared_at, FormatCount(record.info.rows),
                     FormatCount(record.info.files), FormatBytes(record.info.bytes), record.run_id);
}

Status ReadSideDirectory(Env* env, const DatasetLayout& layout, TargetStatus* status) {
  ARROW_ASSIGN_OR_RAISE(const auto side, env->StatNoFollow(layout.side()));
  if (!side || side->type != FileType::kDirectory) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const auto entries, env->List(layout.side()));
  for (const DirectoryEntry& entry : entries) {
    if (entry.name.starts_with(kTransactionPrefix)) ++status->unfinished;
  }
  ARROW_ASSIGN_OR_RAISE(const auto last, LastLedgerRecord(env, layout.ledger()));
  if (last) status->last_run = LedgerText(*last);
  return Status::OK();
}

}  // namespace

Result<std::vector<RegisteredRun>> ListRuns() { return ListRegisteredRuns(); }

void KeepDiagnoses(const std::vector<RegisteredRun>& runs) { KeepRunDiagnoses(runs); }

Result<TargetStatus> ReadTargetStatus(const std::string& path) {
  Env* env = Env::Default();
  ARROW_ASSIGN_OR_RAISE(const ResolvedTarget target, ResolveTarget(env, path));
  TargetStatus status;
  status.path = target.path;
  status.found = target.found.has_value();
  ARROW_RETURN_NOT_OK(ReadSideDirectory(env, DatasetLayout(target.path), &status));
  ARROW_ASSIGN_OR_RAISE(const auto beside, env->List(ParentPath(target.path)));
  for (const DirectoryEntry& entry : beside) {
    if (RunOfSingleFileEntry(target.path, entry.name, kTemporarySuffix)) ++status.unfinished;
  }
  return status;
}

bool WritesTo(const RegisteredRun& run, const std::string& path) {
  return !run.snapshot.output.empty() && Canonical(run.snapshot.output) == Canonical(path);
}

Status ServeMonitor(const std::string& address, const volatile int* stop_signal,
                    const std::function<void(const std::string& url)>& on_ready) {
  ARROW_ASSIGN_OR_RAISE(const auto server, MonitorServer::Start(address));
  if (on_ready) on_ready(server->url());
  while (*stop_signal == 0) std::this_thread::sleep_for(kAskForStop);
  return Status::OK();
}

}  // namespace headrace
