#include "runtime/output_target.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>

#include "runtime/output_names.h"

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

Status CheckNoOtherCompression(const OutputSpec& output) {
  if (output.format == "parquet") return Status::OK();
  for (const std::string_view ending : {".bz2", ".lz4", ".xz", ".zip", ".gz", ".zst"}) {
    if (!output.path.ends_with(ending)) continue;
    const std::string inner = output.path.substr(0, output.path.size() - ending.size());
    const FormatName* format = ReadFileName(inner).format;
    if (format == nullptr) continue;
    if (format->is_text() && !ReadFileName(output.path).codec.empty()) continue;
    return MakeError(ErrorKind::kInvalidConfig, 181,
                     "output cannot be compressed as {}: '{}'; use .gz or .zst, for text only, or "
                     "say --to parquet for a dataset directory of that name",
                     ending, output.path);
  }
  return Status::OK();
}

// A dataset directory of such a name would be taken for a file of that format.
Status CheckNoOtherFormat(const OutputSpec& output) {
  if (!output.format.empty()) return Status::OK();
  for (const std::string_view ending : {".json", ".orc", ".avro", ".xlsx"}) {
    if (!output.path.ends_with(ending)) continue;
    return MakeError(
        ErrorKind::kInvalidConfig, 183,
        "output of this format is not written: '{}'; use .parquet, .csv, .tsv, .jsonl or "
        ".arrow, or say --to parquet for a dataset directory of that name",
        output.path);
  }
  return Status::OK();
}

// zstd and gzip by the level that was asked for.
Result<OutputCompression> ParseCompression(const OutputSpec& output,
                                           std::initializer_list<std::string_view> codecs,
                                           std::string_view what) {
  const std::string_view text = output.compression;
  const std::string_view codec = text.substr(0, text.find(':'));
  if (std::find(codecs.begin(), codecs.end(), codec) == codecs.end()) {
    return MakeError(ErrorKind::kInvalidConfig, 180,
                     "{} is not written with this compression: '{}'; use {}", what, text,
                     fmt::join(codecs, ", "));
  }
  ARROW_ASSIGN_OR_RAISE(const ParquetOptions parsed, ParseParquetCompression(text));
  return OutputCompression{parsed.codec, parsed.level};
}

Status SetCompression(const OutputSpec& spec, const NamedFile& named, bool is_single,
                      OutputTarget* target) {
  OutputSpec output = spec;
  if (target->format == OutputFormat::kParquet) {
    if (output.compression.empty()) output.compression = "zstd";
    ARROW_ASSIGN_OR_RAISE(target->parquet, ParseParquetCompression(output.compression));
    return Status::OK();
  }
  if (target->format == OutputFormat::kArrow) {
    if (output.compression.empty()) output.compression = "none";
    ARROW_ASSIGN_OR_RAISE(target->compression,
                          ParseCompression(output, {"none", "zstd", "lz4"}, "Arrow"));
    if (target->compression.codec == arrow::Compression::LZ4) {
      target->compression.codec = arrow::Compression::LZ4_FRAME;
    }
    return Status::OK();
  }
  const std::string by_name(named.codec.empty() ? "none" : named.codec);
  if (output.compression.empty()) output.compression = is_single ? by_name : "none";
  if (is_single && output.compression.substr(0, output.compression.find(':')) != by_name) {
    return MakeError(ErrorKind::kInvalidConfig, 182,
                     "the name of the output and its compression differ: '{}' and {}; name it .gz "
                     "for gzip, .zst for zstd, neither for none",
                     output.path, output.compression);
  }
  ARROW_ASSIGN_OR_RAISE(target->compression,
                        ParseCompression(output, {"none", "gzip", "zstd"}, "text"));
  return Status::OK();
}

// Format, delimiter and compression, and whether it is one file.
Status SetForm(const OutputSpec& output, OutputTarget* target) {
  ARROW_RETURN_NOT_OK(CheckNoOtherCompression(output));
  ARROW_RETURN_NOT_OK(CheckNoOtherFormat(output));
  const NamedFile named = ReadFileName(output.path);
  const FormatName* format = named.format;
  bool is_single = format != nullptr && (named.codec.empty() || format->is_text());
  if (!output.format.empty()) {
    ARROW_ASSIGN_OR_RAISE(format, FindFormat(output.format));
    is_single = is_single && format->is_same(*named.format);
  } else if (!is_single) {
    ARROW_ASSIGN_OR_RAISE(format, FindFormat("parquet"));
  }
  target->format = format->format;
  target->delimiter = format->delimiter;
  target->transaction.kind = is_single ? TargetKind::kSingleFile : TargetKind::kDataset;
  return SetCompression(output, named, is_single, target);
}

}  // namespace

Result<OutputTarget> ResolveOutput(const OutputSpec& output, const std::string& run_id) {
  if (output.path.empty()) {
    return MakeError(ErrorKind::kInvalidConfig, 152,
                     "the output path is empty; name a file or directory");
  }
  if (output.path.find("://") != std::string::npos) {
    return MakeError(ErrorKind::kInvalidConfig, 156,
                     "this version writes local files only: {}; publish here and copy it there",
                     output.path);
  }
  OutputTarget target;
  ARROW_RETURN_NOT_OK(SetForm(output, &target));
  auto& options = target.transaction;
  options.target = output.path;
  options.mode = ModeOf(output.mode);
  options.durability = output.durable ? Durability::kFull : Durability::kNone;
  options.run_id = run_id;
  if (options.kind == TargetKind::kSingleFile && !output.partition_by.empty()) {
    return MakeError(ErrorKind::kInvalidConfig, 153,
                     "one file cannot be partitioned: '{}'; name a directory (without an ending "
                     "like .parquet), or leave out the partition columns",
                     output.path);
  }
  options.retain_seconds = output.retain_seconds;
  if (options.kind == TargetKind::kSingleFile && output.retain_seconds > 0) {
    return MakeError(ErrorKind::kInvalidConfig, 157,
                     "one file keeps no earlier generation: '{}'; name a directory (without an "
                     "ending like .parquet), or leave out the grace period",
                     output.path);
  }
  if (options.mode == PublishMode::kOverwritePartitions && output.partition_by.empty()) {
    return MakeError(
        ErrorKind::kInvalidConfig, 154,
        "mode overwrite-partitions needs partition columns; add --partition-by, or use "
        "--mode overwrite");
  }
  return target;
}

}  // namespace headrace
