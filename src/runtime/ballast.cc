#include "runtime/ballast.h"

namespace headrace {

void Ballast::Take(Env* env, const std::string& path) {
  Drop();
  auto file = env->OpenForWrite(path, OpenMode::kCreateNew);
  if (!file.ok()) return;
  env_ = env;
  path_ = path;
  if (!(*file)->Allocate(kBytes).ok() || !(*file)->Close().ok()) Drop();
}

void Ballast::Drop() {
  if (path_.empty()) return;
  // What cannot be removed goes with the transaction's directory.
  [[maybe_unused]] const Status removed = env_->RemoveFile(path_);
  path_.clear();
}

}  // namespace headrace
