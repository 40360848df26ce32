#include "runtime/quarantine_sink.h"

#include <arrow/array/array_binary.h>
#include <arrow/array/array_primitive.h>

#include "base/units.h"
#include "source/rejects.h"

namespace headrace {
namespace {

constexpr ErrorCode kTooManyBadRows = 430;
constexpr ErrorCode kTooLargeShare = 431;
constexpr ErrorCode kNoGoodRow = 432;

std::string_view TextOf(const arrow::RecordBatch& rejects, int column, int64_t row) {
  return static_cast<const arrow::StringArray&>(*rejects.column(column)).GetView(row);
}

int64_t NumberOf(const arrow::RecordBatch& rejects, int column, int64_t row) {
  return static_cast<const arrow::Int64Array&>(*rejects.column(column)).Value(row);
}

std::string PlaceOf(const arrow::RecordBatch& rejects, int64_t row) {
  std::string place = fmt::format("{}:{} (byte {})", TextOf(rejects, 0, row),
                                  NumberOf(rejects, 1, row), NumberOf(rejects, 2, row));
  if (!rejects.column(3)->IsNull(row)) place += fmt::format(", column {}", TextOf(rejects, 3, row));
  return place + fmt::format(": {}", TextOf(rejects, 5, row));
}

}  // namespace

Status CheckBadRowsSpec(const BadRowsSpec& spec) {
  if (spec.what == BadRows::kFail && (spec.rows_max || spec.share_max)) {
    return MakeError(ErrorKind::kInvalidConfig, 169,
                     "--max-bad-rows needs --bad-rows quarantine or repair; where bad rows fail, "
                     "the first one stops the run");
  }
  const bool is_share = !spec.share_max || (*spec.share_max >= 0 && *spec.share_max <= 1);
  if (is_share && (!spec.rows_max || *spec.rows_max >= 0)) return Status::OK();
  return MakeError(ErrorKind::kInvalidConfig, 170,
                   "the most bad rows are a number from 0 on, or a share from 0 to 100 %");
}

SinkOptions QuarantineSinkOptions(int threads) {
  SinkOptions options;
  options.schema = QuarantineSchema();
  options.threads = threads;
  options.batch_bytes = kRejectBytesMax;
  return options;
}

QuarantineSink::QuarantineSink(const BadRowsSpec& limits, Cancellation* cancellation,
                               std::unique_ptr<Sink> file)
    : limits_(limits), file_(std::move(file)), gate_(cancellation) {}

Status QuarantineSink::Consume(int64_t sequence, Batch batch) {
  if (batch.rows() == 0) return Status::OK();
  ARROW_RETURN_NOT_OK(gate_.Enter(sequence));
  ARROW_RETURN_NOT_OK(Count(*batch.columns));
  return file_ == nullptr ? Status::OK() : file_->Consume(sequence, std::move(batch));
}

Status QuarantineSink::EndMorsel(int64_t sequence) {
  ARROW_RETURN_NOT_OK(gate_.Leave(sequence));
  return file_ == nullptr ? Status::OK() : file_->EndMorsel(sequence);
}

Status QuarantineSink::Count(const arrow::RecordBatch& rejects) {
  if (rows_ == 0) first_ = PlaceOf(rejects, 0);
  const int64_t rows = rejects.num_rows();
  if (limits_.rows_max && rows > *limits_.rows_max - rows_) {
    return MakeError(ErrorKind::kBadInput, kTooManyBadRows,
                     "more bad rows than allowed, nothing was published; mend them, or allow more "
                     "with --max-bad-rows: more than {}, the first at {}; the one too many at {}",
                     FormatCount(*limits_.rows_max), first_,
                     PlaceOf(rejects, *limits_.rows_max - rows_));
  }
  rows_ += rows;
  for (int64_t row = 0; row < rows; ++row) {
    const std::string_view code = TextOf(rejects, 4, row);
    const auto found = reasons_.find(code);
    if (found != reasons_.end()) {
      ++found->second;
    } else {
      reasons_.emplace(code, 1);
    }
  }
  return Status::OK();
}

Result<SinkSummary> QuarantineSink::Finish() {
  if (rows_ == 0 || file_ == nullptr) return SinkSummary{};
  ARROW_ASSIGN_OR_RAISE(SinkSummary summary, file_->Finish());
  bytes_ = summary.bytes;
  return summary;
}

Status QuarantineSink::CheckShare(int64_t rows) const {
  if (rows_ == 0) return Status::OK();
  if (!limits_.share_max) {
    if (limits_.rows_max || rows_ < rows) return Status::OK();
    return MakeError(ErrorKind::kBadInput, kNoGoodRow,
                     "not one row fits, nothing was published; check the delimiter and the types, "
                     "or say --max-bad-rows 100%: {} rows, the first at {}",
                     FormatCount(rows), first_);
  }
  // A share such as 0.001 is not exact; rows are.
  const double allowed = *limits_.share_max * static_cast<double>(rows);
  if (static_cast<double>(rows_) <= allowed * (1 + 1e-12)) return Status::OK();
  return MakeError(ErrorKind::kBadInput, kTooLargeShare,
                   "more bad rows than allowed, nothing was published; mend them, or allow more "
                   "with --max-bad-rows: {} of {} rows, {:g} % allowed; the first at {}",
                   FormatCount(rows_), FormatCount(rows), *limits_.share_max * 100, first_);
}

QuarantineReport QuarantineSink::Report() const {
  QuarantineReport report;
  report.rows = rows_;
  report.bytes = bytes_;
  for (const auto& [code, rows] : reasons_) report.reasons.push_back({code, rows});
  return report;
}

}  // namespace headrace
