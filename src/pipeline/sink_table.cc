#include "pipeline/read_values.h"
#include "pipeline/tables.h"

namespace headrace {
namespace {

constexpr Key<OutputSpec> kParquetKeys[] = {
    {{"compression", Presence::kOptional, "codec or codec:level", "`zstd`",
      "`zstd`, `zstd:N`, `snappy`, `lz4`, `gzip`, `none`"},
     [](auto& value, auto& context, auto* out) {
       return ReadText(value, context, &out->compression);
     }},
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

Status ReadFormat(const YamlNode& value, const ReadContext& context, OutputSpec* out) {
  ARROW_ASSIGN_OR_RAISE(size_t choice,
                        ReadChoice(value, context, {"parquet", "csv", "jsonl", "arrow"}));
  if (choice != 0) {
    return ConfigError(context.file, value, 119,
                       "writing {} is not available in this version; use parquet", value.text);
  }
  out->format = "parquet";
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
      "a name ending in `.parquet` is one file, anything else a dataset directory"},
     [](auto& value, auto& context, auto* out) { return ReadText(value, context, &out->path); }},
    {{"format", Presence::kOptional, "name", "`parquet`", "`parquet`"}, ReadFormat},
    {{"partition_by", Presence::kOptional, "list of columns", "",
      "Hive directories, outermost first"},
     [](auto& value, auto& context, auto* out) {
       return ReadTextList(value, context, &out->partition_by);
     }},
    {{"mode", Presence::kOptional, "name", "`create`",
      "`create` (an existing target is an error), `append`, `overwrite`, `overwrite_partitions`"},
     ReadMode},
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
    LaterKey<OutputSpec>("sort_within", "sorting inside files"),
};

}  // namespace

Status ReadSink(const YamlNode& value, const ReadContext& context, OutputSpec* out) {
  return ReadMap(value, "sink", kSinkKeys, context, out);
}

SectionDoc SinkSection() {
  return {"sink", "Where the rows go. Relative paths start at the working directory.",
          DocsOf(kSinkKeys)};
}
SectionDoc ParquetSection() {
  return {"sink.parquet", "Settings of the Parquet writer.", DocsOf(kParquetKeys)};
}

}  // namespace headrace
