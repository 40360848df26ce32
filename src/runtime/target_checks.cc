#include "runtime/target_checks.h"

#include <algorithm>

#include "base/units.h"
#include "runtime/output_names.h"
#include "source/dataset_files.h"
#include "source/scan.h"

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

// Of files whose columns stand at their start, not in a footer that is read with one step.
constexpr size_t kStartsMax = 16;

// What a file of the dataset is to a run that writes `sink`.
enum class FileKind : uint8_t { kSame, kOther, kNoData };

FileKind KindOf(const std::string& path, const SinkOptions& sink) {
  const FormatName* format = ReadFileName(path).format;
  if (format == nullptr && !IsParquetName(path)) return FileKind::kNoData;
  const FormatName ours{"", sink.format, sink.delimiter};
  const FormatName parquet{"", OutputFormat::kParquet, ','};
  return ours.is_same(format ? *format : parquet) ? FileKind::kSame : FileKind::kOther;
}

// The names in the first record.
Result<std::vector<std::string>> ReadCsvNames(const TargetCheck& check, const std::string& path,
                                              char delimiter) {
  InputSpec input;
  input.paths = {path};
  input.format = "csv";
  input.csv.header = true;
  input.csv.delimiter = delimiter;
  input.csv.quote = '"';
  input.csv.escape = '"';
  ScanContext context;
  context.env = check.env;
  context.pool = check.pool;
  context.cancellation = check.cancellation;
  ARROW_ASSIGN_OR_RAISE(const auto scan, OpenScan(input, context));
  return scan->column_names();
}

Status CheckFile(const TargetCheck& check, const std::string& path, const SinkOptions& sink,
                 SchemaCheck* schema) {
  if (sink.format == OutputFormat::kJsonLines) return Status::OK();
  if (sink.format == OutputFormat::kCsv) {
    const auto names = ReadCsvNames(check, path, sink.delimiter);
    ARROW_RETURN_NOT_OK(NotReadable(check.target.target, names.status()));
    return schema->CheckNames(path, *names);
  }
  const auto columns = sink.format == OutputFormat::kParquet
                           ? ReadStoredColumns(check.env, path, check.pool)
                           : ReadArrowColumns(check.env, path, check.pool);
  ARROW_RETURN_NOT_OK(NotReadable(check.target.target, columns.status()));
  return schema->CheckColumns(path, **columns);
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

  auto listed = ListDatasetFiles(check.env, dataset);
  ARROW_RETURN_NOT_OK(NotReadable(dataset, listed.status()));
  std::string other;
  std::erase_if(*listed, [&](const InputFile& file) {
    const FileKind kind = KindOf(file.path, sink);
    if (kind == FileKind::kOther && other.empty()) other = file.path;
    return kind != FileKind::kSame;
  });
  if (!other.empty()) return SchemaCheck::OtherFormat(other, sink);
  if (listed->empty()) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(SchemaCheck schema, SchemaCheck::Make(sink, check.new_columns, check.pool));
  for (const InputFile& file : *listed) {
    SchemaCheck::Keys keys;
    for (const HiveValue& key : file.hive) keys.emplace_back(key.key, key.value);
    ARROW_RETURN_NOT_OK(schema.CheckKeys(file.path, keys));
  }
  const size_t files_max = sink.format == OutputFormat::kParquet ? kFootersMax : kStartsMax;
  ARROW_ASSIGN_OR_RAISE(const auto sample, SampleFiles(check.env, std::move(*listed), files_max));
  for (const InputFile& file : sample) {
    ARROW_RETURN_NOT_OK(check.cancellation->Check());
    ARROW_RETURN_NOT_OK(CheckFile(check, file.path, sink, &schema));
  }
  // JSON lines say no columns before all of them are read.
  if (sink.format == OutputFormat::kJsonLines) return Status::OK();
  ARROW_RETURN_NOT_OK(schema.CheckNewColumns());
  notes->insert(notes->end(), schema.notes().begin(), schema.notes().end());
  return Status::OK();
}

}  // namespace headrace
