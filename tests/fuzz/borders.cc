// Block borders must not show: `borders [--share K] FILE_OR_DIRECTORY...` reads every
// text file below 64 KiB once per byte of it, with the first block ending at that byte and the
// others as far apart, as text and with inferred types, and wants the rows of one whole block.
// --share K takes every K-th byte (from another one on for every file).
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "fuzz/fuzz_check.h"
#include "fuzz/scan_reading.h"
#include "source/csv/sniffer.h"

namespace headrace::fuzz {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kFileBytesMax = 64 * 1024;
constexpr int64_t kPoolBytes = int64_t{1} << 30;

struct Totals {
  int64_t files = 0;
  int64_t refused = 0;  // files that fail, which they have to do at every border
  int64_t borders = 0;
};

// The format that a name stands for; "" = none that is cut into blocks of text.
std::string FormatOf(const fs::path& path) {
  static const std::map<std::string, std::string> kFormats = {
      {".csv", "csv"}, {".tsv", "tsv"}, {".txt", "csv"}};
  const auto found = kFormats.find(path.extension().string());
  return found == kFormats.end() ? "" : found->second;
}

// What the sniffer finds, pinned, so that it need not look again for every border.
CsvOptions PinnedDialect(MemoryEnv* env, const std::string& format, int64_t bytes) {
  CsvOptions options;
  if (format == "tsv") options.delimiter = '\t';
  auto* pool = arrow::system_memory_pool();
  auto input = TextInput::Make(kInputPath, bytes, std::nullopt, {env, pool, "", nullptr});
  if (!input.ok()) return options;
  const auto sample = TextSample::Read(input->get(), 256 * 1024, pool);
  if (!sample.ok()) return options;
  const auto sniffed = SniffDialect(*sample, options, kInputPath, pool);
  if (!sniffed.ok()) return options;
  const Dialect& dialect = sniffed->dialect;
  const auto character = [](int c) { return c == kNoCharacter ? '\0' : static_cast<char>(c); };
  options.delimiter = static_cast<char>(dialect.delimiter);
  options.quote = character(dialect.quote);
  options.header = dialect.header;
  options.skip_rows = dialect.skip_rows;
  if (dialect.escape != kNoCharacter) options.escape = character(dialect.escape);
  if (dialect.comment != kNoCharacter) options.comment = character(dialect.comment);
  return options;
}

std::string Compare(const Result<std::shared_ptr<arrow::Table>>& whole,
                    const Result<std::shared_ptr<arrow::Table>>& cut) {
  if (whole.ok() != cut.ok())
    return "whole: " + whole.status().ToString() + "; cut: " + cut.status().ToString();
  if (!whole.ok() || SameRows(**whole, **cut)) return "";
  return "other rows";
}

struct Way {
  bool as_text;
  BadRows bad_rows;
};

bool CheckFile(const fs::path& path, const std::string& format, int64_t share, Totals* totals) {
  std::ifstream stream(path, std::ios::binary);
  std::string content((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  const auto bytes = static_cast<int64_t>(content.size());
  if (bytes == 0 || bytes >= kFileBytesMax) return true;
  MemoryEnv env;
  env.SetFile(kInputPath, std::move(content));
  ScanSettings settings;
  settings.format = format;
  CountedPool pool(kPoolBytes);
  ++totals->files;
  std::vector<Way> ways = {{true, BadRows::kFail}, {false, BadRows::kFail}};
  for (size_t i = 0; i < ways.size(); ++i) {
    const auto [as_text, bad_rows] = ways[i];
    if (as_text && format == "jsonl") continue;
    settings.bad_rows = bad_rows;
    if (format != "jsonl") settings.csv = PinnedDialect(&env, format, bytes);
    settings.csv.all_strings = as_text;
    settings.batch_bytes = bytes + 1;
    const auto whole = ReadInput(&env, settings, &pool);
    if (!whole.ok() && ways.size() == 2 && as_text) {  // what fails may be repaired
      ++totals->refused;
      ways.push_back({true, BadRows::kRepair});
    }
    for (int64_t border = 1 + totals->files % share; border <= bytes; border += share) {
      settings.batch_bytes = border;
      const std::string difference = Compare(whole, ReadInput(&env, settings, &pool));
      ++totals->borders;
      if (difference.empty()) continue;
      std::fprintf(stderr, "%s: blocks of %lld bytes, %s: %s\n", path.c_str(),
                   static_cast<long long>(border), as_text ? "as text" : "types inferred",
                   difference.c_str());
      return false;
    }
  }
  return true;
}

std::vector<fs::path> FilesUnder(const fs::path& path) {
  std::vector<fs::path> files;
  if (!fs::is_directory(path)) return {path};
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

int Run(const std::vector<fs::path>& paths, int64_t share) {
  Totals totals;
  int failures = 0;
  for (const fs::path& path : paths) {
    if (!fs::exists(path)) {
      std::printf("borders: SKIPPED, not there: %s\n", path.c_str());
      continue;
    }
    for (const fs::path& file : FilesUnder(path)) {
      const std::string format = FormatOf(file);
      if (!format.empty() && !CheckFile(file, format, share, &totals)) ++failures;
    }
  }
  std::printf(
      "borders: %lld files (%lld of them refused), %lld readings, one byte in %lld: %d differ\n",
      static_cast<long long>(totals.files), static_cast<long long>(totals.refused),
      static_cast<long long>(totals.borders), static_cast<long long>(share), failures);
  return failures == 0 ? 0 : 1;
}

}  // namespace
}  // namespace headrace::fuzz

int main(int argc, char** argv) {
  std::vector<std::filesystem::path> paths;
  int64_t share = 1;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--share") == 0 && i + 1 < argc) {
      share = std::max<int64_t>(1, std::strtoll(argv[++i], nullptr, 10));
    } else {
      paths.emplace_back(argv[i]);
    }
  }
  return headrace::fuzz::Run(paths, share);
}
