// QuarantineSink: takes what a run puts aside, counts it and holds it against what is allowed.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/turn_gate.h"
#include "headrace/job.h"
#include "headrace/run_report.h"
#include "sink/sink.h"

namespace headrace {

// InvalidConfig for limits that cannot be, or that nothing is held against.
Status CheckBadRowsSpec(const BadRowsSpec& spec);

// What the file of rejects is written with. `threads` are those of the run.
SinkOptions QuarantineSinkOptions(int threads);

// Role: the second sink of a run: batches of QuarantineSchema() come with the sequence numbers of
// their morsels and go into one Parquet file, in the order of the input. More than rows_max are
// refused, and always at the same record: counting passes a gate. Owner: the run. Threads: as Sink;
// report() and CheckShare() once all morsels ended. Errors: BadInput when there are too many, with
// the place of the first; as Sink.
class QuarantineSink : public Sink {
 public:
  // `file` may be null: rejects are counted only.
  QuarantineSink(const BadRowsSpec& limits, Cancellation* cancellation, std::unique_ptr<Sink> file);

  Status Consume(int64_t sequence, Batch batch) override;
  Status EndMorsel(int64_t sequence) override;
  // Without rejects no file is written.
  Result<SinkSummary> Finish() override;

  // Of all rows that were judged, good and bad.
  Status CheckShare(int64_t rows) const;
  int64_t rows() const { return rows_; }
  // All but the path.
  QuarantineReport Report() const;

 private:
  Status Count(const arrow::RecordBatch& rejects);

  const BadRowsSpec limits_;
  const std::unique_ptr<Sink> file_;
  TurnGate gate_;
  // Touched only inside the gate.
  int64_t rows_ = 0;
  std::map<std::string, int64_t, std::less<>> reasons_;
  std::string first_;  // "a.csv:3 (byte 8), column x: int64: 'abc': not a whole number"
  int64_t bytes_ = 0;
};

}  // namespace headrace
