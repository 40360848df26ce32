// The outputs of one run: the same rows, written to each and published together.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "commit/publish_group.h"
#include "headrace/job.h"
#include "headrace/run_report.h"
#include "plan/bound_plan.h"
#include "runtime/ballast.h"
#include "runtime/output_target.h"
#include "runtime/quarantine_sink.h"
#include "runtime/target_checks.h"
#include "sink/sink.h"

namespace headrace {

// What the sinks of all outputs have in common.
struct CommonSinkOptions {
  int threads = 1;
  int64_t batch_bytes = 0;
};

// Role: targets, transactions and sinks of a run, one of each per output; together they are the one
// stage "sink" of the run. The methods are called in the order in which they stand. Owner: the run.
// Threads: one; the sink that Open gives as every Sink. Errors: what the rooms of sink and commit
// raise.
class RunOutputs {
 public:
  // InvalidConfig when one output is, or lies inside of, another.
  Status Resolve(const JobSpec& job, const std::string& run_id);
  // Locks every target.
  Status Begin(Env* env);
  bool begun() const { return !outputs_.empty() && outputs_.front().transaction != nullptr; }
  // The run of this id was published before; the outputs are then told by their figures.
  bool published_before() const;

  // What all sinks need together.
  Result<StageNeeds> Needs(const BoundPlan& plan, const CommonSinkOptions& common);
  // Before the first byte: whether what is about to be added fits the datasets that stand there,
  // and whether their disks have room, of which some is taken in advance. A plan, whose targets are
  // not locked, is only told whether it fits.
  Status Check(TargetCheck check, const SpaceForecast& forecast, const BoundPlan& plan,
               const CommonSinkOptions& common, std::vector<std::string>* notes);
  void DropBallast();
  // The sink of the run. `context` is that of the whole stage, without a transaction.
  Result<Sink*> Open(const BoundPlan& plan, const CommonSinkOptions& common, SinkContext context);
  // Likewise for rejects, with `context` of their own stage; they are published with the first
  // output.
  Result<QuarantineSink*> OpenQuarantine(const BadRowsSpec& limits, int threads,
                                         SinkContext context);
  Status Finish();
  // The sinks die, the transactions stay.
  void CloseSinks();
  // Rows that every output took; Internal when they differ.
  Result<int64_t> RowsWritten() const;
  // `info` has what is the same for all.
  Status Publish(Env* env, const PublishInfo& info, std::vector<std::string>* notes);

  const TransactionOptions& first() const { return outputs_.front().transaction->options(); }
  std::vector<OutputReport> Report() const;
  const QuarantineReport& quarantine() const { return quarantine_report_; }

 private:
  class AllSinks;
  struct Output {
    OutputSpec spec;
    OutputTarget target;
    std::unique_ptr<Transaction> transaction = nullptr;
    StageNeeds needs = {};
    std::unique_ptr<Ballast> ballast = nullptr;  // in the transaction's directory
    std::unique_ptr<Sink> sink = nullptr;
    SinkSummary summary = {};
  };
  static SinkOptions OptionsOf(const Output& output, const BoundPlan& plan, size_t number,
                               const CommonSinkOptions& common);

  std::vector<Output> outputs_;
  StageNeeds needs_;
  std::unique_ptr<Sink> all_sinks_;
  std::unique_ptr<QuarantineSink> quarantine_;  // null: bad rows end the run
  QuarantineReport quarantine_report_;          // once it is finished
};

}  // namespace headrace
