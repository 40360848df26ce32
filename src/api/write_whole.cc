#include "api/write_whole.h"

#include "base/ids.h"
#include "env/env.h"

namespace headrace {
namespace {

Status WriteAll(Env* env, const std::string& path, OpenMode mode, bool sync,
                std::string_view text) {
  ARROW_ASSIGN_OR_RAISE(auto file, env->OpenForWrite(path, mode));
  ARROW_RETURN_NOT_OK(file->Append(text.data(), static_cast<int64_t>(text.size())));
  if (sync) ARROW_RETURN_NOT_OK(file->Sync());
  return file->Close();
}

}  // namespace

Status WriteWhole(const std::string& path, std::string_view text) {
  Env* env = Env::Default();
  ARROW_ASSIGN_OR_RAISE(const auto stat, env->Stat(path));
  if (stat.has_value() && stat->type == FileType::kOther) {
    return WriteAll(env, path, OpenMode::kTruncate, false, text);
  }
  const std::string temporary = fmt::format("{}.headrace-{}", path, NewRunId());
  Status written = WriteAll(env, temporary, OpenMode::kCreateNew, true, text);
  if (written.ok()) written = env->Rename(temporary, path, RenameMode::kReplace);
  if (!written.ok()) {
    (void)env->RemoveFile(temporary);
    return written;
  }
  const std::string parent = ParentPath(path);
  return env->SyncDirectory(parent.empty() ? "." : parent);
}

}  // namespace headrace
