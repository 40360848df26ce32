#include <sys/utsname.h>

#include <fstream>

#include "base/units.h"
#include "base/version.h"
#include "env/env.h"
#include "env/process.h"
#include "headrace/run.h"
#include "runtime/resources.h"
#include "source/csv/structure_scan.h"

namespace headrace {
namespace {

void AddMemory(std::vector<DoctorLine>* lines) {
  const auto limit = ReadEffectiveMemoryLimit();
  if (!limit.ok()) {
    lines->push_back({"memory", "effective limit unknown: " + limit.status().message()});
    return;
  }
  lines->push_back({"memory", fmt::format("effective limit {} from {}", FormatBytes(limit->bytes),
                                          limit->origin)});
  for (const auto& candidate : limit->candidates) {
    lines->push_back({"memory", fmt::format("candidate {} from {}{}", FormatBytes(candidate.bytes),
                                            candidate.origin,
                                            candidate.origin == limit->origin ? " (wins)" : "")});
  }
  const auto budget = ResolveBudget(ResourceSpec{}, ReadUsableCores());
  if (budget.ok()) {
    lines->push_back({"memory", fmt::format("budget when none is given: {} ({})",
                                            FormatBytes(budget->total_bytes), budget->origin)});
    lines->push_back(
        {"memory", fmt::format("process base {}, slack {}", FormatBytes(budget->base_bytes),
                               FormatBytes(budget->slack_bytes))});
  }
  const auto process = ReadProcessMemory();
  if (process.ok()) {
    lines->push_back({"swap", fmt::format("{} of this process are swapped out",
                                          FormatBytes(process->swap_bytes))});
  }
  const auto pressure = ReadMemoryPressure();
  lines->push_back(
      {"pressure", pressure ? fmt::format("PSI memory: some {:.2f} %, full {:.2f} % over 10 s",
                                          pressure->some_avg10, pressure->full_avg10)
                            : std::string("PSI is not available on this kernel")});
}

void AddKernel(std::vector<DoctorLine>* lines) {
  utsname name{};
  if (uname(&name) == 0) {
    lines->push_back({"kernel", fmt::format("{} {} {}", name.sysname, name.release, name.machine)});
  }
  std::ifstream huge_pages("/sys/kernel/mm/transparent_hugepage/enabled");
  std::string text;
  if (std::getline(huge_pages, text))
    lines->push_back({"kernel", "transparent huge pages: " + text});
  lines->push_back({"processor", fmt::format("{} usable cores; CSV is scanned with {} code",
                                             ReadUsableCores(), BestParityScannerName())});
}

// Tries what a publish needs, in a directory of its own that is removed again.
Status ProbeDirectory(Env* env, const std::string& directory, std::vector<DoctorLine>* lines) {
  const std::string probe = JoinPath(directory, fmt::format(".headrace-doctor-{}", getpid()));
  const std::string one = JoinPath(probe, "one");
  const std::string two = JoinPath(probe, "two");
  ARROW_RETURN_NOT_OK(env->CreateDirectory(probe));
  Status tried = [&]() -> Status {
    ARROW_RETURN_NOT_OK(env->CreateDirectory(one));
    ARROW_RETURN_NOT_OK(env->CreateDirectory(two));
    const Status exchange = env->Rename(one, two, RenameMode::kExchange);
    lines->push_back(
        {"disk", fmt::format("atomic exchange of directories: {}",
                             exchange.ok() ? "yes" : "no, publishing uses two renames")});
    const std::string file = JoinPath(one, "file");
    ARROW_RETURN_NOT_OK(env->WriteFileDurably(file, "probe"));
    const Status link = env->HardLink(file, JoinPath(two, "link"));
    lines->push_back(
        {"disk", fmt::format("hard links: {}", link.ok() ? "yes" : "no, appending copies files")});
    ARROW_ASSIGN_OR_RAISE(auto lock, env->TryLock(JoinPath(probe, "lock")));
    lines->push_back({"disk", fmt::format("file locks: {}", lock ? "yes" : "no")});
    return Status::OK();
  }();
  const Status removed = env->RemoveTree(probe);
  return tried.ok() ? removed : tried;
}

void AddDisk(const std::string& directory, std::vector<DoctorLine>* lines) {
  Env* env = Env::Default();
  const auto space = env->Space(directory);
  if (!space.ok()) {
    lines->push_back({"disk", space.status().message()});
    return;
  }
  lines->push_back(
      {"disk", fmt::format("{}: {} of {} free", directory, FormatBytes(space->available_bytes),
                           FormatBytes(space->total_bytes))});
  const Status probed = ProbeDirectory(env, directory, lines);
  if (!probed.ok()) lines->push_back({"disk", "cannot write here: " + probed.message()});
}

}  // namespace

std::vector<DoctorLine> Doctor(const std::string& directory) {
  std::vector<DoctorLine> lines;
  lines.push_back({"headrace", kVersion});
  const Status prepared = InitializeProcess();
  if (!prepared.ok()) lines.push_back({"headrace", prepared.message()});
  AddMemory(&lines);
  AddKernel(&lines);
  AddDisk(directory, &lines);
  return lines;
}

}  // namespace headrace
