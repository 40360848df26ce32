#include <arrow/compute/initialize.h>
#include <arrow/io/file.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <unistd.h>

#include <random>
#include <thread>

#include "base/ids.h"
#include "sink/sink_harness.h"

namespace headrace::testing {

SinkHarness::SinkHarness() {
  EXPECT_TRUE(arrow::compute::Initialize().ok());
  std::string name = ::testing::TempDir() + "headrace-sink-test-XXXXXX";
  EXPECT_NE(::mkdtemp(name.data()), nullptr);
  directory_ = name;
}

SinkHarness::~SinkHarness() { EXPECT_TRUE(Env::Default()->RemoveTree(directory_).ok()); }

Status SinkHarness::RunWorkers(const SinkRun& run, Sink* sink, Cancellation* cancellation) {
  std::atomic<int64_t> next{0};
  const auto count = static_cast<int64_t>(run.morsels.size());
  const auto work = [&](int index) {
    std::mt19937_64 random(run.shuffle_seed + static_cast<uint64_t>(index));
    const auto pause = [&] {
      if (run.shuffle_seed != 0)
        std::this_thread::sleep_for(std::chrono::microseconds(random() % 300));
    };
    for (int64_t sequence = next++; sequence < count; sequence = next++) {
      pause();
      Status status;
      for (const auto& batch : run.morsels[static_cast<size_t>(sequence)]) {
        if (status.ok()) status = sink->Consume(sequence, {batch});
        pause();
      }
      if (status.ok()) status = sink->EndMorsel(sequence);
      if (!status.ok()) return cancellation->Cancel(status);
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < run.options.threads; ++i) threads.emplace_back(work, i);
  for (auto& thread : threads) thread.join();
  return cancellation->Check();
}

SinkOutcome SinkHarness::Run(const SinkRun& run) {
  SinkOutcome outcome;
  const auto needs = SinkNeeds(run.options);
  if (!needs.ok()) {
    outcome.status = needs.status();
    return outcome;
  }
  const int64_t sink_bytes =
      run.sink_bytes > 0 ? run.sink_bytes : needs->FloorBytes(run.options.threads);
  BudgetSettings settings;
  settings.total_bytes = sink_bytes;
  MemoryBudget budget(settings);
  ExtentAllocator extents(sink_bytes, sink_bytes);
  auto pool = StagePool::Make(&budget, &extents, "sink", sink_bytes).ValueOrDie();

  TransactionOptions target;
  target.target = this->target();
  target.kind = run.kind;
  target.mode = run.mode;
  target.durability = Durability::kNone;
  target.run_id = NewRunId() + "-" + std::to_string(runs_++);
  auto transaction = Transaction::Begin(Env::Default(), target).ValueOrDie();
  SpillOptions spill_options;
  spill_options.env = Env::Default();
  spill_options.directory = directory_ + "/spill";
  spill_options.bytes_max = run.spill_bytes_max;
  auto spill = SpillArea::Open(spill_options).ValueOrDie();
  Cancellation cancellation;
  {
    SinkContext context{transaction.get(), &cancellation, spill.get(),
                        Env::Default(),    pool.get(),    sink_bytes};
    auto sink = MakeSink(run.options, context);
    outcome.status = sink.status();
    if (sink.ok()) outcome.status = RunWorkers(run, sink->get(), &cancellation);
    if (outcome.status.ok()) {
      auto summary = (*sink)->Finish();
      outcome.status = summary.status();
      if (summary.ok()) outcome.summary = *summary;
    }
  }
  outcome.pool_peak_bytes = pool->max_memory();
  outcome.pool_left_bytes = pool->bytes_allocated();
  if (outcome.status.ok()) {
    PublishInfo info;
    info.rows = outcome.summary.rows;
    info.files = outcome.summary.files;
    info.bytes = outcome.summary.bytes;
    info.partitions = outcome.summary.directories;
    outcome.status = transaction->Publish(info).status();
  }
  return outcome;
}

void SinkHarness::ReadBelow(const std::string& relative, std::vector<ReadFile>* files) const {
  const std::string path = relative.empty() ? target() : JoinPath(target(), relative);
  if (Env::Default()->Stat(path).ValueOrDie()->type == FileType::kDirectory) {
    for (const auto& entry : Env::Default()->List(path).ValueOrDie()) {
      ReadBelow(relative.empty() ? entry.name : JoinPath(relative, entry.name), files);
    }
    return;
  }
  auto input = arrow::io::ReadableFile::Open(path).ValueOrDie();
  std::unique_ptr<parquet::arrow::FileReader> reader =
      parquet::arrow::OpenFile(input, arrow::default_memory_pool()).ValueOrDie();
  ReadFile file{ParentPath(relative), BaseName(path), nullptr, {}};
  auto table = reader->ReadTable();
  ASSERT_TRUE(table.ok()) << table.status();
  file.table = *table;
  ASSERT_EQ(file.table->ValidateFull(), arrow::Status::OK());
  const auto metadata = reader->parquet_reader()->metadata();
  for (int i = 0; i < metadata->num_row_groups(); ++i) {
    file.row_group_rows.push_back(metadata->RowGroup(i)->num_rows());
  }
  files->push_back(std::move(file));
}

std::vector<ReadFile> SinkHarness::Read() const {
  std::vector<ReadFile> files;
  ReadBelow("", &files);
  return files;
}

}  // namespace headrace::testing
