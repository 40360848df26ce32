// The Parquet writer alone, in one thread: lineitem from memory into row groups of 122,880 rows and
// zstd 1, beside Arrow's own writer with its defaults and with the best settings found by hand.
// Seconds are CPU time of writing; reading the input is not counted.
#include <arrow/io/file.h>
#include <arrow/io/interfaces.h>
#include <arrow/table.h>
#include <benchmark/benchmark.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>
#include <time.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "base/units.h"
#include "memory/stage_pool.h"
#include "sink/parquet/file_writer.h"
#include "sink/parquet/row_group_encoder.h"
#include "sink/sink.h"

namespace headrace {
namespace {

double CpuSeconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Role: one way to write the rows of a file; all bytes go nowhere but are counted.
class Contestant {
 public:
  virtual ~Contestant() = default;
  virtual Status Write(const std::shared_ptr<arrow::Table>& rows) = 0;
  virtual Status Finish() = 0;
  virtual int64_t file_bytes() const = 0;
  virtual int64_t pool_bytes() const = 0;  // at most, the input left out
};

class CountingFile : public WritableFile {
 public:
  Status Append(const void*, int64_t length) override {
    bytes_ += length;
    return Status::OK();
  }
  Status Sync() override { return Status::OK(); }
  void DropCache() override {}
  Status Close() override { return Status::OK(); }
  int64_t written_bytes() const override { return bytes_; }

 private:
  int64_t bytes_ = 0;
};

class Headrace : public Contestant {
 public:
  static Result<std::unique_ptr<Contestant>> Make(const std::shared_ptr<arrow::Schema>& schema) {
    auto made = std::make_unique<Headrace>();
    ARROW_ASSIGN_OR_RAISE(made->pool_, StagePool::Make(&made->budget_, &made->extents_, "sink", 0));
    ARROW_ASSIGN_OR_RAISE(auto layout, ParquetLayout::Make(schema, {}, made->pool_.get()));
    ARROW_ASSIGN_OR_RAISE(made->encoder_, RowGroupEncoder::Make(layout, made->pool_.get()));
    made->writer_ = std::make_unique<ParquetFileWriter>(layout, made->pool_.get());
    return made;
  }
  Status Write(const std::shared_ptr<arrow::Table>& rows) override {
    std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
    arrow::TableBatchReader reader(*rows);
    ARROW_ASSIGN_OR_RAISE(batches, reader.ToRecordBatches());
    ARROW_ASSIGN_OR_RAISE(auto row_group, encoder_->Encode(batches));
    return writer_->Append(std::move(row_group), &file_);
  }
  Status Finish() override { return writer_->Finish(&file_); }
  int64_t file_bytes() const override { return file_.written_bytes(); }
  int64_t pool_bytes() const override { return pool_->max_memory(); }

 private:
  MemoryBudget budget_{{512 * kMiB, 0, 0, "benchmark"}};
  ExtentAllocator extents_{512 * kMiB, 64 * kMiB};
  std::unique_ptr<StagePool> pool_;
  std::unique_ptr<RowGroupEncoder> encoder_;
  std::unique_ptr<ParquetFileWriter> writer_;
  CountingFile file_;
};

class CountingStream : public arrow::io::OutputStream {
 public:
  Status Write(const void*, int64_t length) override {
    bytes_ += length;
    return Status::OK();
  }
  Status Close() override { return Status::OK(); }
  bool closed() const override { return false; }
  Result<int64_t> Tell() const override { return bytes_; }

 private:
  int64_t bytes_ = 0;
};

enum class Settings : uint8_t { kDefault, kTuned };

class Arrow : public Contestant {
 public:
  static Result<std::unique_ptr<Contestant>> Make(const std::shared_ptr<arrow::Schema>& schema,
                                                  Settings settings) {
    auto made = std::make_unique<Arrow>();
    parquet::WriterProperties::Builder builder;
    builder.memory_pool(&made->pool_)->compression(parquet::Compression::ZSTD);
    builder.compression_level(1)->max_row_group_length(kRowGroupRowsDefault);
    if (settings == Settings::kTuned) {
      builder.enable_store_decimal_as_integer()->dictionary_pagesize_limit(64 * 1024);
      for (const char* column : {"l_orderkey", "l_partkey", "l_suppkey"}) {
        builder.disable_dictionary(column);
        builder.encoding(column, parquet::Encoding::DELTA_BINARY_PACKED);
      }
      for (const char* column : {"l_extendedprice", "l_comment"})
        builder.disable_dictionary(column);
    }
    ARROW_ASSIGN_OR_RAISE(made->writer_, parquet::arrow::FileWriter::Open(
                                             *schema, &made->pool_, made->file_, builder.build()));
    return made;
  }
  Status Write(const std::shared_ptr<arrow::Table>& rows) override {
    return writer_->WriteTable(*rows, kRowGroupRowsDefault);
  }
  Status Finish() override { return writer_->Close(); }
  int64_t file_bytes() const override { return file_->Tell().ValueOrDie(); }
  int64_t pool_bytes() const override { return pool_.max_memory(); }

 private:
  arrow::ProxyMemoryPool pool_{arrow::default_memory_pool()};
  std::shared_ptr<CountingStream> file_ = std::make_shared<CountingStream>();
  std::unique_ptr<parquet::arrow::FileWriter> writer_;
};

Result<std::unique_ptr<parquet::arrow::FileReader>> OpenLineitem() {
  const char* path = std::getenv("HEADRACE_LINEITEM");
  ARROW_ASSIGN_OR_RAISE(
      auto file,
      arrow::io::ReadableFile::Open(path != nullptr ? path : "bench/.cache/sf1/lineitem.parquet"));
  return parquet::arrow::OpenFile(file, arrow::default_memory_pool());
}

Status WriteLineitem(
    benchmark::State& state,
    const std::function<Result<std::unique_ptr<Contestant>>(const std::shared_ptr<arrow::Schema>&)>&
        make) {
  ARROW_ASSIGN_OR_RAISE(auto reader, OpenLineitem());
  std::shared_ptr<arrow::Schema> schema;
  ARROW_RETURN_NOT_OK(reader->GetSchema(&schema));
  ARROW_ASSIGN_OR_RAISE(auto contestant, make(schema));
  double seconds = 0;
  for (int i = 0; i < reader->num_row_groups(); ++i) {
    ARROW_ASSIGN_OR_RAISE(auto rows, reader->ReadRowGroup(i));
    const double begin = CpuSeconds();
    ARROW_RETURN_NOT_OK(contestant->Write(rows));
    seconds += CpuSeconds() - begin;
  }
  const double begin = CpuSeconds();
  ARROW_RETURN_NOT_OK(contestant->Finish());
  state.SetIterationTime(seconds + CpuSeconds() - begin);
  state.counters["file_MB"] = 1e-6 * static_cast<double>(contestant->file_bytes());
  state.counters["pool_MB"] = 1e-6 * static_cast<double>(contestant->pool_bytes());
  return Status::OK();
}

void BM_WriteLineitem(benchmark::State& state, const char* contestant) {
  const std::string name = contestant;
  for (auto _ : state) {
    const Status written = WriteLineitem(state, [&](const auto& schema) {
      return name == "headrace"
                 ? Headrace::Make(schema)
                 : Arrow::Make(schema, name == "tuned" ? Settings::kTuned : Settings::kDefault);
    });
    if (!written.ok()) return state.SkipWithError(written.ToString().c_str());
  }
}
BENCHMARK_CAPTURE(BM_WriteLineitem, headrace, "headrace")
    ->Iterations(1)
    ->UseManualTime()
    ->Unit(benchmark::kSecond);
BENCHMARK_CAPTURE(BM_WriteLineitem, arrow_tuned, "tuned")
    ->Iterations(1)
    ->UseManualTime()
    ->Unit(benchmark::kSecond);
BENCHMARK_CAPTURE(BM_WriteLineitem, arrow_default, "default")
    ->Iterations(1)
    ->UseManualTime()
    ->Unit(benchmark::kSecond);

}  // namespace
}  // namespace headrace
