#include "runtime/driver.h"

#include <arrow/builder.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "base/turn_gate.h"
#include "operators/limit.h"
#include "runtime/quarantine_sink.h"
#include "source/rejects.h"

namespace headrace {
namespace {

std::shared_ptr<arrow::Schema> NumberSchema() {
  return arrow::schema({arrow::field("n", arrow::int64())});
}

Batch Numbers(int64_t first, int64_t count) {
  arrow::Int64Builder builder;
  for (int64_t n = first; n < first + count; ++n) EXPECT_TRUE(builder.Append(n).ok());
  return {arrow::RecordBatch::Make(NumberSchema(), count, {builder.Finish().ValueOrDie()})};
}

// Morsel k gives the numbers of k in a few batches; some morsels give none.
class NumberSource : public Source {
 public:
  NumberSource(int64_t morsels, std::set<int64_t> failing = {})
      : morsels_(morsels), failing_(std::move(failing)) {}

  static int64_t RowsOf(int64_t sequence) { return sequence % 5 == 3 ? 0 : 1 + sequence % 7; }

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  Result<std::unique_ptr<Morsel>> Next() override {
    std::lock_guard lock(mutex_);
    if (stopped_ || next_ == morsels_) return nullptr;
    auto morsel = std::make_unique<Morsel>();
    morsel->sequence = next_++;
    return morsel;
  }
  Status Read(std::unique_ptr<Morsel> morsel, const EmitBatch& emit) override {
    const int64_t sequence = morsel->sequence;
    if (failing_.count(sequence)) {
      return MakeError(ErrorKind::kBadInput, 400, "morsel {} is bad", sequence);
    }
    const int64_t rows = RowsOf(sequence);
    for (int64_t at = 0; at < rows; at += 2) {
      ARROW_RETURN_NOT_OK(emit(Numbers(sequence * 10 + at, std::min<int64_t>(2, rows - at))));
    }
    return Status::OK();
  }
  void Stop() override {
    std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  std::vector<SourceInput> inputs() const override { return {}; }
  int64_t consumed_bytes() const override { return 0; }
  int64_t total_bytes() const override { return -1; }
  int64_t handed_out() {
    std::lock_guard lock(mutex_);
    return next_;
  }

 private:
  const std::shared_ptr<arrow::Schema> schema_ = NumberSchema();
  std::mutex mutex_;
  int64_t morsels_;
  std::set<int64_t> failing_;
  int64_t next_ = 0;
  bool stopped_ = false;
};

// Keeps the numbers in the order of the sequence numbers, as every real sink has to.
class OrderedSink : public Sink {
 public:
  explicit OrderedSink(Cancellation* cancellation) : gate_(cancellation) {}
  Status Consume(int64_t sequence, Batch batch) override {
    ARROW_RETURN_NOT_OK(gate_.Enter(sequence));
    const auto& column = static_cast<const arrow::Int64Array&>(*batch.columns->column(0));
    for (int64_t row = 0; row < batch.rows(); ++row) numbers.push_back(column.Value(row));
    return Status::OK();
  }
  Status EndMorsel(int64_t sequence) override { return gate_.Leave(sequence); }
  Result<SinkSummary> Finish() override { return SinkSummary{}; }
  std::vector<int64_t> numbers;

 private:
  TurnGate gate_;
};

std::vector<int64_t> Expected(int64_t morsels, int64_t limit = INT64_MAX) {
  std::vector<int64_t> numbers;
  for (int64_t sequence = 0; sequence < morsels; ++sequence) {
    for (int64_t at = 0; at < NumberSource::RowsOf(sequence); ++at) {
      if (static_cast<int64_t>(numbers.size()) == limit) return numbers;
      numbers.push_back(sequence * 10 + at);
    }
  }
  return numbers;
}

PipelineOptions Options(int threads, uint64_t seed) {
  PipelineOptions options;
  options.threads = threads;
  options.shuffle_seed = seed;
  options.pool = arrow::default_memory_pool();
  return options;
}

TEST(RunPipeline, KeepsOrderForAnyThreadsAndSchedule) {
  const uint64_t seed = testing::UnitTest::GetInstance()->random_seed() + 1;
  for (int threads : {1, 2, 8}) {
    SCOPED_TRACE(fmt::format("{} threads, replay with --gtest_random_seed={}", threads, seed - 1));
    Cancellation cancellation;
    NumberSource source(200);
    OrderedSink sink(&cancellation);
    PipelineCounters counters;
    std::vector<StageReport> stages;
    ASSERT_TRUE(
        RunPipeline(&source, {}, &sink, Options(threads, seed), &cancellation, &counters, &stages)
            .ok());
    EXPECT_EQ(sink.numbers, Expected(200));
    EXPECT_EQ(counters.rows_in.load(), counters.rows_to_sink.load());
    ASSERT_EQ(stages.size(), 2u);
    EXPECT_EQ(stages[1].rows_in, static_cast<int64_t>(sink.numbers.size()));
  }
}

TEST(RunPipeline, LimitGivesTheFirstRowsAndStopsTheSource) {
  for (int threads : {1, 2, 8}) {
    for (int64_t limit : {0, 1, 17, 100}) {
      Cancellation cancellation;
      NumberSource source(100000);
      OrderedSink sink(&cancellation);
      PipelineCounters counters;
      std::vector<StageReport> stages;
      std::vector<std::unique_ptr<Transform>> transforms;
      transforms.push_back(
          std::make_unique<LimitTransform>("limit", limit, NumberSchema(), &cancellation));
      ASSERT_TRUE(RunPipeline(&source, transforms, &sink, Options(threads, 0), &cancellation,
                              &counters, &stages)
                      .ok());
      EXPECT_EQ(sink.numbers, Expected(100000, limit));
      EXPECT_LT(source.handed_out(), 1000);
      EXPECT_EQ(counters.rows_in.load(), limit + counters.rows_limited.load());
    }
  }
}

TEST(RunPipeline, TheFailureOfTheLowestMorselIsTold) {
  for (int threads : {1, 2, 8}) {
    for (uint64_t seed = 1; seed < 12; ++seed) {
      Cancellation cancellation;
      NumberSource source(60, {23, 24, 25, 31, 40});
      OrderedSink sink(&cancellation);
      PipelineCounters counters;
      std::vector<StageReport> stages;
      const Status status = RunPipeline(&source, {}, &sink, Options(threads, seed), &cancellation,
                                        &counters, &stages);
      EXPECT_EQ(status.message(), "morsel 23 is bad") << "threads " << threads << " seed " << seed;
      EXPECT_EQ(GetErrorKind(status), ErrorKind::kBadInput);
    }
  }
}

// Fails for batches that hold a number from `bad` on.
class FailingTransform : public Transform {
 public:
  explicit FailingTransform(int64_t bad) : bad_(bad) {}
  const std::string& name() const override { return name_; }
  const std::shared_ptr<arrow::Schema>& output_schema() const override { return schema_; }
  Result<Batch> Apply(Batch batch, BatchPosition, arrow::MemoryPool*) override {
    const auto& column = static_cast<const arrow::Int64Array&>(*batch.columns->column(0));
    for (int64_t row = 0; row < batch.rows(); ++row) {
      if (column.Value(row) >= bad_) {
        return MakeError(ErrorKind::kBadInput, 250, "{} is bad", column.Value(row));
      }
    }
    return batch;
  }

 private:
  const int64_t bad_;
  const std::string name_ = "failing";
  const std::shared_ptr<arrow::Schema> schema_ = NumberSchema();
};

// Rows behind a limit may be bad: whether they were read depends on threads and batches, so they
// never fail the run. Rows before it always do.
TEST(RunPipeline, ABadRowBehindTheLimitIsNoFailure) {
  const std::vector<int64_t> rows = Expected(60);
  for (int threads : {1, 2, 8}) {
    for (uint64_t seed = 1; seed < 8; ++seed) {
      for (size_t limit : {size_t{1}, size_t{20}, size_t{21}, size_t{22}, size_t{50}}) {
        const int64_t bad = rows[21];
        SCOPED_TRACE(fmt::format("threads {} seed {} limit {}", threads, seed, limit));
        Cancellation cancellation;
        NumberSource source(60, {25, 30});
        OrderedSink sink(&cancellation);
        PipelineCounters counters;
        std::vector<StageReport> stages;
        std::vector<std::unique_ptr<Transform>> transforms;
        transforms.push_back(std::make_unique<FailingTransform>(bad));
        transforms.push_back(
            std::make_unique<LimitTransform>("limit", limit, NumberSchema(), &cancellation));
        const Status status = RunPipeline(&source, transforms, &sink, Options(threads, seed),
                                          &cancellation, &counters, &stages);
        if (limit > 21) {
          EXPECT_EQ(status.message(), fmt::format("failing: {} is bad", bad));
          continue;
        }
        ASSERT_TRUE(status.ok()) << status.message();
        EXPECT_EQ(sink.numbers, Expected(60, static_cast<int64_t>(limit)));
        EXPECT_EQ(counters.rows_in.load(),
                  static_cast<int64_t>(limit) + counters.rows_limited.load());
      }
    }
  }
}

// Every third morsel has a reject after the first row of its first batch; its line is the
// morsel's number.
class RejectingSource : public NumberSource {
 public:
  using NumberSource::NumberSource;
  static bool Rejects(int64_t sequence) { return sequence % 3 == 0 && RowsOf(sequence) > 0; }
  Status Read(std::unique_ptr<Morsel> morsel, const EmitBatch& emit) override {
    const int64_t sequence = morsel->sequence;
    bool is_first = true;
    return NumberSource::Read(std::move(morsel), [&](Batch batch) -> Status {
      if (is_first && Rejects(sequence)) {
        RejectBuilder builder(arrow::default_memory_pool());
        Reject reject;
        reject.file = "numbers";
        reject.line = sequence;
        reject.reason = "no number";
        reject.rows_before = 1;
        ARROW_RETURN_NOT_OK(builder.Add(reject));
        ARROW_ASSIGN_OR_RAISE(batch.rejects, builder.Finish());
      }
      is_first = false;
      return emit(std::move(batch));
    });
  }
};

// Keeps the lines of what is put aside.
class LineSink : public Sink {
 public:
  explicit LineSink(Cancellation* cancellation) : gate_(cancellation) {}
  Status Consume(int64_t sequence, Batch batch) override {
    ARROW_RETURN_NOT_OK(gate_.Enter(sequence));
    EXPECT_TRUE(batch.columns->schema()->Equals(*QuarantineSchema()));
    const auto& column = static_cast<const arrow::Int64Array&>(*batch.columns->column(1));
    for (int64_t row = 0; row < batch.rows(); ++row) lines.push_back(column.Value(row));
    return Status::OK();
  }
  Status EndMorsel(int64_t sequence) override { return gate_.Leave(sequence); }
  Result<SinkSummary> Finish() override { return SinkSummary{}; }
  std::vector<int64_t> lines;

 private:
  TurnGate gate_;
};

std::vector<int64_t> ExpectedRejects(int64_t morsels, int64_t limit = INT64_MAX) {
  std::vector<int64_t> lines;
  int64_t rows = 0;
  for (int64_t sequence = 0; sequence < morsels; ++sequence) {
    if (RejectingSource::Rejects(sequence) && rows + 1 < limit) lines.push_back(sequence);
    rows += NumberSource::RowsOf(sequence);
  }
  return lines;
}

TEST(RunPipeline, RejectsAreThoseBeforeTheLimit) {
  for (int threads : {1, 2, 8}) {
    for (uint64_t seed = 1; seed < 6; ++seed) {
      for (int64_t limit : {int64_t{0}, int64_t{1}, int64_t{2}, int64_t{30}, INT64_MAX}) {
        SCOPED_TRACE(fmt::format("threads {} seed {} limit {}", threads, seed, limit));
        Cancellation cancellation;
        RejectingSource source(60);
        OrderedSink sink(&cancellation);
        LineSink quarantine(&cancellation);
        PipelineCounters counters;
        std::vector<StageReport> stages;
        std::vector<std::unique_ptr<Transform>> transforms;
        if (limit != INT64_MAX) {
          transforms.push_back(
              std::make_unique<LimitTransform>("limit", limit, NumberSchema(), &cancellation));
        }
        PipelineOptions options = Options(threads, seed);
        options.quarantine = &quarantine;
        ASSERT_TRUE(
            RunPipeline(&source, transforms, &sink, options, &cancellation, &counters, &stages)
                .ok());
        EXPECT_EQ(sink.numbers, Expected(60, limit));
        EXPECT_EQ(quarantine.lines, ExpectedRejects(60, limit));
        const auto rejected = static_cast<int64_t>(quarantine.lines.size());
        EXPECT_EQ(counters.rows_rejected.load(), rejected);
        EXPECT_EQ(counters.rows_in.load(), static_cast<int64_t>(sink.numbers.size()) +
                                               counters.rows_limited.load() + rejected);
      }
    }
  }
}

TEST(RunPipeline, OneRejectTooManyIsAlwaysTheSame) {
  const std::vector<int64_t> lines = ExpectedRejects(60);
  for (int threads : {1, 2, 8}) {
    for (uint64_t seed = 1; seed < 6; ++seed) {
      Cancellation cancellation;
      RejectingSource source(60);
      OrderedSink sink(&cancellation);
      BadRowsSpec limits;
      limits.what = BadRows::kQuarantine;
      limits.rows_max = 4;
      QuarantineSink quarantine(limits, &cancellation, nullptr);
      PipelineCounters counters;
      std::vector<StageReport> stages;
      PipelineOptions options = Options(threads, seed);
      options.quarantine = &quarantine;
      const Status status =
          RunPipeline(&source, {}, &sink, options, &cancellation, &counters, &stages);
      EXPECT_EQ(GetErrorCode(status), 430);
      EXPECT_THAT(status.message(),
                  testing::EndsWith(fmt::format(
                      "more than 4, the first at numbers:0 (byte 0): no number; the one too many "
                      "at numbers:{} (byte 0): no number",
                      lines[4])));
    }
  }
}

TEST(QuarantineSink, SharesAreOfAllRows) {
  Cancellation cancellation;
  RejectBuilder builder(arrow::default_memory_pool());
  for (int i = 0; i < 10; ++i) {
    Reject reject;
    reject.code = i < 3 ? RejectCode::kTooFewFields : RejectCode::kBadValue;
    ASSERT_TRUE(builder.Add(reject).ok());
  }
  const auto rejects = builder.Finish().ValueOrDie()->RemoveColumn(7).ValueOrDie();
  struct Case {
    std::optional<double> share;
    int64_t rows;
    int code;
  };
  for (const Case& one :
       {Case{0.1, 100, 0}, Case{0.1, 99, 431}, Case{0.001, 10'000, 0}, Case{0.001, 9'999, 431},
        Case{1, 10, 0}, Case{{}, 11, 0}, Case{{}, 10, 432}}) {
    BadRowsSpec limits;
    limits.share_max = one.share;
    QuarantineSink sink(limits, &cancellation, nullptr);
    ASSERT_TRUE(sink.Consume(0, Batch{rejects}).ok());
    ASSERT_TRUE(sink.EndMorsel(0).ok());
    ASSERT_TRUE(sink.Finish().ok());
    EXPECT_EQ(GetErrorCode(sink.CheckShare(one.rows)), one.code) << one.rows;
    const QuarantineReport report = sink.Report();
    ASSERT_EQ(report.reasons.size(), 2U);
    EXPECT_EQ(report.reasons[0].reason, "bad_value");
    EXPECT_EQ(report.reasons[0].rows, 7);
  }
}

TEST(RunPipeline, AFailingSinkFailsTheRunAlsoWhereTheLimitIsReached) {
  class FailingSink : public OrderedSink {
   public:
    using OrderedSink::OrderedSink;
    Status Consume(int64_t, Batch) override {
      return MakeError(ErrorKind::kOutOfDisk, 702, "no space");
    }
  };
  for (int threads : {1, 4}) {
    Cancellation cancellation;
    NumberSource source(60);
    FailingSink sink(&cancellation);
    PipelineCounters counters;
    std::vector<StageReport> stages;
    std::vector<std::unique_ptr<Transform>> transforms;
    transforms.push_back(
        std::make_unique<LimitTransform>("limit", 1, NumberSchema(), &cancellation));
    EXPECT_EQ(RunPipeline(&source, transforms, &sink, Options(threads, 0), &cancellation, &counters,
                          &stages)
                  .message(),
              "no space");
  }
}

TEST(RunPipeline, CancellationEndsItWithTheReason) {
  Cancellation cancellation;
  NumberSource source(1'000'000'000);
  OrderedSink sink(&cancellation);
  PipelineCounters counters;
  std::vector<StageReport> stages;
  std::thread stopper([&] {
    while (counters.rows_in.load() < 1000) std::this_thread::yield();
    cancellation.Cancel(MakeError(ErrorKind::kCancelled, 130, "enough"));
  });
  const Status status =
      RunPipeline(&source, {}, &sink, Options(4, 0), &cancellation, &counters, &stages);
  stopper.join();
  EXPECT_EQ(status.message(), "enough");
}

}  // namespace
}  // namespace headrace
