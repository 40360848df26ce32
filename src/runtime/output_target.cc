#include "runtime/output_target.h"

#include <string_view>

namespace headrace {
namespace {

PublishMode ModeOf(WriteMode mode) {
  switch (mode) {
    case WriteMode::kCreate:
      return PublishMode::kCreate;
    case WriteMode::kAppend:
      return PublishMode::kAppend;
    case WriteMode::kOverwrite:
      return PublishMode::kOverwrite;
    case WriteMode::kOverwritePartitions:
      return PublishMode::kOverwritePartitions;
  }
  return PublishMode::kCreate;
}

Status RefuseOtherFormats(const OutputSpec& output) {
  if (!output.format.empty() && output.format != "parquet") {
    return MakeError(ErrorKind::kInvalidConfig, 151,
                     "this version writes parquet only, not '{}'; use --to parquet", output.format);
  }
  if (output.path.find("://") != std::string::npos) {
    return MakeError(ErrorKind::kInvalidConfig, 156,
                     "this version writes local files only: {}; publish here and copy it there",
                     output.path);
  }
  if (!output.format.empty()) return Status::OK();
  std::string_view name = output.path;
  for (const std::string_view compression : {".gz", ".zst", ".bz2", ".lz4"}) {
    if (name.ends_with(compression)) name.remove_suffix(compression.size());
  }
  for (const std::string_view ending :
       {".csv", ".tsv", ".jsonl", ".ndjson", ".arrow", ".feather"}) {
    if (name.ends_with(ending)) {
      return MakeError(
          ErrorKind::kInvalidConfig, 151,
          "this version writes parquet only, and '{}' asks for {}; name the output "
          "*.parquet for one file, or say --to parquet for a dataset directory of that "
          "name",
          output.path, output.path.substr(name.size() - ending.size()));
    }
  }
  return Status::OK();
}

}  // namespace

Result<OutputTarget> ResolveOutput(const OutputSpec& output, const std::string& run_id) {
  if (output.path.empty()) {
    return MakeError(ErrorKind::kInvalidConfig, 152,
                     "the output path is empty; name a file or directory");
  }
  ARROW_RETURN_NOT_OK(RefuseOtherFormats(output));
  OutputTarget target;
  auto& options = target.transaction;
  options.target = output.path;
  options.kind = output.path.ends_with(".parquet") ? TargetKind::kSingleFile : TargetKind::kDataset;
  options.mode = ModeOf(output.mode);
  options.durability = output.durable ? Durability::kFull : Durability::kNone;
  options.run_id = run_id;
  if (options.kind == TargetKind::kSingleFile && !output.partition_by.empty()) {
    return MakeError(
        ErrorKind::kInvalidConfig, 153,
        "one file cannot be partitioned: '{}'; name a directory (without .parquet), or "
        "leave out the partition columns",
        output.path);
  }
  options.retain_seconds = output.retain_seconds;
  if (options.kind == TargetKind::kSingleFile && output.retain_seconds > 0) {
    return MakeError(ErrorKind::kInvalidConfig, 157,
                     "one file keeps no earlier generation: '{}'; name a directory (without "
                     ".parquet), or leave out the grace period",
                     output.path);
  }
  if (options.mode == PublishMode::kOverwritePartitions && output.partition_by.empty()) {
    return MakeError(
        ErrorKind::kInvalidConfig, 154,
        "mode overwrite-partitions needs partition columns; add --partition-by, or use "
        "--mode overwrite");
  }
  ARROW_ASSIGN_OR_RAISE(target.parquet, ParseParquetCompression(output.compression));
  return target;
}

}  // namespace headrace
