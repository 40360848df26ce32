// What atomic and durable costs: publishing files through a transaction beside writing and fsyncing
// the same files plainly, in turn; and keeping very many files by hard link.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/units.h"
#include "commit/transaction.h"

namespace headrace {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// A directory that goes with everything in it, where inputs of benchmarks lie, or in the working
// directory: /tmp may be memory, where a sync costs nothing.
class Folder {
 public:
  Folder()
      : path_(fs::absolute(fs::is_directory("bench/.cache") ? "bench/.cache" : ".") /
              ("headrace-publish-" + std::to_string(::getpid()))) {
    fs::create_directories(path_);
  }
  ~Folder() { Clear(); }
  void Clear() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  std::string operator/(const std::string& name) const {
    fs::create_directories(path_);
    return path_ / name;
  }

 private:
  const fs::path path_;
};

struct Layout {
  int64_t files = 0;
  int64_t directories = 1;
  int64_t file_bytes = 0;

  std::string directory(int64_t file) const { return "k=" + std::to_string(file % directories); }
  std::string path(int64_t file, const std::string& run) const {
    return directory(file) + "/" + run + "-" + std::to_string(file);
  }
};

// Seconds; below 0 after a failure.
double WritePlainly(const Layout& layout, const std::string& root) {
  const std::string content(static_cast<size_t>(layout.file_bytes), 'x');
  const auto start = Clock::now();
  bool ok = ::mkdir(root.c_str(), 0777) == 0;
  for (int64_t i = 0; i < layout.files && ok; ++i) {
    if (i < layout.directories) ok = ::mkdir((root + "/" + layout.directory(i)).c_str(), 0777) == 0;
    const std::string path = root + "/" + layout.path(i, "plain");
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    ok = ok && file >= 0 && ::write(file, content.data(), content.size()) == layout.file_bytes &&
         ::fsync(file) == 0;
    ok = (file < 0 || ::close(file) == 0) && ok;
  }
  return ok ? SecondsSince(start) : -1;
}

Status PublishFiles(const Layout& layout, const std::string& target, PublishMode mode,
                    Durability durability, double* publish_seconds) {
  const std::string content(static_cast<size_t>(layout.file_bytes), 'x');
  TransactionOptions options;
  options.target = target;
  options.mode = mode;
  options.durability = durability;
  options.run_id = NewRunId();
  ARROW_ASSIGN_OR_RAISE(const auto transaction, Transaction::Begin(Env::Default(), options));
  for (int64_t i = 0; i < layout.files; ++i) {
    ARROW_ASSIGN_OR_RAISE(const auto file, transaction->OpenStaged(layout.path(i, options.run_id),
                                                                   OpenMode::kCreateNew));
    ARROW_RETURN_NOT_OK(file->Append(content.data(), layout.file_bytes));
    if (durability == Durability::kFull) ARROW_RETURN_NOT_OK(file->Sync());
    ARROW_RETURN_NOT_OK(file->Close());
  }
  const auto start = Clock::now();
  PublishInfo info;
  info.files = layout.files;
  ARROW_RETURN_NOT_OK(transaction->Publish(info).status());
  *publish_seconds = SecondsSince(start);
  return Status::OK();
}

// Arguments: directories. Time is that of publishing; `ratio` is the median of the rounds.
void BM_PublishThousandFiles(benchmark::State& state) {
  const Layout layout{1000, state.range(0), kMiB};
  Folder folder;
  std::vector<double> ratios;
  double plain_sum = 0;
  for (auto _ : state) {
    folder.Clear();
    const double plain = WritePlainly(layout, folder / "plain");
    if (plain < 0) return state.SkipWithError("a file could not be written");
    folder.Clear();
    const std::string target = folder / "published";
    double publish_seconds = 0;
    const auto start = Clock::now();
    const Status done =
        PublishFiles(layout, target, PublishMode::kCreate, Durability::kFull, &publish_seconds);
    const double published = SecondsSince(start);
    if (!done.ok()) return state.SkipWithError(done.message().c_str());
    state.SetIterationTime(published);
    ratios.push_back(published / plain);
    plain_sum += plain;
  }
  std::sort(ratios.begin(), ratios.end());
  state.counters["ratio"] = ratios[ratios.size() / 2];
  state.counters["plain_seconds"] = plain_sum / static_cast<double>(ratios.size());
}
BENCHMARK(BM_PublishThousandFiles)
    ->Arg(1)
    ->Arg(1000)
    ->Iterations(5)
    ->UseManualTime()
    ->Unit(benchmark::kSecond);

// Arguments: directories. Appends one file to 100,000 others, which stay; the time of Publish
// alone.
void BM_KeepHundredThousandFiles(benchmark::State& state) {
  Folder folder;
  const std::string target = folder / "published";
  double seconds = 0;
  Status done = PublishFiles({100'000, state.range(0), 1}, target, PublishMode::kCreate,
                             Durability::kNone, &seconds);
  ::sync();
  // The first durable run syncs what no durable one wrote.
  const Layout one{1, 1, 1};
  if (done.ok()) {
    done = PublishFiles(one, target, PublishMode::kAppend, Durability::kFull, &seconds);
  }
  for (auto _ : state) {
    if (done.ok()) {
      done = PublishFiles(one, target, PublishMode::kAppend, Durability::kFull, &seconds);
    }
    if (!done.ok()) return state.SkipWithError(done.message().c_str());
    state.SetIterationTime(seconds);
  }
}
BENCHMARK(BM_KeepHundredThousandFiles)
    ->Arg(1)
    ->Arg(1000)
    ->Iterations(3)
    ->UseManualTime()
    ->Unit(benchmark::kSecond);

}  // namespace
}  // namespace headrace
