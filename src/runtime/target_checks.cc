#include "runtime/target_checks.h"

#include <algorithm>

#include "base/units.h"
#include "source/dataset_files.h"

namespace headrace {
namespace {

Status NotReadable(const std::string& dataset, const Status& cause) {
  if (cause.ok() || GetErrorKind(cause) == ErrorKind::kOutOfMemory || cause.IsCancelled()) {
    return cause;
  }
  return MakeError(ErrorKind::kSink, 656,
                   "a file of the dataset cannot be read, so nothing is added to it; look with "
                   "headrace fsck {}: {}",
                   dataset, cause.message());
}

// Output for one byte of input that is kept: hardly ever less, and usually about.
constexpr double kLeastRatio = 0.01;
constexpr double kUsualRatio = 0.3;
constexpr int64_t kLeastBytes = 1 << 20;  // footers, journal and ledger with room to spare

}  // namespace

Status CheckTargetSpace(const TargetCheck& check, const SpaceForecast& forecast,
                        std::vector<std::string>* notes) {
  const std::string directory = ParentPath(check.target.target);
  ARROW_ASSIGN_OR_RAISE(const DiskSpace space, check.env->Space(directory));
  if (space.total_bytes <= 0) return Status::OK();
  const int64_t kept = forecast.keeps_all ? std::max<int64_t>(0, forecast.input_bytes) : 0;
  const auto scaled = [&](double ratio) {
    return static_cast<int64_t>(static_cast<double>(kept) * ratio);
  };
  const int64_t least = std::max(kLeastBytes, scaled(kLeastRatio));
  if (space.available_bytes < least) {
    return MakeError(ErrorKind::kOutOfDisk, 716,
                     "the output cannot fit on the target's disk; free space or choose another "
                     "disk: {} are free below {}, at least {} are needed",
                     FormatBytes(space.available_bytes), directory, FormatBytes(least));
  }
  if (space.available_bytes < scaled(kUsualRatio)) {
    notes->push_back(fmt::format(
        "the disk may not suffice: {} were free at the start, {} of input usually need about {}",
        FormatBytes(space.available_bytes), FormatBytes(kept), FormatBytes(scaled(kUsualRatio))));
  }
  return Status::OK();
}

Status CheckTargetSchema(const TargetCheck& check, const SinkOptions& sink,
                         std::vector<std::string>* notes) {
  const bool keeps = check.target.mode == PublishMode::kAppend ||
                     check.target.mode == PublishMode::kOverwritePartitions;
  if (!keeps || check.target.kind != TargetKind::kDataset) return Status::OK();
  const std::string& dataset = check.target.target;
  ARROW_ASSIGN_OR_RAISE(const auto found, check.env->Stat(dataset));
  if (!found || found->type != FileType::kDirectory) return Status::OK();

  auto listed = ListParquetFiles(check.env, dataset);
  ARROW_RETURN_NOT_OK(NotReadable(dataset, listed.status()));
  if (listed->empty()) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(SchemaCheck schema, SchemaCheck::Make(sink, check.new_columns, check.pool));
  for (const InputFile& file : *listed) {
    SchemaCheck::Keys keys;
    for (const HiveValue& key : file.hive) keys.emplace_back(key.key, key.value);
    ARROW_RETURN_NOT_OK(schema.CheckKeys(file.path, keys));
  }
  ARROW_ASSIGN_OR_RAISE(const auto sample, SampleFiles(check.env, std::move(*listed), kFootersMax));
  for (const InputFile& file : sample) {
    ARROW_RETURN_NOT_OK(check.cancellation->Check());
    const auto columns = ReadStoredColumns(check.env, file.path, check.pool);
    ARROW_RETURN_NOT_OK(NotReadable(dataset, columns.status()));
    ARROW_RETURN_NOT_OK(schema.CheckColumns(file.path, **columns));
  }
  ARROW_RETURN_NOT_OK(schema.CheckNewColumns());
  notes->insert(notes->end(), schema.notes().begin(), schema.notes().end());
  return Status::OK();
}

}  // namespace headrace
