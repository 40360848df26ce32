#include "commit/quarantine.h"

#include "commit/errors.h"
#include "commit/layout.h"

namespace headrace {
namespace {

TransactionOptions OptionsOfFile(const TransactionOptions& target) {
  TransactionOptions options = target;
  options.target = DatasetLayout(target.target).quarantined(target.run_id);
  options.kind = TargetKind::kSingleFile;
  options.mode = PublishMode::kCreate;
  options.retain_seconds = 0;
  return options;
}

}  // namespace

Quarantine::Quarantine(Env* env, const TransactionOptions& target, std::string staged_path)
    : env_(env),
      target_(target.target),
      kind_(target.kind),
      staged_path_(std::move(staged_path)),
      options_(OptionsOfFile(target)),
      staging_(env, staged_path_,
               {.kind = TargetKind::kSingleFile, .durability = options_.durability}) {}

Result<std::unique_ptr<WritableFile>> Quarantine::OpenStaged(const std::string& relative_path,
                                                             OpenMode mode) {
  is_staged_.store(true);
  Result<std::unique_ptr<WritableFile>> file = staging_.Open(relative_path, mode);
  ARROW_RETURN_NOT_OK(TargetError(file.status(), "cannot stage the quarantine file"));
  return file;
}

Status Quarantine::CheckComplete() const { return staging_.CheckComplete(); }

Status Quarantine::MakePlace() {
  if (!is_staged()) return Status::OK();
  const std::string directory = ParentPath(options_.target);
  ARROW_RETURN_NOT_OK(env_->CreateDirectory(ParentPath(directory)));
  return env_->CreateDirectory(directory);
}

Status Quarantine::PutInPlace() {
  if (!is_staged()) return Status::OK();
  is_placed_ = true;
  ARROW_RETURN_NOT_OK(env_->Rename(staged_path_, options_.target, RenameMode::kReplace));
  return options_.durability == Durability::kFull ? env_->SyncDirectory(ParentPath(options_.target))
                                                  : Status::OK();
}

Status Quarantine::TakeBack() {
  if (!is_staged()) return Status::OK();
  if (is_placed_) {
    ARROW_RETURN_NOT_OK(RemoveQuarantined(env_, target_, options_.run_id, kind_));
  }
  return env_->RemoveFile(staged_path_);
}

Status RemoveQuarantined(Env* env, const std::string& target, const std::string& run_id,
                         TargetKind kind) {
  const DatasetLayout layout(target);
  const std::string path = layout.quarantined(run_id);
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> directory, env->Stat(layout.quarantine()));
  if (!directory) return Status::OK();
  ARROW_RETURN_NOT_OK(env->RemoveFile(path));
  ARROW_RETURN_NOT_OK(env->SyncDirectory(layout.quarantine()));
  // They stay where other runs put something aside, or have something to tell.
  if (env->RemoveDirectory(layout.quarantine()).ok() && kind == TargetKind::kSingleFile) {
    [[maybe_unused]] const Status removed = env->RemoveDirectory(layout.side());
  }
  return Status::OK();
}

}  // namespace headrace
