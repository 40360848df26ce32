#include "source/arrow/reader_scan.h"

#include <arrow/record_batch.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <set>

#include "data/byte_size.h"
#include "source/text_check.h"

namespace headrace {
namespace {

constexpr const char* kCallersData = "(Arrow data of the calling program)";

Status StreamFailed(const Status& status) {
  return MakeError(ErrorKind::kSource, 315,
                   "the stream of record batches given as input failed: {}", status.message());
}

// Role: pulls batches, empty ones left out. Threads: one at a time.
class BatchPuller {
 public:
  explicit BatchPuller(std::shared_ptr<arrow::RecordBatchReader> reader)
      : reader_(std::move(reader)) {}

  // Reads on until `count` batches wait or the stream ends.
  Status LookAhead(size_t count) {
    while (waiting_.size() < count && !ended_) {
      std::shared_ptr<arrow::RecordBatch> batch;
      const Status read = reader_->ReadNext(&batch);
      if (!read.ok()) return StreamFailed(read);
      ended_ = batch == nullptr;
      if (!ended_ && batch->num_rows() > 0) waiting_.push_back(std::move(batch));
    }
    return Status::OK();
  }

  // nullptr at the end.
  Result<std::shared_ptr<arrow::RecordBatch>> Next() {
    ARROW_RETURN_NOT_OK(LookAhead(1));
    if (waiting_.empty()) return nullptr;
    auto batch = std::move(waiting_.front());
    waiting_.pop_front();
    return batch;
  }

  // Of the whole stream when that has ended within what waits; -1 else.
  int64_t rows_if_known() const {
    return ended_ ? Sum([](const auto& batch) { return batch.num_rows(); }) : -1;
  }
  int64_t bytes_if_known() const {
    return ended_ ? Sum([](const auto& batch) { return ReferencedBytes(batch); }) : -1;
  }

 private:
  template <typename Of>
  int64_t Sum(Of of) const {
    int64_t sum = 0;
    for (const auto& batch : waiting_) sum += of(*batch);
    return sum;
  }

  std::shared_ptr<arrow::RecordBatchReader> reader_;
  std::deque<std::shared_ptr<arrow::RecordBatch>> waiting_;
  bool ended_ = false;
};

class ReaderMorsel : public Morsel {
 public:
  std::shared_ptr<arrow::RecordBatch> batch;
};

// Role: a morsel is a slice of a batch with the wanted columns. Owner: the run. Threads: as Source;
// the stream itself is pulled by one thread at a time.
class ReaderSource : public Source {
 public:
  ReaderSource(BatchPuller puller, std::shared_ptr<arrow::Schema> schema, std::vector<int> columns,
               int64_t chunk_rows, int64_t batch_bytes)
      : puller_(std::move(puller)),
        schema_(std::move(schema)),
        columns_(std::move(columns)),
        chunk_rows_(chunk_rows),
        batch_bytes_(batch_bytes),
        total_bytes_(puller_.bytes_if_known()) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }

  Result<std::unique_ptr<Morsel>> Next() override {
    std::lock_guard lock(mutex_);
    if (stopped_.load(std::memory_order_relaxed)) return nullptr;
    if (batch_ == nullptr || at_ == batch_->num_rows()) {
      ARROW_ASSIGN_OR_RAISE(batch_, puller_.Next());
      if (batch_ == nullptr) return nullptr;
      at_ = 0;
      const int64_t row_bytes = std::max<int64_t>(1, ReferencedBytes(*batch_) / batch_->num_rows());
      slice_rows_ = std::clamp<int64_t>(batch_bytes_ / row_bytes, 1, chunk_rows_);
    }
    auto morsel = std::make_unique<ReaderMorsel>();
    morsel->sequence = next_sequence_++;
    morsel->batch = batch_->Slice(at_, slice_rows_);
    at_ += morsel->batch->num_rows();
    consumed_bytes_.fetch_add(ReferencedBytes(*morsel->batch), std::memory_order_relaxed);
    return std::unique_ptr<Morsel>(std::move(morsel));
  }

  Status Read(std::unique_ptr<Morsel> morsel, const EmitBatch& emit) override {
    const auto& batch = *static_cast<const ReaderMorsel&>(*morsel).batch;
    arrow::ArrayVector columns;
    for (const int column : columns_) {
      columns.push_back(batch.column(column));
      if (FindRowNotUtf8(*columns.back())) {
        return MakeError(ErrorKind::kBadInput, 523,
                         "text in the Arrow data given as input is not UTF-8: column '{}'; give it "
                         "as binary or repair it",
                         batch.schema()->field(column)->name());
      }
    }
    rows_.fetch_add(batch.num_rows(), std::memory_order_relaxed);
    return emit(Batch{arrow::RecordBatch::Make(schema_, batch.num_rows(), std::move(columns))});
  }

  void Stop() override { stopped_.store(true, std::memory_order_relaxed); }
  std::vector<SourceInput> inputs() const override {
    return {{kCallersData, consumed_bytes(), rows_.load(std::memory_order_relaxed)}};
  }
  int64_t consumed_bytes() const override {
    return consumed_bytes_.load(std::memory_order_relaxed);
  }
  int64_t total_bytes() const override { return total_bytes_; }

 private:
  std::mutex mutex_;  // guards the next five
  BatchPuller puller_;
  std::shared_ptr<arrow::RecordBatch> batch_;
  int64_t at_ = 0;
  int64_t slice_rows_ = 1;
  int64_t next_sequence_ = 0;

  const std::shared_ptr<arrow::Schema> schema_;
  const std::vector<int> columns_;
  const int64_t chunk_rows_;
  const int64_t batch_bytes_;
  const int64_t total_bytes_;
  std::atomic<bool> stopped_{false};
  std::atomic<int64_t> rows_{0};
  std::atomic<int64_t> consumed_bytes_{0};
};

class ReaderScan : public Scan {
 public:
  ReaderScan(std::shared_ptr<arrow::RecordBatchReader> reader, const ScanContext& context)
      : schema_(reader->schema()), puller_(std::move(reader)), context_(context) {}

  Status Open() {
    std::set<std::string> seen;
    for (const std::string& name : schema_->field_names()) {
      if (!seen.insert(name).second) {
        return MakeError(ErrorKind::kBadInput, 316,
                         "two columns of the Arrow data given as input share a name, rename one: "
                         "'{}'",
                         name);
      }
    }
    column_names_ = schema_->field_names();
    ARROW_RETURN_NOT_OK(puller_.LookAhead(2));
    rows_ = puller_.rows_if_known();
    bytes_ = puller_.bytes_if_known();
    return Status::OK();
  }

  const std::vector<std::string>& column_names() const override { return column_names_; }
  // Batches are the caller's; what a morsel takes of our own is a slice's few objects.
  StageNeeds needs(int64_t) const override {
    StageNeeds needs;
    needs.name = "source";
    needs.worker_floor_bytes = needs.worker_wanted_bytes =
        static_cast<int64_t>(column_names_.size()) * 1024;
    return needs;
  }
  std::vector<std::string> evidence() const override {
    return {rows_ >= 0 ? fmt::format("Arrow data of the calling program: {} rows", rows_)
                       : std::string("a stream of Arrow batches of the calling program")};
  }
  Result<std::shared_ptr<arrow::Schema>> Type(const ScanRequest& request) override {
    arrow::FieldVector fields;
    const bool all = request.all_columns && request.columns.empty();
    for (const std::string& name : all ? column_names_ : request.columns) {
      columns_.push_back(schema_->GetFieldIndex(name));
      HEADRACE_CHECK(columns_.back() >= 0);  // the plan was checked against column_names()
      fields.push_back(schema_->field(columns_.back())->RemoveMetadata());
    }
    wanted_schema_ = arrow::schema(std::move(fields));
    return wanted_schema_;
  }
  Result<std::unique_ptr<Source>> Start(int64_t batch_bytes) override {
    return std::make_unique<ReaderSource>(std::move(puller_), wanted_schema_, columns_,
                                          context_.chunk_rows, batch_bytes);
  }
  int64_t estimated_rows() const override { return rows_; }
  int64_t total_bytes() const override { return bytes_; }

 private:
  const std::shared_ptr<arrow::Schema> schema_;
  BatchPuller puller_;
  const ScanContext context_;
  std::vector<std::string> column_names_;
  std::vector<int> columns_;                      // wanted
  std::shared_ptr<arrow::Schema> wanted_schema_;  // of these
  int64_t rows_ = -1;
  int64_t bytes_ = -1;
};

}  // namespace

Result<std::unique_ptr<Scan>> OpenReaderScan(std::shared_ptr<arrow::RecordBatchReader> reader,
                                             const ScanContext& context) {
  auto scan = std::make_unique<ReaderScan>(std::move(reader), context);
  ARROW_RETURN_NOT_OK(scan->Open());
  return std::unique_ptr<Scan>(std::move(scan));
}

}  // namespace headrace
