#include "source/dataset_files.h"

#include <arrow/ipc/reader.h>
#include <parquet/arrow/schema.h>

#include <algorithm>

#include "source/parquet/input_file.h"
#include "source/parquet/parquet_file.h"

namespace headrace {

bool IsParquetName(const std::string& path) {
  const std::string name = BaseName(path);
  return name.ends_with(".parquet") || name.find('.') == std::string::npos;
}

Result<std::vector<InputFile>> ListDatasetFiles(Env* env, const std::string& dataset) {
  Result<std::vector<InputFile>> listed = ListInputs(env, {dataset});
  if (GetErrorCode(listed.status()) == kNoDataInDirectory) return std::vector<InputFile>{};
  return listed;
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

Result<std::shared_ptr<arrow::Schema>> ReadArrowColumns(Env* env, const std::string& path,
                                                        arrow::MemoryPool* pool) {
  ARROW_ASSIGN_OR_RAISE(auto opened, env->OpenForRead(path));
  ARROW_ASSIGN_OR_RAISE(const int64_t size, opened->Size());
  const auto file = std::make_shared<EnvInputFile>(std::move(opened), size, pool);
  arrow::ipc::IpcReadOptions options = arrow::ipc::IpcReadOptions::Defaults();
  options.memory_pool = pool;
  options.use_threads = false;
  const auto reader = arrow::ipc::RecordBatchFileReader::Open(file, options);
  if (!reader.ok()) {
    return WithKind(reader.status(), ErrorKind::kSource, 317, "reading an Arrow file: " + path);
  }
  return (*reader)->schema();
}

}  // namespace headrace
