// Many files, few descriptors, little room for footers.
#include "sink/file_set.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/ids.h"
#include "sink/encode_slots.h"
#include "sink/parquet/parquet_form.h"
#include "sink/routing_data.h"

namespace headrace::testing {
namespace {

// Counts the descriptors that are open at once.
class CountingTransaction : public StagedOutput {
 public:
  explicit CountingTransaction(std::unique_ptr<Transaction> inner) : inner_(std::move(inner)) {}
  Result<std::unique_ptr<WritableFile>> OpenStaged(const std::string& path,
                                                   OpenMode mode) override {
    if (fail_after_opens >= 0 && opens++ >= fail_after_opens) {
      return MakeError(ErrorKind::kOutOfDisk, 720, "no space left for the test");
    }
    ARROW_ASSIGN_OR_RAISE(auto file, inner_->OpenStaged(path, mode));
    const int now = ++open;
    int seen = most_open;
    while (now > seen && !most_open.compare_exchange_weak(seen, now)) {
    }
    return std::make_unique<CountedFile>(std::move(file), &open);
  }
  const TransactionOptions& options() const override { return inner_->options(); }
  Result<PublishOutcome> Publish(const PublishInfo& info) { return inner_->Publish(info); }

  std::atomic<int> open{0};
  std::atomic<int> most_open{0};
  std::atomic<int> opens{0};
  int fail_after_opens = -1;

 private:
  class CountedFile : public WritableFile {
   public:
    CountedFile(std::unique_ptr<WritableFile> inner, std::atomic<int>* open)
        : inner_(std::move(inner)), open_(open) {}
    ~CountedFile() override { --*open_; }
    Status Append(const void* data, int64_t length) override {
      return inner_->Append(data, length);
    }
    Status Sync() override { return inner_->Sync(); }
    void DropCache() override { inner_->DropCache(); }
    Status Close() override { return inner_->Close(); }
    int64_t written_bytes() const override { return inner_->written_bytes(); }

   private:
    std::unique_ptr<WritableFile> inner_;
    std::atomic<int>* open_;
  };
  std::unique_ptr<Transaction> inner_;
};

std::unique_ptr<EncodedChunk> EncodeOne(EncoderPool* encoders,
                                        std::shared_ptr<arrow::RecordBatch> batch) {
  std::unique_ptr<EncodedChunk> encoded;
  const Status status =
      encoders->Encode({std::move(batch)}, [&](std::unique_ptr<EncodedChunk> chunk, ChunkEnd end) {
        EXPECT_EQ(end, ChunkEnd::kLast);
        encoded = std::move(chunk);
        return Status::OK();
      });
  EXPECT_TRUE(status.ok()) << status;
  return encoded;
}

class FileSetTest : public ::testing::Test {
 protected:
  static constexpr int kSeries = 24;
  static constexpr int kOrders = 6;

  void SetUp() override {
    TransactionOptions target;
    target.target = harness_.target();
    target.durability = Durability::kNone;
    target.run_id = NewRunId();
    transaction_ = std::make_unique<CountingTransaction>(
        Transaction::Begin(Env::Default(), target).ValueOrDie());
    form_ = MakeParquetForm(RoutingSchema(), ParquetOptions(), arrow::system_memory_pool())
                .ValueOrDie();
    options_.transaction = transaction_.get();
    options_.cancellation = &cancellation_;
    options_.form = form_;
    options_.pool = arrow::system_memory_pool();
    morsels_ = RoutingMorsels(kSeries * kOrders, 50, 1, [](int64_t n) { return n; });
    for (int i = 0; i < kSeries; ++i) {
      series_.push_back(std::make_unique<FileSeries>("key=" + std::to_string(i)));
    }
  }

  // Every series gets its row groups from `threads` threads, each of which has every so manyth.
  Status WriteAll(FileSet* files, int threads) {
    EncoderPool encoders(form_, arrow::system_memory_pool());
    std::vector<std::thread> workers;
    std::vector<Status> failures(static_cast<size_t>(threads));
    for (int t = 0; t < threads; ++t) {
      workers.emplace_back([&, t] {
        for (int at = t; at < kSeries * kOrders; at += threads) {
          auto encoded = EncodeOne(&encoders, morsels_[static_cast<size_t>(at)][0]);
          const Status status = files->Append(series_[static_cast<size_t>(at % kSeries)].get(),
                                              at / kSeries, std::move(encoded));
          if (!status.ok()) {
            failures[static_cast<size_t>(t)] = status;
            return;
          }
        }
      });
    }
    for (auto& worker : workers) worker.join();
    for (const Status& failure : failures) ARROW_RETURN_NOT_OK(failure);
    return files->FinishAll();
  }

  void UseSpill(int64_t bytes_max, int64_t segment_bytes) {
    SpillOptions spill;
    spill.env = Env::Default();
    spill.directory = harness_.directory() + "/spill";
    spill.bytes_max = bytes_max;
    spill.segment_bytes = segment_bytes;
    spill_ = SpillArea::Open(spill).ValueOrDie();
    options_.footer_spill = spill_.get();
  }

  std::vector<ReadFile> PublishAndRead() {
    EXPECT_TRUE(transaction_->Publish(PublishInfo()).ok());
    return harness_.Read();
  }

  SinkHarness harness_;
  Cancellation cancellation_;
  std::unique_ptr<SpillArea> spill_;  // outlives the series, whose footers are in it
  std::unique_ptr<CountingTransaction> transaction_;
  std::shared_ptr<const OutputForm> form_;
  FileSetOptions options_;
  Morsels morsels_;
  std::vector<std::unique_ptr<FileSeries>> series_;
};

TEST_F(FileSetTest, DescriptorsStayBoundedAndFilesWhole) {
  options_.open_files_max = 5;
  FileSet files(options_);
  const Status status = WriteAll(&files, 3);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_LE(transaction_->most_open, 5 + 3);
  EXPECT_EQ(transaction_->open, 0);
  const auto read = PublishAndRead();
  EXPECT_EQ(read.size(), static_cast<size_t>(kSeries));
  for (const auto& file : read) EXPECT_EQ(file.row_group_rows.size(), static_cast<size_t>(kOrders));
  ExpectAllRowsInOrder(read, kSeries * kOrders * 50);
}

TEST_F(FileSetTest, FootersStayBoundedByEndingFiles) {
  options_.metadata_bytes_max = 8 << 10;
  FileSet files(options_);
  ASSERT_TRUE(WriteAll(&files, 2).ok());
  const auto read = PublishAndRead();
  EXPECT_GT(read.size(), static_cast<size_t>(kSeries));
  ExpectAllRowsInOrder(read, kSeries * kOrders * 50);
}

TEST_F(FileSetTest, OneFilesFooterIsSpilledAndComesBackWhole) {
  constexpr int64_t kHeld = 8 << 10;
  UseSpill(4 << 20, kHeld);
  options_.metadata_bytes_max = kHeld;
  {
    FileSet files(options_);
    EncoderPool encoders(form_, arrow::system_memory_pool());
    for (size_t i = 0; i < morsels_.size(); ++i) {
      auto encoded = EncodeOne(&encoders, morsels_[i][0]);
      const Status status =
          files.Append(series_[0].get(), static_cast<int64_t>(i), std::move(encoded));
      ASSERT_TRUE(status.ok()) << status;
    }
    ASSERT_TRUE(files.FinishAll().ok());
  }
  EXPECT_GT(spill_->written_bytes(), kHeld) << "the case does not reach the spill";
  EXPECT_LE(spill_->used_bytes(), kHeld) << "all but the newest scratch file is given back";
  const auto read = PublishAndRead();
  ASSERT_EQ(read.size(), 1u);
  EXPECT_EQ(read[0].row_group_rows.size(), morsels_.size());
  ExpectAllRowsInOrder(read, kSeries * kOrders * 50);
}

TEST_F(FileSetTest, AFullSpillOfAFooterIsOutOfDisk) {
  UseSpill(4 << 10, 4 << 10);
  options_.metadata_bytes_max = 8 << 10;
  FileSet files(options_);
  EXPECT_EQ(GetErrorKind(WriteAll(&files, 2)), ErrorKind::kOutOfDisk);
}

TEST_F(FileSetTest, AnotherSeriesFileOfTheSameNameIsNotWrittenOver) {
  EncoderPool encoders(form_, arrow::system_memory_pool());
  FileSeries twin(series_[0]->directory());
  {
    FileSet files(options_);
    ASSERT_TRUE(files.Append(series_[0].get(), 0, EncodeOne(&encoders, morsels_[0][0])).ok());
    ASSERT_TRUE(files.Finish(series_[0].get()).ok());
    const Status taken = files.Append(&twin, 0, EncodeOne(&encoders, morsels_[1][0]));
    EXPECT_FALSE(taken.ok()) << "the first file's rows would be gone";
  }
}

TEST_F(FileSetTest, AFailureWakesEveryoneAndIsEveryonesAnswer) {
  options_.open_files_max = 3;
  transaction_->fail_after_opens = 30;
  FileSet files(options_);
  EXPECT_EQ(GetErrorKind(WriteAll(&files, 4)), ErrorKind::kOutOfDisk);
  EXPECT_EQ(GetErrorKind(files.Finish(series_[0].get())), ErrorKind::kOutOfDisk);
}

}  // namespace
}  // namespace headrace::testing
