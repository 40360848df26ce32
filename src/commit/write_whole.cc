#include "commit/write_whole.h"

namespace headrace {

Status WriteWhole(Env* env, const std::string& path, std::string_view text, Durability durability) {
  if (durability == Durability::kFull) return env->WriteFileDurably(path, text);
  const std::string temporary = path + ".tmp";
  ARROW_ASSIGN_OR_RAISE(const std::unique_ptr<WritableFile> file,
                        env->OpenForWrite(temporary, OpenMode::kTruncate));
  ARROW_RETURN_NOT_OK(file->Append(text.data(), static_cast<int64_t>(text.size())));
  ARROW_RETURN_NOT_OK(file->Close());
  return env->Rename(temporary, path, RenameMode::kReplace);
}

}  // namespace headrace
