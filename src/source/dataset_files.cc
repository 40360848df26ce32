#include "source/dataset_files.h"

#include <parquet/arrow/schema.h>

#include <algorithm>

#include "source/parquet/parquet_file.h"

namespace headrace {
namespace {

// Files without any ending count: some writers give none.
bool MayBeParquet(const std::string& path) {
  const std::string name = BaseName(path);
  return name.ends_with(".parquet") || name.find('.') == std::string::npos;
}

}  // namespace

Result<std::vector<InputFile>> ListParquetFiles(Env* env, const std::string& dataset) {
  Result<std::vector<InputFile>> listed = ListInputs(env, {dataset});
  if (GetErrorCode(listed.status()) == kNoDataInDirectory) return std::vector<InputFile>{};
  ARROW_ASSIGN_OR_RAISE(std::vector<InputFile> files, std::move(listed));
  std::erase_if(files, [](const InputFile& file) { return !MayBeParquet(file.path); });
  return files;
}

Result<std::vector<InputFile>> SampleFiles(Env* env, std::vector<InputFile> files,
                                           size_t files_max) {
  if (files.size() <= files_max) return files;
  std::vector<std::pair<int64_t, size_t>> by_age;  // newest first
  for (size_t i = 0; i < files.size(); ++i) {
    ARROW_ASSIGN_OR_RAISE(const auto stat, env->Stat(files[i].path));
    by_age.emplace_back(stat ? -stat->mtime_ns : 0, i);
  }
  std::sort(by_age.begin(), by_age.end());
  const size_t newest = files_max - files_max / 2;
  std::vector<size_t> chosen;
  for (size_t i = 0; i < newest; ++i) chosen.push_back(by_age[i].second);
  std::vector<size_t> others;
  for (size_t i = newest; i < by_age.size(); ++i) others.push_back(by_age[i].second);
  std::sort(others.begin(), others.end());
  const size_t spread = files_max - newest;
  for (size_t i = 0; i < spread; ++i) chosen.push_back(others[i * others.size() / spread]);
  std::sort(chosen.begin(), chosen.end());
  std::vector<InputFile> sample;
  sample.reserve(chosen.size());
  for (const size_t i : chosen) sample.push_back(std::move(files[i]));
  return sample;
}

Result<std::shared_ptr<arrow::Schema>> ReadStoredColumns(Env* env, const std::string& path,
                                                         arrow::MemoryPool* pool) {
  ARROW_ASSIGN_OR_RAISE(const auto file, ParquetFile::Open(env, path, pool));
  std::shared_ptr<arrow::Schema> columns;
  ARROW_RETURN_NOT_OK(AtParquetSeam(path, "footer", [&] {
    return parquet::arrow::FromParquetSchema(file->metadata()->schema(),
                                             MakeArrowReaderProperties(), nullptr, &columns);
  }));
  return columns;
}

}  // namespace headrace
