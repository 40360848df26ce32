// Soak: many pipelines in one process through the library, and whether the process grows.
//
//   soak MINUTES DIRECTORY
//
// Prints RSS over time and the slope of a straight line through it with its 95 % confidence
// interval. Exit 1 when the process grows for certain (the interval lies above kGrowthAllowed), or
// when a run does not end as it should.
#include <arrow/api.h>
#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "headrace/memory_monitor.h"
#include "headrace/run.h"

namespace {

using headrace::JobSpec;

// Less than one small object per run is what caches of the libraries may still take at the end.
constexpr double kGrowthAllowed = 64;  // bytes per run
constexpr double kWarmUpShare = 0.25;  // of the samples, left out

double SecondsNow() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

int64_t RssBytes() {
  std::ifstream file("/proc/self/statm");
  int64_t size = 0;
  int64_t resident = 0;
  file >> size >> resident;
  return resident * 4096;
}

std::shared_ptr<arrow::Table> MakeTable() {
  arrow::Int64Builder numbers;
  arrow::StringBuilder texts;
  for (int64_t n = 0; n < 2000; ++n) {
    (void)numbers.Append(n);
    (void)texts.Append("text " + std::to_string(n % 97));
  }
  return arrow::Table::Make(
      arrow::schema({arrow::field("n", arrow::int64()), arrow::field("text", arrow::utf8())}),
      {numbers.Finish().ValueOrDie(), texts.Finish().ValueOrDie()});
}

void WriteCsv(const std::string& path, bool broken) {
  std::ofstream file(path);
  file << "id,key,price,day\n";
  for (int i = 0; i < 3000; ++i) {
    file << i << ",k" << i % 7 << ',' << i * 0.25 << ",2024-0" << 1 + i % 9 << "-11\n";
  }
  if (broken) file << "3000,k1\n";
}

struct Kind {
  const char* name;
  bool fails;
  JobSpec job;
};

std::vector<Kind> MakeKinds(const std::string& directory) {
  WriteCsv(directory + "/good.csv", false);
  WriteCsv(directory + "/broken.csv", true);
  JobSpec base;
  base.inputs.resize(1);
  base.inputs[0].paths = {directory + "/good.csv"};
  base.output.mode = headrace::WriteMode::kOverwrite;
  base.output.durable = false;
  base.resources.memory = "256MiB";
  base.resources.threads = 2;
  std::vector<Kind> kinds;
  JobSpec one = base;
  one.output.path = directory + "/one.parquet";
  kinds.push_back({"csv to one file", false, one});
  JobSpec parts = base;
  parts.output.path = directory + "/parts";
  parts.output.partition_by = {"key"};
  parts.steps = {{headrace::DeriveStep{{{"month", "month(day)"}}}, ""},
                 {headrace::FilterStep{"price > 10 and key like 'k%'"}, ""}};
  kinds.push_back({"csv to partitions", false, parts});
  JobSpec again = base;
  again.inputs[0].paths = {directory + "/one.parquet"};
  again.output.path = directory + "/again";
  kinds.push_back({"parquet to a dataset", false, again});
  JobSpec broken = parts;
  broken.inputs[0].paths = {directory + "/broken.csv"};
  broken.output.path = directory + "/broken";
  kinds.push_back({"a bad row", true, broken});
  JobSpec tiny = parts;
  tiny.resources.memory = "1MiB";
  kinds.push_back({"a budget below the floor", true, tiny});
  JobSpec data = parts;
  data.inputs[0].paths.clear();
  data.steps.clear();
  data.output.partition_by = {"text"};
  data.output.path = directory + "/data";
  kinds.push_back({"data of the program", false, data});
  return kinds;
}

struct Line {
  double slope = 0;
  double half_width = 0;  // of the 95 % confidence interval
};

// Ordinary least squares. Neighbouring samples are alike, so the count of independent ones is taken
// down by the lag-1 correlation of the residuals; else the interval would be far too narrow.
Line Fit(const std::vector<double>& x, const std::vector<double>& y) {
  const auto n = static_cast<double>(x.size());
  double mean_x = 0;
  double mean_y = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    mean_x += x[i] / n;
    mean_y += y[i] / n;
  }
  double xx = 0;
  double xy = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mean_x) * (x[i] - mean_x);
    xy += (x[i] - mean_x) * (y[i] - mean_y);
  }
  Line line;
  line.slope = xy / xx;
  std::vector<double> residuals;
  double squares = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    residuals.push_back(y[i] - mean_y - line.slope * (x[i] - mean_x));
    squares += residuals.back() * residuals.back();
  }
  double lagged = 0;
  for (size_t i = 1; i < residuals.size(); ++i) lagged += residuals[i] * residuals[i - 1];
  const double correlation = squares > 0 ? std::max(0.0, lagged / squares) : 0;
  const double independent = std::max(3.0, n * (1 - correlation) / (1 + correlation));
  line.half_width = 1.96 * std::sqrt(squares / n / (independent - 2) / (xx / n));
  return line;
}

int Soak(double minutes, const std::string& directory) {
  const arrow::Status prepared = headrace::InitializeProcess();
  if (!prepared.ok()) {
    fmt::print(stderr, "{}\n", prepared.ToString());
    return 1;
  }
  const auto table = MakeTable();
  std::vector<Kind> kinds = MakeKinds(directory);
  std::vector<double> runs;
  std::vector<double> rss;
  const double start = SecondsNow();
  double next_sample = 0;
  int64_t count = 0;
  while (SecondsNow() - start < minutes * 60) {
    for (Kind& kind : kinds) {
      JobSpec job = kind.job;
      if (job.inputs[0].paths.empty()) {
        job.inputs[0].stream = std::make_shared<arrow::TableBatchReader>(table);
      }
      const headrace::RunOutcome outcome = headrace::RunJob(job);
      ++count;
      if (outcome.status.ok() == kind.fails) {
        fmt::print(stderr, "soak: run {} ({}) ended otherwise than it should: {}\n", count,
                   kind.name, outcome.status.ToString());
        return 1;
      }
    }
    const double seconds = SecondsNow() - start;
    if (seconds < next_sample) continue;
    next_sample = seconds + minutes * 60 / 400;
    runs.push_back(static_cast<double>(count));
    rss.push_back(static_cast<double>(RssBytes()));
    if (runs.size() % 40 == 1) {
      fmt::print("{:7.1f} s {:8} runs {:7.1f} MiB resident\n", seconds, count,
                 rss.back() / 1048576);
      std::fflush(stdout);
    }
  }
  const auto warm = static_cast<std::ptrdiff_t>(kWarmUpShare * static_cast<double>(runs.size()));
  runs.erase(runs.begin(), runs.begin() + warm);
  rss.erase(rss.begin(), rss.begin() + warm);
  if (runs.size() < 20) {
    fmt::print(stderr, "soak: too few samples for a slope; give it more minutes\n");
    return 1;
  }
  const Line line = Fit(runs, rss);
  fmt::print(
      "{} runs, {:.1f} MiB resident at the end; slope {:.1f} +- {:.1f} bytes per run (95 %)\n",
      count, rss.back() / 1048576, line.slope, line.half_width);
  if (line.slope - line.half_width <= kGrowthAllowed) return 0;
  fmt::print(stderr, "soak: the process grows by more than {:.0f} bytes per run\n", kGrowthAllowed);
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "soak MINUTES DIRECTORY\n");
    return 2;
  }
  std::filesystem::create_directories(argv[2]);
  return Soak(std::stod(argv[1]), argv[2]);
}
