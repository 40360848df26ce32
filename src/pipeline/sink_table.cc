#include <cmath>

#include "pipeline/read_values.h"
#include "pipeline/tables.h"
#include "runtime/output_target.h"

namespace headrace {
namespace {

// "zstd", "zstd:3".
Status ReadCompression(const YamlNode& value, const ReadContext& context, OutputSpec* out) {
  YamlNode codec = value;
  codec.text = value.text.substr(0, value.text.find(':'));
  ARROW_RETURN_NOT_OK(
      ReadChoice(codec, context, {"zstd", "snappy", "lz4", "gzip", "none"}).status());
  const Status parsed = ParseParquetCompression(value.text).status();
  if (!parsed.ok()) return ConfigError(context.file, value, 138, "{}", parsed.message());
  return ReadText(value, context, &out->compression);
}

Status ReadPath(const YamlNode& value, const ReadContext& context, OutputSpec* out) {
  ARROW_RETURN_NOT_OK(ReadText(value, context, &out->path));
  const std::string scheme = UrlScheme(out->path);
  if (scheme.empty()) return Status::OK();
  return ConfigError(context.file, value, 119,
                     "writing to {}:// is not available in this version; name a local path: {}",
                     scheme, out->path);
}

constexpr Key<OutputSpec> kParquetKeys[] = {
    {{"compression", Presence::kOptional, "codec or codec:level", "`zstd`",
      "`zstd`, `zstd:N`, `snappy`, `lz4`, `gzip`, `gzip:N`, `none`"},
     ReadCompression},
    {{"row_group_rows", Presence::kOptional, "rows", "from the budget, at most 122,880",
      "rows in one row group"},
     [](auto& value, auto& context, auto* out) {
       return ReadCount(value, context, 1, &out->row_group_rows);
     }},
    {{"target_file_size", Presence::kOptional, "size", "`512MiB`",
      "a file that reaches it is followed by another"},
     [](auto& value, auto& context, auto* out) {
       return ReadBytes(value, context, &out->target_file_bytes);
     }},
};

Status ReadRetain(const YamlNode& value, const ReadContext& context, OutputSpec* out) {
  double seconds = 0;
  ARROW_RETURN_NOT_OK(ReadDuration(value, context, &seconds));
  out->retain_seconds = static_cast<int64_t>(std::ceil(seconds));
  return Status::OK();
}

Status ReadFormat(const YamlNode& value, const ReadContext& context, OutputSpec* out) {
  ARROW_RETURN_NOT_OK(
      ReadChoice(value, context, {"parquet", "csv", "tsv", "jsonl", "arrow"}).status());
  return ReadText(value, context, &out->format);
}

Status ReadSortWithin(const YamlNode& value, const ReadContext& context, OutputSpec* out) {
  std::vector<std::string> columns;
  ARROW_RETURN_NOT_OK(ReadTextList(value, context, &columns));
  for (std::string& column : columns) {
    out->sort_within.push_back(ParseSortColumn(std::move(column)));
  }
  return Status::OK();
}

Status ReadMode(const YamlNode& value, const ReadContext& context, OutputSpec* out) {
  constexpr WriteMode kModes[] = {WriteMode::kCreate, WriteMode::kAppend, WriteMode::kOverwrite,
                                  WriteMode::kOverwritePartitions};
  ARROW_ASSIGN_OR_RAISE(
      size_t choice,
      ReadChoice(value, context, {"create", "append", "overwrite", "overwrite_partitions"}));
  out->mode = kModes[choice];
  return Status::OK();
}

constexpr Key<OutputSpec> kSinkKeys[] = {
    {{"path", Presence::kRequired, "path", "",
      "a name ending in `.parquet`, `.csv`, `.tsv`, `.jsonl` or `.arrow` (text also with `.gz`, "
      "`.zst`) is one file, anything else a dataset directory"},
     ReadPath},
    {{"format", Presence::kOptional, "name", "by the path, else `parquet`",
      "`parquet`, `csv`, `tsv`, `jsonl`, `arrow`"},
     ReadFormat},
    {{"compression", Presence::kOptional, "codec or codec:level", "by the format and the path",
      "Parquet as below; text: `gzip`, `zstd`, `none`; Arrow: `zstd`, `lz4`, `none`"},
     ReadCompression},
    {{"target_file_size", Presence::kOptional, "size", "`512MiB`",
      "a file of a dataset that reaches it is followed by another"},
     [](auto& value, auto& context, auto* out) {
       return ReadBytes(value, context, &out->target_file_bytes);
     }},
    {{"partition_by", Presence::kOptional, "list of columns", "",
      "Hive directories, outermost first"},
     [](auto& value, auto& context, auto* out) {
       return ReadTextList(value, context, &out->partition_by);
     }},
    {{"sort_within", Presence::kOptional, "list of columns", "as in the input",
      "order of the rows of every partition, or of all files: `[day, -amount]`, `-` for "
      "descending"},
     ReadSortWithin},
    {{"mode", Presence::kOptional, "name", "`create`",
      "`create` (an existing target is an error), `append`, `overwrite`, `overwrite_partitions`"},
     ReadMode},
    {{"retain", Presence::kOptional, "duration", "`0s`",
      "so long the dataset that is replaced can be rolled back to: `24h`, `7d` (publishing.md)"},
     ReadRetain},
    {{"allow_new_columns", Presence::kOptional, "true or false", "`false`",
      "modes that keep files may add columns, NULL in the rows that stand there already"},
     [](auto& value, auto& context, auto* out) {
       return ReadBoolean(value, context, &out->allow_new_columns);
     }},
    {{"durability", Presence::kOptional, "name", "`full`",
      "`full` = published means on disk; `none` skips every fsync, but a kill still leaves all or "
      "nothing"},
     [](auto& value, auto& context, auto* out) {
       ARROW_ASSIGN_OR_RAISE(size_t choice, ReadChoice(value, context, {"full", "none"}));
       out->durable = choice == 0;
       return Status::OK();
     }},
    {{"parquet", Presence::kOptional, "map", "", "how Parquet is written (see below)"},
     [](auto& value, auto& context, auto* out) {
       return ReadMap(value, "sink.parquet", kParquetKeys, context, out);
     }},
};

Status ReadSink(const YamlNode& value, const ReadContext& context, OutputSpec* out) {
  ARROW_RETURN_NOT_OK(ReadMap(value, "sink", kSinkKeys, context, out));
  // What a run would check before it opens anything, told here with its place.
  const auto target = ResolveOutput(*out, "");
  if (!target.ok()) {
    return ConfigError(context.file, value, GetErrorCode(target.status()), "{}",
                       target.status().message());
  }
  if (out->mode == WriteMode::kAppend && target->transaction.kind == TargetKind::kSingleFile) {
    return ConfigError(context.file, ValueOrMap(value, "mode"), 146,
                       "mode append needs a dataset directory, and {} is one file; use mode "
                       "overwrite, or a name without such an ending",
                       out->path);
  }
  return Status::OK();
}

}  // namespace

Status ReadSinks(const YamlNode& value, const ReadContext& context, JobSpec* out) {
  if (value.kind != YamlNode::Kind::kSequence) return ReadSink(value, context, &out->output);
  if (value.items.empty()) {
    return ConfigError(context.file, value, 141, "sink is an empty list; name at least one sink");
  }
  ARROW_RETURN_NOT_OK(ReadSink(value.items.front(), context, &out->output));
  for (size_t i = 1; i < value.items.size(); ++i) {
    ARROW_RETURN_NOT_OK(ReadSink(value.items[i], context, &out->more_outputs.emplace_back()));
  }
  return Status::OK();
}

SectionDoc SinkSection() {
  return {"sink", "Where the rows go. Relative paths start at the working directory.",
          DocsOf(kSinkKeys)};
}
SectionDoc ParquetSection() {
  return {"sink.parquet", "Settings of the Parquet writer.", DocsOf(kParquetKeys)};
}

}  // namespace headrace
