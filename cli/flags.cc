#include "cli/flags.h"

#include "headrace/text.h"

namespace headrace::cli {
namespace {

using arrow::Status;

constexpr uint32_t kJob = kConvert | kPlan;  // commands that take a job from flags
constexpr uint32_t kReads = kConvert | kPlan | kPreview;
constexpr uint32_t kWorks = kConvert | kRun | kPlan | kPreview;
constexpr uint32_t kWrites = kConvert | kRun;
constexpr uint32_t kAll = kConvert | kRun | kValidate | kPlan | kPreview | kDoctor | kCompletions |
                          kMonitor | kStatus | kReport | kPastCommands | kFsck;
constexpr int64_t kRowsMax = int64_t{1} << 53;

// Flags that set one value: parse it, then store it.
template <typename T, typename Target>
Status Store(arrow::Result<T> parsed, Target* target) {
  ARROW_ASSIGN_OR_RAISE(*target, std::move(parsed));
  return Status::OK();
}

template <typename Target>
Status StoreText(const std::string& value, Target* target) {
  *target = value;
  return Status::OK();
}

Status AddItems(const std::string& value, std::vector<std::string>* items) {
  for (std::string& item : SplitList(value)) items->push_back(std::move(item));
  return Status::OK();
}

Status AddSortColumns(const std::string& value, Settings* s) {
  for (std::string& column : SplitList(value))
    s->job.output.sort_within.push_back(ParseSortColumn(std::move(column)));
  return Status::OK();
}

Status AddTypes(const std::string& value, Settings* s) {
  for (const std::string& item : SplitList(value)) {
    ARROW_ASSIGN_OR_RAISE(auto pair, SplitPair(item, ':'));
    s->input.csv.types.push_back(std::move(pair));
  }
  return Status::OK();
}

Status SetMode(const std::string& value, Settings* s) {
  constexpr WriteMode kModes[] = {WriteMode::kCreate, WriteMode::kAppend, WriteMode::kOverwrite,
                                  WriteMode::kOverwritePartitions};
  ARROW_ASSIGN_OR_RAISE(
      size_t choice, ParseChoice(value, {"create", "append", "overwrite", "overwrite-partitions"}));
  s->job.output.mode = kModes[choice];
  return Status::OK();
}

// One number for all levels of pressure: the less memory there is, the sooner a run streams.
Status SetStreamingThreshold(const std::string& value, Settings* s) {
  ARROW_ASSIGN_OR_RAISE(const int64_t rows, ParseCount(value, 0, kRowsMax));
  s->job.resources.streaming = {.normal = rows, .elevated = rows * 2 / 5, .high = rows / 5};
  return Status::OK();
}

Status SetSchemaMode(const std::string& value, Settings* s) {
  ARROW_ASSIGN_OR_RAISE(size_t choice, ParseChoice(value, {"strict", "union"}));
  s->input.schema_mode = choice == 0 ? SchemaMode::kStrict : SchemaMode::kUnion;
  return Status::OK();
}

// Of a column that is added to those of the files.
Status SetColumnName(const std::string& value, std::string* name) {
  if (value.empty()) return Status::Invalid("a column needs a name");
  *name = value;
  return Status::OK();
}

Status SetBadRows(const std::string& value, Settings* s) {
  ARROW_ASSIGN_OR_RAISE(const size_t choice, ParseChoice(value, {"fail", "quarantine", "repair"}));
  s->job.bad_rows.what = static_cast<BadRows>(choice);  // in the order of the enumeration
  return Status::OK();
}

Status SetMaxBadRows(const std::string& value, Settings* s) {
  return value.ends_with('%') ? Store(ParseShare(value), &s->job.bad_rows.share_max)
                              : Store(ParseCount(value, 0, kRowsMax), &s->job.bad_rows.rows_max);
}

constexpr FlagDefinition kFlags[] = {
    // Input
    {"from", 0, "FORMAT", "csv|tsv|jsonl|json|parquet|arrow", FlagGroup::kInput, Repeat::kOnce, kReads,
     "format of the inputs; found by name and content unless given",
     [](auto& v, auto* s) { return StoreText(v, &s->input.format); }},
    {"types", 0, "NAME:TYPE,...", "", FlagGroup::kInput, Repeat::kMany, kReads,
     "types of CSV columns: id:int32,price:decimal(12,2); the rest is inferred from the whole "
     "input",
     AddTypes},
    {"all-strings", 0, "", "", FlagGroup::kInput, Repeat::kOnce, kReads,
     "read every CSV column as text",
     [](auto&, auto* s) {
       s->input.csv.all_strings = true;
       return Status::OK();
     }},
    {"delimiter", 0, "C", "", FlagGroup::kInput, Repeat::kOnce, kReads,
     "character between fields, or tab",
     [](auto& v, auto* s) { return Store(ParseCharacter(v), &s->input.csv.delimiter); }},
    {"quote", 0, "C", "", FlagGroup::kInput, Repeat::kOnce, kReads,
     "character around fields, or none",
     [](auto& v, auto* s) { return Store(ParseCharacter(v), &s->input.csv.quote); }},
    {"escape", 0, "C", "", FlagGroup::kInput, Repeat::kOnce, kReads,
     "character before a quote inside a quoted field, or none; the quote itself = doubled quotes",
     [](auto& v, auto* s) { return Store(ParseCharacter(v), &s->input.csv.escape); }},
    {"comment", 0, "C", "", FlagGroup::kInput, Repeat::kOnce, kReads,
     "lines that begin with it are skipped",
     [](auto& v, auto* s) { return Store(ParseCharacter(v), &s->input.csv.comment); }},
    {"header", 0, "", "", FlagGroup::kInput, Repeat::kOnce, kReads,
     "the first record names the columns",
     [](auto&, auto* s) {
       s->input.csv.header = true;
       return Status::OK();
     }},
    {"no-header", 0, "", "", FlagGroup::kInput, Repeat::kOnce, kReads, "the first record is data",
     [](auto&, auto* s) {
       s->input.csv.header = false;
       return Status::OK();
     }},
    {"skip-rows", 0, "N", "", FlagGroup::kInput, Repeat::kOnce, kReads,
     "lines before the header that are no data",
     [](auto& v, auto* s) { return Store(ParseCount(v, 0, kRowsMax), &s->input.csv.skip_rows); }},
    {"null-values", 0, "TEXT,...", "", FlagGroup::kInput, Repeat::kOnce, kReads,
     "unquoted fields that mean NULL, instead of the empty one: NA,NULL,\"\"",
     [](auto& v, auto* s) {
       s->input.csv.null_values = SplitList(v);
       return Status::OK();
     }},
    {"encoding", 0, "NAME", "utf-8|latin-1|windows-1252|utf-16le|utf-16be", FlagGroup::kInput,
     Repeat::kOnce, kReads, "encoding of the text; a byte order mark wins",
     [](auto& v, auto* s) { return StoreText(v, &s->input.csv.encoding); }},
    {"schema-mode", 0, "MODE", "strict|union", FlagGroup::kInput, Repeat::kOnce, kReads,
     "several files: strict = all have the same columns; union = by name, NULL where a file lacks "
     "one",
     SetSchemaMode},
    {"file-column", 0, "NAME", "", FlagGroup::kInput, Repeat::kOnce, kReads,
     "add a column with the path of the file that a row comes from",
     [](auto& v, auto* s) { return SetColumnName(v, &s->input.file_column); }},
    {"line-column", 0, "NAME", "", FlagGroup::kInput, Repeat::kOnce, kReads,
     "add a column with the line that a text record begins in, from 1",
     [](auto& v, auto* s) { return SetColumnName(v, &s->input.line_column); }},
    {"offset-column", 0, "NAME", "", FlagGroup::kInput, Repeat::kOnce, kReads,
     "add a column with the offset of a text record's first byte in its file",
     [](auto& v, auto* s) { return SetColumnName(v, &s->input.offset_column); }},
    {"bad-rows", 0, "WHAT", "fail|quarantine|repair", FlagGroup::kInput, Repeat::kOnce, kReads,
     "what a row does that does not fit: fail stops the run, quarantine stores the row beside the "
     "output, repair first makes rows of those CSV records that lose no value by it",
     SetBadRows},
    {"max-bad-rows", 0, "N|P%", "", FlagGroup::kInput, Repeat::kOnce, kJob,
     "more of them in quarantine stop the run: a number, or a share of all rows; without it, all "
     "but the last row may be bad",
     SetMaxBadRows},
    {"schema", 0, "FILE", "", FlagGroup::kInput, Repeat::kOnce, kReads, "column contracts",
     nullptr},
    // Steps
    {"derive", 0, "NAME=EXPR", "", FlagGroup::kSteps, Repeat::kMany, kReads,
     "add or replace a column; later ones see earlier ones",
     [](auto& v, auto* s) {
       ARROW_ASSIGN_OR_RAISE(auto pair, SplitPair(v, '='));
       s->derive.push_back(std::move(pair));
       return Status::OK();
     }},
    {"where", 0, "EXPR", "", FlagGroup::kSteps, Repeat::kMany, kReads,
     "keep the rows for which it is true; may use derived columns",
     [](auto& v, auto* s) {
       s->where.push_back(v);
       return Status::OK();
     }},
    {"select", 0, "COLUMN,...", "", FlagGroup::kSteps, Repeat::kMany, kReads,
     "keep these columns, in this order",
     [](auto& v, auto* s) { return AddItems(v, &s->select); }},
    {"limit", 0, "N", "", FlagGroup::kSteps, Repeat::kOnce, kReads, "the first rows in input order",
     [](auto& v, auto* s) { return Store(ParseCount(v, 0, kRowsMax), &s->limit); }},
    {"rows", 'n', "N", "", FlagGroup::kSteps, Repeat::kOnce, kPreview | kHistory,
     "rows to show; 20 unless given",
     [](auto& v, auto* s) { return Store(ParseCount(v, 0, 100'000), &s->preview_rows); }},
    // Output
    {"to", 0, "FORMAT", "parquet|csv|tsv|jsonl|arrow", FlagGroup::kOutput, Repeat::kOnce, kJob,
     "format of the output; by the file name, and parquet for a directory, unless given",
     [](auto& v, auto* s) { return StoreText(v, &s->job.output.format); }},
    {"partition-by", 0, "COLUMN,...", "", FlagGroup::kOutput, Repeat::kMany, kJob,
     "Hive directories by these columns, outermost first",
     [](auto& v, auto* s) { return AddItems(v, &s->job.output.partition_by); }},
    {"sort-within", 0, "COLUMN,-COLUMN,...", "", FlagGroup::kOutput, Repeat::kMany, kJob,
     "rows of every partition, or of all files, in this order, - for descending; as in the input "
     "unless given",
     AddSortColumns},
    {"mode", 0, "MODE", "create|append|overwrite|overwrite-partitions", FlagGroup::kOutput,
     Repeat::kOnce, kJob, "what happens to an existing target; create refuses it", SetMode},
    {"compression", 0, "CODEC[:LEVEL]", "zstd|snappy|lz4|gzip|none", FlagGroup::kOutput,
     Repeat::kOnce, kJob,
     "parquet: of pages, zstd unless given; text: gzip, zstd or none, by the file name unless "
     "given; arrow: zstd, lz4 or none",
     [](auto& v, auto* s) {
       return StoreText(v, &s->job.output.compression);
     }},
    {"row-group-rows", 0, "N", "", FlagGroup::kOutput, Repeat::kOnce, kJob,
     "rows in one row group; chosen from the budget, at most 122880, unless given",
     [](auto& v, auto* s) {
       return Store(ParseCount(v, 1, 1 << 30), &s->job.output.row_group_rows);
     }},
    {"target-file-size", 0, "SIZE", "", FlagGroup::kOutput, Repeat::kOnce, kJob,
     "a file of a dataset that reaches it is followed by another; 512MiB unless given",
     [](auto& v, auto* s) { return Store(ParseSize(v), &s->job.output.target_file_bytes); }},
    {"durability", 0, "WHAT", "full|none", FlagGroup::kOutput, Repeat::kOnce, kJob,
     "full: published means on disk; none skips every fsync",
     [](auto& v, auto* s) {
       ARROW_ASSIGN_OR_RAISE(size_t choice, ParseChoice(v, {"full", "none"}));
       s->job.output.durable = choice == 0;
       return Status::OK();
     }},
    {"retain", 0, "DURATION", "", FlagGroup::kOutput, Repeat::kOnce, kJob | kRollback,
     "so long the dataset that is replaced can be rolled back to: 24h, 7d; 0s removes it at once, "
     "as a run does unless told otherwise",
     [](auto& v, auto* s) {
       ARROW_ASSIGN_OR_RAISE(s->retain_seconds, ParseSeconds(v));
       s->job.output.retain_seconds = *s->retain_seconds;
       return Status::OK();
     }},
    {"run-id", 0, "ID", "", FlagGroup::kOutput, Repeat::kOnce, kWrites,
     "a run of this id is published once: where the dataset's ledger has it, nothing is done",
     [](auto& v, auto* s) {
       s->job.run_id = v;
       return v.empty() ? Status::Invalid("the id is empty") : Status::OK();
     }},
    {"allow-new-columns", 0, "", "", FlagGroup::kOutput, Repeat::kOnce, kJob,
     "append and overwrite-partitions may add columns, NULL in the rows that stand there already",
     [](auto&, auto* s) {
       s->job.output.allow_new_columns = true;
       return Status::OK();
     }},
    {"sort-within", 0, "COLUMN,...", "", FlagGroup::kOutput, Repeat::kOnce, kJob,
     "sorting inside files", nullptr},
    // Resources
    {"memory", 0, "SIZE|SHARE", "", FlagGroup::kResources, Repeat::kOnce, kWorks | kFsck,
     "budget of the whole process: 512MiB, 25%; a quarter of the effective limit unless given",
     [](auto& v, auto* s) {
       s->job.resources.memory = v;
       return CheckMemoryText(v);
     }},
    {"threads", 0, "N", "", FlagGroup::kResources, Repeat::kOnce, kWorks,
     "workers; the usable cores unless given",
     [](auto& v, auto* s) {
       ARROW_ASSIGN_OR_RAISE(int64_t threads, ParseCount(v, 1, 1024));
       s->job.resources.threads = static_cast<int>(threads);
       return Status::OK();
     }},
    {"spill-dir", 0, "DIR", "", FlagGroup::kResources, Repeat::kOnce, kWorks,
     "where spilled rows go; beside the target unless given",
     [](auto& v, auto* s) { return StoreText(v, &s->job.resources.spill_dir); }},
    {"spill-max", 0, "SIZE", "", FlagGroup::kResources, Repeat::kOnce, kWorks,
     "most bytes of spilled rows; what the disk has free, less a margin, unless given",
     [](auto& v, auto* s) { return Store(ParseSize(v), &s->job.resources.spill_bytes_max); }},
    {"chunk-size", 0, "N", "", FlagGroup::kResources, Repeat::kOnce, kWorks,
     "most rows in one unit of processing; 50000 unless given",
     [](auto& v, auto* s) {
       return Store(ParseCount(v, 1, kRowsMax), &s->job.resources.chunk_rows);
     }},
    {"streaming-threshold", 0, "ROWS", "", FlagGroup::kResources, Repeat::kOnce,
     kConvert | kRun | kPlan,
     "rows up to which a run takes the direct path; 2/5 and 1/5 of it at elevated and high "
     "pressure; 5000000 unless given",
     SetStreamingThreshold},
    {"batch-size", 0, "SIZE", "", FlagGroup::kResources, Repeat::kOnce, kWorks,
     "input bytes in one unit of work; for tests, chosen from the budget unless given",
     [](auto& v, auto* s) { return Store(ParseSize(v), &s->job.resources.batch_bytes); }},
    {"shuffle-seed", 0, "N", "", FlagGroup::kResources, Repeat::kOnce, kWrites,
     "let workers yield at random points; for tests of the order of rows",
     [](auto& v, auto* s) {
       return Store(ParseCount(v, 0, kRowsMax), &s->job.resources.shuffle_seed);
     }},
    // Watching
    {"metrics", 0, "ADDRESS", "", FlagGroup::kWatching, Repeat::kOnce, kWrites,
     "serve metrics for Prometheus while the run lasts: 127.0.0.1:9464; loopback only",
     [](auto& v, auto* s) { return StoreText(v, &s->metrics_address); }},
    {"metrics-file", 0, "FILE", "", FlagGroup::kWatching, Repeat::kOnce, kWrites,
     "write the same to a file about once a second, for the textfile collector",
     [](auto& v, auto* s) { return StoreText(v, &s->metrics_file); }},
    {"run", 0, "ID", "", FlagGroup::kWatching, Repeat::kOnce, kMonitor,
     "the run whose id begins with this, also one that ended",
     [](auto& v, auto* s) { return StoreText(v, &s->run_prefix); }},
    {"once", 0, "", "", FlagGroup::kWatching, Repeat::kOnce, kMonitor,
     "print one view and end",
     [](auto&, auto* s) {
       s->once = true;
       return Status::OK();
     }},
    {"serve", 0, "ADDRESS", "", FlagGroup::kWatching, Repeat::kOnce, kMonitor,
     "serve a web page until stopped: 127.0.0.1:8080, port 0 = any free; loopback only",
     [](auto& v, auto* s) { return StoreText(v, &s->serve_address); }},
    {"html", 0, "OUT.html", "", FlagGroup::kWatching, Repeat::kOnce, kReport,
     "write the report as one HTML page instead of text; - = standard output",
     [](auto& v, auto* s) { return StoreText(v, &s->html_path); }},
    // History
    {"format", 0, "FORM", "text|json", FlagGroup::kHistory, Repeat::kOnce,
     kHistory | kShow | kFsck, "text for people, or one JSON object",
     [](auto& v, auto* s) {
       ARROW_ASSIGN_OR_RAISE(size_t choice, ParseChoice(v, {"text", "json"}));
       s->output_format = static_cast<LogFormat>(choice);
       return Status::OK();
     }},
    {"older-than", 0, "DURATION", "", FlagGroup::kHistory, Repeat::kOnce, kVacuum,
     "also remove what was replaced longer ago: 12h, 7d; whatever it was retained for; and files of "
     "bad rows that are older",
     [](auto& v, auto* s) {
       ARROW_ASSIGN_OR_RAISE(s->older_than_seconds, ParseSeconds(v));
       return Status::OK();
     }},
    {"dry-run", 0, "", "", FlagGroup::kHistory, Repeat::kOnce, kVacuum,
     "say what would be removed, and change nothing",
     [](auto&, auto* s) {
       s->dry_run = true;
       return Status::OK();
     }},
    {"deep", 0, "", "", FlagGroup::kWatching, Repeat::kOnce, kFsck,
     "read and decode every page instead of the footers alone",
     [](auto&, auto* s) {
       s->deep = true;
       return Status::OK();
     }},
    // Messages
    {"report", 0, "FILE", "", FlagGroup::kMessages, Repeat::kOnce, kWrites,
     "write the run's report as JSON, also after a failure; - = standard output",
     [](auto& v, auto* s) { return StoreText(v, &s->report_path); }},
    {"progress", 0, "WHEN", "auto|always|never", FlagGroup::kMessages, Repeat::kOnce, kWrites,
     "progress on standard error; auto: only on a terminal",
     [](auto& v, auto* s) {
       ARROW_ASSIGN_OR_RAISE(size_t choice, ParseChoice(v, {"auto", "always", "never"}));
       s->progress = static_cast<ProgressMode>(choice);
       return Status::OK();
     }},
    {"log-format", 0, "FORMAT", "text|json", FlagGroup::kMessages, Repeat::kOnce, kAll,
     "form of errors and of the last line on standard error",
     [](auto& v, auto* s) {
       ARROW_ASSIGN_OR_RAISE(size_t choice, ParseChoice(v, {"text", "json"}));
       s->log_format = static_cast<LogFormat>(choice);
       return Status::OK();
     }},
    {"verbose", 'v', "", "", FlagGroup::kMessages, Repeat::kOnce, kAll,
     "also print what was found in the input and what each stage did",
     [](auto&, auto* s) {
       s->verbosity = Verbosity::kVerbose;
       return Status::OK();
     }},
    {"quiet", 'q', "", "", FlagGroup::kMessages, Repeat::kOnce, kAll, "print errors only",
     [](auto&, auto* s) {
       s->verbosity = Verbosity::kQuiet;
       return Status::OK();
     }},
};

}  // namespace

std::span<const FlagDefinition> Flags() { return kFlags; }

const char* GroupTitle(FlagGroup group) {
  switch (group) {
    case FlagGroup::kInput:
      return "Input";
    case FlagGroup::kSteps:
      return "Steps";
    case FlagGroup::kOutput:
      return "Output";
    case FlagGroup::kResources:
      return "Resources";
    case FlagGroup::kWatching:
      return "Watching";
    case FlagGroup::kHistory:
      return "History";
    case FlagGroup::kMessages:
      return "Messages";
  }
  return "";
}

std::string FlagSyntax(const FlagDefinition& flag) {
  std::string syntax = flag.letter ? std::string("-") + flag.letter + ", --" : "--";
  syntax += flag.name;
  if (*flag.value_name) syntax += std::string(" ") + flag.value_name;
  return syntax;
}

}  // namespace headrace::cli
