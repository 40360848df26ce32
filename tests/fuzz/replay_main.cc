// Runs a fuzz target over every file given, and over the files in every directory given: how kept
// inputs become regression tests of any compiler's build.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "fuzz/fuzz_check.h"

namespace {

namespace fs = std::filesystem;

void CollectFiles(const fs::path& path, std::vector<fs::path>* files) {
  if (!fs::is_directory(path)) {
    files->push_back(path);
    return;
  }
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    if (entry.is_regular_file()) files->push_back(entry.path());
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<fs::path> files;
  for (int i = 1; i < argc; ++i) CollectFiles(argv[i], &files);
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) {
    std::ifstream stream(file, std::ios::binary);
    const std::string content((std::istreambuf_iterator<char>(stream)),
                              std::istreambuf_iterator<char>());
    if (stream.bad() || !stream.is_open()) {
      std::fprintf(stderr, "cannot read %s\n", file.c_str());
      return 1;
    }
    std::fprintf(stderr, "%s\n",
                 file.c_str());  // before it runs: the last one named is the culprit
    // A copy of exactly this size, so that ASan sees a read beyond it.
    const std::vector<uint8_t> bytes(content.begin(), content.end());
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  }
  if (files.empty()) {
    std::fprintf(stderr, "no inputs; give files or directories of them\n");
    return 1;
  }
  std::printf("%zu inputs\n", files.size());
  return 0;
}
