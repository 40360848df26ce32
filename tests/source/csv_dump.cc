// Test-only program: converts one CSV to a Parquet file through the CSV source alone, or only reads
// it (--discard). csv_dump INPUT OUTPUT|--discard [--delimiter C] [--quote C|none] [--escape
// C|none] [--no-header] [--header] [--encoding E]
//          [--skip-rows N] [--types a:int64,...] [--all-strings] [--batch-bytes N] [--threads N]
//          [--columns a,b] [-v]
#include <arrow/api.h>
#include <arrow/compute/initialize.h>
#include <arrow/io/file.h>
#include <parquet/arrow/writer.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <thread>

#include "source/csv/csv_scan.h"

namespace headrace {
namespace {

struct Arguments {
  std::vector<CsvFile> files;
  std::string output;
  CsvOptions csv;
  int64_t batch_bytes = 1 << 20;
  int64_t chunk_rows = 50'000;
  int threads = 1;
  std::vector<std::string> columns;
  bool verbose = false;
};

std::optional<char> Character(const std::string& text) {
  if (text == "none" || text.empty()) return '\0';
  return text == "\\t" ? '\t' : text[0];
}

std::vector<std::string> SplitList(const std::string& text) {
  std::vector<std::string> parts;
  size_t begin = 0;
  int depth = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && text[i] == '(') ++depth;
    if (i < text.size() && text[i] == ')') --depth;
    if (i < text.size() && (text[i] != ',' || depth > 0)) continue;
    parts.push_back(text.substr(begin, i - begin));
    begin = i + 1;
  }
  return parts;
}

Arguments ParseArguments(int argc, char** argv) {
  Arguments arguments;
  std::vector<std::string> plain;
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    const auto value = [&] { return std::string(i + 1 < argc ? argv[++i] : ""); };
    if (flag == "--delimiter")
      arguments.csv.delimiter = Character(value());
    else if (flag == "--quote")
      arguments.csv.quote = Character(value());
    else if (flag == "--escape")
      arguments.csv.escape = Character(value());
    else if (flag == "--comment")
      arguments.csv.comment = Character(value());
    else if (flag == "--no-header")
      arguments.csv.header = false;
    else if (flag == "--header")
      arguments.csv.header = true;
    else if (flag == "--encoding")
      arguments.csv.encoding = value();
    else if (flag == "--skip-rows")
      arguments.csv.skip_rows = std::stoll(value());
    else if (flag == "--null-values")
      arguments.csv.null_values = SplitList(value());
    else if (flag == "--all-strings")
      arguments.csv.all_strings = true;
    else if (flag == "--batch-bytes")
      arguments.batch_bytes = std::stoll(value());
    else if (flag == "--chunk-rows")
      arguments.chunk_rows = std::stoll(value());
    else if (flag == "--threads")
      arguments.threads = std::stoi(value());
    else if (flag == "--columns")
      arguments.columns = SplitList(value());
    else if (flag == "-v")
      arguments.verbose = true;
    else if (flag == "--types") {
      for (const std::string& item : SplitList(value())) {
        const auto colon = item.rfind(':');
        arguments.csv.types.emplace_back(item.substr(0, colon), item.substr(colon + 1));
      }
    } else
      plain.push_back(flag);
  }
  arguments.output = plain.back();
  plain.pop_back();
  for (const std::string& path : plain) {
    CsvFile file{path, -1};
    auto stat = Env::Default()->Stat(path);
    if (stat.ok() && stat->has_value()) file.size_bytes = (*stat)->size_bytes;
    arguments.files.push_back(file);
  }
  return arguments;
}

// Reads with several workers and gives the batches back in input order.
Result<std::shared_ptr<arrow::Table>> ReadAll(Source* source, int threads, bool keep) {
  std::map<int64_t, std::vector<std::shared_ptr<arrow::RecordBatch>>> batches;
  std::mutex mutex;
  Status failure;
  const auto work = [&] {
    while (true) {
      auto next = source->Next();
      Status status = next.status();
      if (status.ok() && *next == nullptr) return;
      if (status.ok()) {
        const int64_t sequence = (*next)->sequence;
        status = source->Read(next.MoveValueUnsafe(), [&](Batch batch) {
          if (!keep) return Status::OK();
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
  return arrow::Table::FromRecordBatches(source->schema(), all);
}

Status Run(const Arguments& arguments) {
  arrow::MemoryPool* pool = arrow::default_memory_pool();
  Cancellation cancellation;
  ScanContext context;
  context.env = Env::Default();
  context.pool = pool;
  context.cancellation = &cancellation;
  context.threads = arguments.threads;
  context.batch_bytes = arguments.batch_bytes;
  context.chunk_rows = arguments.chunk_rows;
  context.spill_directory = "/tmp";
  ARROW_ASSIGN_OR_RAISE(auto scan, OpenCsvScan(arguments.files, arguments.csv, context));
  ScanRequest request;
  request.columns = arguments.columns;
  ARROW_ASSIGN_OR_RAISE(auto source, scan->Start(request));
  if (arguments.verbose) {
    for (const std::string& line : scan->evidence()) fprintf(stderr, "%s\n", line.c_str());
  }
  const bool discard = arguments.output == "--discard";
  ARROW_ASSIGN_OR_RAISE(auto table, ReadAll(source.get(), arguments.threads, !discard));
  int64_t rows = 0;
  for (const SourceInput& input : source->inputs()) rows += input.rows;
  fprintf(stderr, "%lld rows, peak pool %lld bytes\n", static_cast<long long>(rows),
          static_cast<long long>(pool->max_memory()));
  if (discard) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::FileOutputStream::Open(arguments.output));
  ARROW_RETURN_NOT_OK(parquet::arrow::WriteTable(*table, pool, file, 1 << 20));
  return file->Close();
}

}  // namespace
}  // namespace headrace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  if (!arrow::compute::Initialize().ok()) return 1;
  const auto status = headrace::Run(headrace::ParseArguments(argc, argv));
  if (status.ok()) return 0;
  fprintf(stderr, "%s\n", headrace::FormatError(status).c_str());
  return headrace::ExitCode(headrace::GetErrorKind(status));
}
