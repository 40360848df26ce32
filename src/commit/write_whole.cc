#include "commit/write_whole.h"

namespace headrace {
namespace {

Status WriteUnsynced(Env* env, const std::string& path, const std::string& temporary,
                     std::string_view text) {
  ARROW_ASSIGN_OR_RAISE(const std::unique_ptr<WritableFile> file,
                        env->OpenForWrite(temporary, OpenMode::kTruncate));
  ARROW_RETURN_NOT_OK(file->Append(text.data(), static_cast<int64_t>(text.size())));
  ARROW_RETURN_NOT_OK(file->Close());
  return env->Rename(temporary, path, RenameMode::kReplace);
}

}  // namespace

Status WriteWhole(Env* env, const std::string& path, std::string_view text, Durability durability) {
  const std::string temporary = path + ".tmp";
  Status written = durability == Durability::kFull ? env->WriteFileDurably(path, text)
                                                   : WriteUnsynced(env, path, temporary, text);
  // What cannot be removed now is removed by the next run.
  if (!written.ok()) {
    [[maybe_unused]] const Status removed = env->RemoveFile(temporary);
  }
  return written;
}

}  // namespace headrace
