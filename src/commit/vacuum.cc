#include "commit/vacuum.h"

#include <map>
#include <utility>

#include "commit/errors.h"
#include "commit/recovery.h"
#include "commit/target.h"

namespace headrace {
namespace {

// A file is free when the last of its names goes; some may be in another generation that goes too.
struct LinkedFile {
  uint64_t links = 0;
  uint64_t removed = 0;
};
using LinkedFiles = std::map<std::pair<uint64_t, uint64_t>, LinkedFile>;  // device, inode

Status Measure(Env* env, const std::string& directory, LinkedFiles* linked,
               VacuumedGeneration* generation) {
  ARROW_ASSIGN_OR_RAISE(const std::vector<DirectoryEntry> entries, env->List(directory));
  for (const DirectoryEntry& entry : entries) {
    const std::string path = JoinPath(directory, entry.name);
    if (entry.type == FileType::kDirectory) {
      ARROW_RETURN_NOT_OK(Measure(env, path, linked, generation));
      continue;
    }
    ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> found, env->StatNoFollow(path));
    if (!found) continue;
    ++generation->files;
    bool is_last = found->link_count <= 1;
    if (!is_last) {
      LinkedFile& file = (*linked)[{found->device, found->inode}];
      file.links = found->link_count;
      is_last = ++file.removed == file.links;
    }
    if (is_last) generation->freed_bytes += found->size_bytes;
  }
  return Status::OK();
}

bool IsToGo(const RetainedGeneration& generation, const VacuumOptions& options, std::time_t now) {
  return generation.until <= now ||
         (options.older_than_seconds && now - generation.since >= *options.older_than_seconds);
}

Status LookAtRejects(Env* env, const DatasetLayout& layout, int64_t older_than_seconds,
                     VacuumOutcome* outcome) {
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> directory, env->Stat(layout.quarantine()));
  if (!directory) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const std::vector<DirectoryEntry> entries, env->List(layout.quarantine()));
  for (const DirectoryEntry& entry : entries) {
    const std::string path = JoinPath(layout.quarantine(), entry.name);
    ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> file, env->StatNoFollow(path));
    if (!file || file->type != FileType::kFile) continue;
    constexpr int64_t kNanosPerSecond = 1'000'000'000;
    if (env->Now() - file->mtime_ns / kNanosPerSecond < older_than_seconds) continue;
    outcome->rejects.push_back({path, file->size_bytes});
  }
  return Status::OK();
}

Status RemoveRejects(Env* env, const DatasetLayout& layout, const VacuumOutcome& outcome) {
  if (outcome.rejects.empty()) return Status::OK();
  for (const VacuumedRejects& file : outcome.rejects) {
    ARROW_RETURN_NOT_OK(env->RemoveFile(file.path));
  }
  // It stays where there are more.
  [[maybe_unused]] const Status removed = env->RemoveDirectory(layout.quarantine());
  return env->SyncDirectory(layout.side());
}

Status Look(Env* env, const DatasetLayout& layout, const VacuumOptions& options,
            VacuumOutcome* outcome) {
  const std::time_t now = env->Now();
  LinkedFiles linked;
  ARROW_ASSIGN_OR_RAISE(const std::vector<RetainedGeneration> generations,
                        ListGenerations(env, layout));
  for (const RetainedGeneration& generation : generations) {
    if (!IsToGo(generation, options, now)) {
      outcome->kept.push_back(generation);
      continue;
    }
    VacuumedGeneration& removed = outcome->removed.emplace_back();
    removed.generation = generation;
    ARROW_RETURN_NOT_OK(
        Measure(env, JoinPath(layout.generations(), generation.name), &linked, &removed));
  }
  if (options.older_than_seconds) {
    ARROW_RETURN_NOT_OK(LookAtRejects(env, layout, *options.older_than_seconds, outcome));
  }
  return ListRescued(env, layout, &outcome->rescued);
}

Status VacuumDataset(Env* env, const DatasetLayout& layout, const VacuumOptions& options,
                     VacuumOutcome* outcome) {
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> found, env->Stat(layout.side()));
  if (!found) return NoHistory(layout.target());
  if (options.effect == VacuumEffect::kTell) return Look(env, layout, options, outcome);
  ARROW_ASSIGN_OR_RAISE(const std::unique_ptr<SideDirectory> side,
                        SideDirectory::Lock(env, layout));
  RecoveryOutcome recovered;
  ARROW_RETURN_NOT_OK(RecoverDataset(env, *side, &recovered));
  outcome->notes = recovered.actions;
  for (std::string& note : RecoveryNotes(std::move(recovered))) {
    outcome->notes.push_back(std::move(note));
  }
  ARROW_RETURN_NOT_OK(Look(env, layout, options, outcome));
  std::vector<std::string> names;
  for (const VacuumedGeneration& removed : outcome->removed) {
    names.push_back(removed.generation.name);
  }
  ARROW_RETURN_NOT_OK(RemoveRejects(env, layout, *outcome));
  return RemoveGenerations(env, layout, names);
}

}  // namespace

Result<VacuumOutcome> Vacuum(Env* env, const VacuumOptions& options) {
  const Result<ResolvedTarget> resolved = ResolveTarget(env, options.target);
  ARROW_RETURN_NOT_OK(TargetError(resolved.status(), "cannot vacuum"));
  VacuumOutcome outcome;
  ARROW_RETURN_NOT_OK(TargetError(
      VacuumDataset(env, DatasetLayout(resolved->path), options, &outcome), "cannot vacuum"));
  return outcome;
}

}  // namespace headrace
