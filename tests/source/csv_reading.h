// Reads CSV text through the real scan, for tests.
#pragma once

#include <arrow/table.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "source/csv/csv_scan.h"
#include "source/start_scan.h"

namespace headrace {

struct ReadSettings {
  CsvOptions csv;
  int64_t batch_bytes = 1 << 20;
  int64_t chunk_rows = 50'000;
  int threads = 1;
  std::vector<std::string> columns;
  arrow::MemoryPool* pool = arrow::default_memory_pool();
};

// A file of this process's own in the test's directory.
inline std::string WriteTestFile(const std::string& name, const std::string& content) {
  const std::string path = ::testing::TempDir() + "/" + std::to_string(getpid()) + "_" + name;
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

inline ScanContext TestContext(const ReadSettings& settings) {
  ScanContext context;
  context.env = Env::Default();
  context.pool = settings.pool;
  context.threads = settings.threads;
  context.batch_bytes = settings.batch_bytes;
  context.chunk_rows = settings.chunk_rows;
  context.spill_directory = ::testing::TempDir();
  return context;
}

// All batches of a source in input order, read by several workers.
inline Result<std::shared_ptr<arrow::Table>> DrainSource(Source* source, int threads) {
  std::map<int64_t, std::vector<std::shared_ptr<arrow::RecordBatch>>> batches;
  std::mutex mutex;
  Status failure;
  const auto work = [&] {
    while (true) {
      auto next = source->Next();
      Status status = next.status();
      if (status.ok()) {
        if (*next == nullptr) return;
        const int64_t sequence = (*next)->sequence;
        status = source->Read(next.MoveValueUnsafe(), [&](Batch batch) {
          std::lock_guard lock(mutex);
          batches[sequence].push_back(batch.columns);
          return Status::OK();
        });
      }
      if (!status.ok()) {
        std::lock_guard lock(mutex);
        if (failure.ok()) failure = status;
        source->Stop();
        return;
      }
    }
  };
  std::vector<std::thread> workers;
  for (int i = 1; i < threads; ++i) workers.emplace_back(work);
  work();
  for (auto& worker : workers) worker.join();
  ARROW_RETURN_NOT_OK(failure);
  std::vector<std::shared_ptr<arrow::RecordBatch>> all;
  for (auto& [sequence, list] : batches) all.insert(all.end(), list.begin(), list.end());
  for (const auto& batch : all) ARROW_RETURN_NOT_OK(batch->ValidateFull());
  return arrow::Table::FromRecordBatches(source->schema(), all);
}

inline Result<std::shared_ptr<arrow::Table>> ReadFiles(const std::vector<std::string>& paths,
                                                       const ReadSettings& settings) {
  std::vector<CsvFile> files;
  for (const std::string& path : paths) {
    ARROW_ASSIGN_OR_RAISE(auto stat, Env::Default()->Stat(path));
    files.push_back({path, stat.has_value() ? stat->size_bytes : -1});
  }
  ARROW_ASSIGN_OR_RAISE(auto scan, OpenCsvScan(files, settings.csv, TestContext(settings)));
  ScanRequest request;
  request.columns = settings.columns;
  ARROW_ASSIGN_OR_RAISE(auto source, TypeAndStart(scan.get(), request, settings.batch_bytes));
  return DrainSource(source.get(), settings.threads);
}

inline Result<std::shared_ptr<arrow::Table>> ReadText(const std::string& text,
                                                      const ReadSettings& settings = {}) {
  const std::string path = WriteTestFile("input.csv", text);
  auto table = ReadFiles({path}, settings);
  std::remove(path.c_str());
  return table;
}

// Every cell as text, "NULL" for nulls; strings in brackets so that an empty one shows.
inline std::vector<std::vector<std::string>> Cells(const arrow::Table& table) {
  std::vector<std::vector<std::string>> rows(static_cast<size_t>(table.num_rows()));
  for (const auto& column : table.columns()) {
    size_t row = 0;
    for (const auto& chunk : column->chunks()) {
      for (int64_t i = 0; i < chunk->length(); ++i, ++row) {
        const auto scalar = chunk->GetScalar(i).ValueOrDie();
        std::string text = scalar->is_valid ? scalar->ToString() : "NULL";
        if (scalar->is_valid && chunk->type_id() == arrow::Type::STRING) text = "[" + text + "]";
        rows[row].push_back(text);
      }
    }
  }
  return rows;
}

#define ASSERT_OK_AND_ASSIGN_INNER(temporary, lhs, expression)  \
  auto temporary = (expression);                                \
  ASSERT_TRUE(temporary.ok()) << temporary.status().ToString(); \
  lhs = std::move(temporary).ValueOrDie()
#define ASSERT_OK_AND_ASSIGN(lhs, expression) \
  ASSERT_OK_AND_ASSIGN_INNER(HEADRACE_CONCAT(result_, __LINE__), lhs, expression)

inline std::string TypesOf(const arrow::Table& table) {
  std::string text;
  for (const auto& field : table.schema()->fields())
    text += (text.empty() ? "" : " ") + field->type()->ToString();
  return text;
}

}  // namespace headrace
