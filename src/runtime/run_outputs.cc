#include "runtime/run_outputs.h"

#include <algorithm>
#include <filesystem>

#include "commit/layout.h"
#include "commit/target.h"
#include "plan/nodes/sink.h"

namespace headrace {
namespace {

// What `part` of `whole` is of `bytes`.
int64_t ShareOf(int64_t bytes, int64_t part, int64_t whole) {
  if (whole <= 0) return 0;
  return static_cast<int64_t>(static_cast<double>(bytes) * static_cast<double>(part) /
                              static_cast<double>(whole));
}

struct NamedPath {
  std::string as_given;
  std::string path;
};

bool IsInside(const std::string& path, const std::string& directory) {
  return path.size() > directory.size() && path.starts_with(directory) &&
         path[directory.size()] == '/';
}

Status CheckApart(const NamedPath& one, const NamedPath& other) {
  if (one.path != other.path && !IsInside(one.path, other.path) &&
      !IsInside(other.path, one.path)) {
    return Status::OK();
  }
  return MakeError(ErrorKind::kInvalidConfig, 159,
                   "two outputs of one run must not be the same or lie in each other: {} and {}; "
                   "name other paths",
                   one.as_given, other.as_given);
}

// Without a look at the file system.
std::string Lexical(const std::string& path) {
  std::string normal = std::filesystem::path(path).lexically_normal().string();
  while (normal.size() > 1 && normal.back() == '/') normal.pop_back();
  return normal;
}

}  // namespace

// Role: gives every batch to every sink. The sinks' gates are passed in the same order by every
// worker, so the one with the lowest sequence number waits at none of them.
class RunOutputs::AllSinks : public Sink {
 public:
  explicit AllSinks(std::vector<Sink*> sinks) : sinks_(std::move(sinks)) {}

  Status Consume(int64_t sequence, Batch batch) override {
    for (size_t i = 0; i + 1 < sinks_.size(); ++i) {
      ARROW_RETURN_NOT_OK(sinks_[i]->Consume(sequence, batch));
    }
    return sinks_.back()->Consume(sequence, std::move(batch));
  }
  Status EndMorsel(int64_t sequence) override {
    for (Sink* sink : sinks_) ARROW_RETURN_NOT_OK(sink->EndMorsel(sequence));
    return Status::OK();
  }
  // Each sink is finished by itself, as each has a summary.
  Result<SinkSummary> Finish() override { return SinkSummary{}; }

 private:
  const std::vector<Sink*> sinks_;
};

Status RunOutputs::Resolve(const JobSpec& job, const std::string& run_id) {
  outputs_.clear();
  for (OutputSpec& spec : OutputsOf(job)) {
    ARROW_ASSIGN_OR_RAISE(OutputTarget target, ResolveOutput(spec, run_id));
    if (!job.run_id.empty()) target.transaction.run_id_origin = RunIdOrigin::kGiven;
    // Before a missing parent directory is looked for.
    for (const Output& other : outputs_) {
      ARROW_RETURN_NOT_OK(
          CheckApart({other.spec.path, Lexical(other.spec.path)}, {spec.path, Lexical(spec.path)}));
    }
    outputs_.push_back({std::move(spec), std::move(target)});
  }
  return Status::OK();
}

Status RunOutputs::Begin(Env* env) {
  for (Output& output : outputs_) {
    // Where links lead is known only now, and a lock held by this very run says nothing useful.
    for (const Output& other : outputs_) {
      if (other.transaction == nullptr) continue;
      ARROW_ASSIGN_OR_RAISE(const ResolvedTarget resolved, ResolveTarget(env, output.spec.path));
      ARROW_RETURN_NOT_OK(CheckApart({other.spec.path, other.transaction->options().target},
                                     {output.spec.path, resolved.path}));
    }
    ARROW_ASSIGN_OR_RAISE(output.transaction, Transaction::Begin(env, output.target.transaction));
  }
  const auto was_published = [](const Output& output) {
    return output.transaction->published_before().has_value();
  };
  const auto before = std::count_if(outputs_.begin(), outputs_.end(), was_published);
  if (before == 0 || before == static_cast<std::ptrdiff_t>(outputs_.size())) return Status::OK();
  const auto old = std::find_if(outputs_.begin(), outputs_.end(), was_published);
  const auto fresh = std::find_if_not(outputs_.begin(), outputs_.end(), was_published);
  return MakeError(ErrorKind::kInvalidConfig, 158,
                   "run {} was published to {}, but not to {}; give another run id for these "
                   "outputs",
                   old->transaction->options().run_id, old->spec.path, fresh->spec.path);
}

bool RunOutputs::published_before() const {
  return begun() && outputs_.front().transaction->published_before().has_value();
}

SinkOptions RunOutputs::OptionsOf(const Output& output, const BoundPlan& plan, size_t number,
                                  const CommonSinkOptions& common) {
  SinkOptions options;
  options.schema = plan.output_schema;
  for (const int column : plan.partition_columns[number]) {
    options.partition_by.push_back(plan.output_schema->field(column)->name());
  }
  for (const SortColumn& column : plan.sort_columns[number]) {
    options.sort_within.push_back({column.name, column.order == SortOrder::kDescending
                                                    ? SortDirection::kDescending
                                                    : SortDirection::kAscending});
  }
  options.format = output.target.format;
  options.parquet = output.target.parquet;
  options.compression = output.target.compression;
  options.delimiter = output.target.delimiter;
  options.row_group_rows = output.spec.row_group_rows;
  options.target_file_bytes = output.spec.target_file_bytes;
  options.threads = common.threads;
  options.batch_bytes = common.batch_bytes;
  return options;
}

Result<StageNeeds> RunOutputs::Needs(const BoundPlan& plan, const CommonSinkOptions& common) {
  needs_ = StageNeeds{};
  for (size_t i = 0; i < outputs_.size(); ++i) {
    Output& output = outputs_[i];
    ARROW_ASSIGN_OR_RAISE(output.needs, SinkNeeds(OptionsOf(output, plan, i, common)));
    needs_.name = output.needs.name;
    needs_.fixed_floor_bytes += output.needs.fixed_floor_bytes;
    needs_.worker_floor_bytes += output.needs.worker_floor_bytes;
    needs_.fixed_wanted_bytes += output.needs.fixed_wanted_bytes;
    needs_.worker_wanted_bytes += output.needs.worker_wanted_bytes;
  }
  return needs_;
}

Status RunOutputs::Check(TargetCheck check, const SpaceForecast& forecast, const BoundPlan& plan,
                         const CommonSinkOptions& common, std::vector<std::string>* notes) {
  for (size_t i = 0; i < outputs_.size(); ++i) {
    Output& output = outputs_[i];
    check.target = begun() ? output.transaction->options() : output.target.transaction;
    check.new_columns = output.spec.allow_new_columns ? NewColumns::kAllowed : NewColumns::kRefused;
    const SinkOptions sink = OptionsOf(output, plan, i, common);
    ARROW_RETURN_NOT_OK(CheckTargetSchema(check, sink, notes));
    if (!begun()) continue;
    ARROW_RETURN_NOT_OK(CheckTargetSpace(check, forecast, notes));
    if (check.target.kind == TargetKind::kDataset) {
      const DatasetLayout layout(check.target.target);
      output.ballast = std::make_unique<Ballast>();
      output.ballast->Take(check.env, JoinPath(layout.transaction(check.target.run_id), "ballast"));
    }
  }
  return Status::OK();
}

void RunOutputs::DropBallast() {
  for (Output& output : outputs_) output.ballast.reset();
}

Result<Sink*> RunOutputs::Open(const BoundPlan& plan, const CommonSinkOptions& common,
                               SinkContext context) {
  // Each gets its floor, and of what there is above all floors in the proportion of what it wants.
  const int threads = common.threads;
  const int64_t above_bytes = context.sink_bytes - needs_.FloorBytes(threads);
  const int64_t wanted_bytes = needs_.WantedBytes(threads) - needs_.FloorBytes(threads);
  std::vector<Sink*> sinks;
  for (size_t i = 0; i < outputs_.size(); ++i) {
    Output& output = outputs_[i];
    context.transaction = output.transaction.get();
    context.floor_bytes = output.needs.FloorBytes(threads);
    context.floor_one_bytes = output.needs.FloorBytes(1);
    context.sink_bytes =
        context.floor_bytes +
        (outputs_.size() == 1
             ? above_bytes
             : ShareOf(above_bytes, output.needs.WantedBytes(threads) - context.floor_bytes,
                       wanted_bytes));
    ARROW_ASSIGN_OR_RAISE(output.sink, MakeSink(OptionsOf(output, plan, i, common), context));
    sinks.push_back(output.sink.get());
  }
  if (sinks.size() == 1) return sinks.front();
  all_sinks_ = std::make_unique<AllSinks>(std::move(sinks));
  return all_sinks_.get();
}

Result<QuarantineSink*> RunOutputs::OpenQuarantine(const BadRowsSpec& limits, int threads,
                                                   SinkContext context) {
  const SinkOptions options = QuarantineSinkOptions(threads);
  ARROW_ASSIGN_OR_RAISE(const StageNeeds needs, SinkNeeds(options));
  context.transaction = outputs_.front().transaction->quarantine();
  context.floor_bytes = needs.FloorBytes(threads);
  context.floor_one_bytes = needs.FloorBytes(1);
  ARROW_ASSIGN_OR_RAISE(auto file, MakeSink(options, context));
  quarantine_ = std::make_unique<QuarantineSink>(limits, context.cancellation, std::move(file));
  return quarantine_.get();
}

Status RunOutputs::Finish() {
  for (Output& output : outputs_) {
    ARROW_ASSIGN_OR_RAISE(output.summary, output.sink->Finish());
  }
  if (quarantine_ == nullptr) return Status::OK();
  ARROW_RETURN_NOT_OK(quarantine_->Finish().status());
  quarantine_report_ = quarantine_->Report();
  if (quarantine_report_.rows > 0) {
    quarantine_report_.path = outputs_.front().transaction->quarantine()->options().target;
  }
  return Status::OK();
}

void RunOutputs::CloseSinks() {
  all_sinks_.reset();
  quarantine_.reset();
  for (Output& output : outputs_) output.sink.reset();
}

Result<int64_t> RunOutputs::RowsWritten() const {
  const int64_t rows = outputs_.front().summary.rows;
  for (const Output& output : outputs_) {
    if (output.summary.rows == rows) continue;
    return MakeError(ErrorKind::kInternal, 902,
                     "the outputs of the run have different rows, nothing was published: {} in {}, "
                     "{} in {}; please report this with the run's report",
                     rows, outputs_.front().spec.path, output.summary.rows, output.spec.path);
  }
  return rows;
}

Status RunOutputs::Publish(Env* env, const PublishInfo& info, std::vector<std::string>* notes) {
  std::vector<GroupMember> members;
  for (const Output& output : outputs_) {
    GroupMember member{output.transaction.get(), info};
    member.info.rows = output.summary.rows;
    member.info.files = output.summary.files;
    member.info.bytes = output.summary.bytes;
    member.info.partition_count = output.summary.partitions;
    member.info.partitions = output.summary.directories;
    members.push_back(std::move(member));
  }
  ARROW_ASSIGN_OR_RAISE(const auto outcomes, PublishTogether(env, std::move(members)));
  for (size_t i = 0; i < outcomes.size(); ++i) {
    const std::string whose = outputs_.size() > 1 ? outputs_[i].spec.path + ": " : "";
    for (const std::string& note : outcomes[i].notes) notes->push_back(whose + note);
  }
  return Status::OK();
}

std::vector<OutputReport> RunOutputs::Report() const {
  std::vector<OutputReport> reports;
  for (const Output& output : outputs_) {
    if (output.transaction != nullptr && output.transaction->published_before()) {
      // What is at the target now, by the figures of the run that brought it there.
      const PublishInfo& before = *output.transaction->published_before();
      reports.push_back(
          {output.spec.path, before.rows, before.files, before.bytes, before.partition_count, 0});
      continue;
    }
    const SinkSummary& summary = output.summary;
    reports.push_back({output.spec.path, summary.rows, summary.files, summary.bytes,
                       summary.partitions, summary.row_groups});
  }
  return reports;
}

}  // namespace headrace
