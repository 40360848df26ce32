#include "headrace/fsck.h"

#include <chrono>

#include "runtime/fsck.h"
#include "runtime/observer.h"
#include "runtime/resources.h"

namespace headrace {

Result<FsckReport> CheckDataset(const std::string& path, const FsckOptions& options) {
  // A footer of usual size and one column's pages; what is larger takes what the budget has.
  constexpr int64_t kFloorBytes = 1 << 20;
  ARROW_RETURN_NOT_OK(PrepareProcess(ProcessOwner::kHost));
  ResourceSpec resources;
  resources.memory = options.memory;
  ARROW_ASSIGN_OR_RAISE(BudgetSettings settings, ResolveBudget(resources, 1));
  RunMemory memory(std::move(settings));
  ARROW_ASSIGN_OR_RAISE(const auto pool, memory.MakePool("fsck", kFloorBytes));
  Cancellation cancellation;
  const Observer observer(
      {&cancellation, options.stop_signal, std::chrono::steady_clock::now(), [](double, bool) {}});
  return RunFsck(path, options, {Env::Default(), pool.get(), &cancellation});
}

}  // namespace headrace
