// What a user asks for: inputs, steps, an output and resources. `headrace convert`, pipeline files
// and C++ callers all fill in this one structure; every entry point of headrace/run.h takes it.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace headrace {

struct CsvOptions {  // unset = sniffed
  std::optional<char> delimiter;
  std::optional<char> quote;   // '\0' = no quoting
  std::optional<char> escape;  // equal to quote = doubled quotes
  std::optional<char> comment;
  std::optional<bool> header;
  std::optional<int64_t> skip_rows;
  std::optional<std::vector<std::string>> null_values;  // default: the empty unquoted field
  std::optional<std::string> encoding;
  bool quoted_empty_is_null = false;
  bool all_strings = false;
  std::vector<std::pair<std::string, std::string>> types;  // column, type text ("decimal(12,2)")
  int64_t field_bytes_max = 256LL << 20;                   // a longer field is a bad row
};

// What becomes of input records that do not fit: too few or many fields, a value that is not of its
// column's type, invalid text.
enum class BadRows : uint8_t {
  kFail,        // the first one ends the run
  kQuarantine,  // they are left out of the output and stored beside it, with place and reason
  kRepair       // CSV records that can be rows without a value being lost are, the others as above
};

// Whether the run goes on over bad rows, storing them beside the output.
inline bool PutsAside(BadRows bad_rows) { return bad_rows != BadRows::kFail; }

struct BadRowsSpec {
  BadRows what = BadRows::kFail;
  // Of rows put aside: more ends the run, and nothing is published. A share is one of all rows
  // read, 0.001 = 0.1 %, and judged at the end. With neither, any number will do as long as one row
  // fits.
  std::optional<int64_t> rows_max = {};
  std::optional<double> share_max = {};
};

// How several files of one input go together.
enum class SchemaMode : uint8_t {
  kStrict,  // all have the same column names, in any order
  kUnion    // columns by name, in order of first appearance; NULL where a file lacks one
};

struct InputSpec {
  std::vector<std::string> paths;  // files, globs, directories, "-"
  std::string format;              // "" = by file name and content
  CsvOptions csv;
  SchemaMode schema_mode = SchemaMode::kStrict;
  // Columns beside those of the files; "" = none. The path as it was found, the physical line that
  // a record begins in, from 1, and the offset of its first byte; the latter two of text only.
  std::string file_column = {};
  std::string line_column = {};
  std::string offset_column = {};
  std::string id = {};  // for the report; "" = none
  // Instead of paths: Arrow data of the calling program, read once. Its batches are the caller's
  // memory: they count as the process's base, not against what stages may hold.
  std::shared_ptr<arrow::RecordBatchReader> stream = {};
};

struct FilterStep {
  std::string predicate;
};
struct DeriveStep {
  std::vector<std::pair<std::string, std::string>> columns;
};  // name, expression; later ones see earlier ones
struct SelectStep {
  std::vector<std::string> columns;
};
struct DropStep {
  std::vector<std::string> columns;
};
struct RenameStep {
  std::vector<std::pair<std::string, std::string>> columns;
};  // from, to
struct CastStep {
  std::vector<std::pair<std::string, std::string>> columns;
};  // column, type
struct FillNullStep {
  std::vector<std::pair<std::string, std::string>> columns;
};  // column, literal expression
struct LimitStep {
  int64_t rows = 0;
};

struct Step {
  std::variant<FilterStep, DeriveStep, SelectStep, DropStep, RenameStep, CastStep, FillNullStep,
               LimitStep>
      what;
  std::string where;  // "p.yaml:12:5" for messages; "" from the command line
};

enum class WriteMode : uint8_t { kCreate, kAppend, kOverwrite, kOverwritePartitions };

enum class SortOrder : uint8_t { kAscending, kDescending };

// NULLs come last in both orders.
struct SortColumn {
  std::string name;
  SortOrder order = SortOrder::kAscending;
};

// "amount", or "-amount" for descending order.
inline SortColumn ParseSortColumn(std::string text) {
  const bool is_descending = text.starts_with('-');
  if (is_descending) text.erase(0, 1);
  return {std::move(text), is_descending ? SortOrder::kDescending : SortOrder::kAscending};
}

struct OutputSpec {
  std::string path;
  // "parquet", "csv", "tsv", "jsonl", "arrow"; "" = by file name, and Parquet for a directory
  std::string format;
  std::vector<std::string> partition_by;
  // Of the rows of every partition, or of all rows; empty: as they come in the input.
  std::vector<SortColumn> sort_within;
  WriteMode mode = WriteMode::kCreate;
  // Parquet: zstd[:level] (the default) snappy lz4 gzip[:level] none. Text: gzip[:level]
  // zstd[:level] none, by the file name unless given. Arrow: zstd[:level] lz4 none (the default).
  std::string compression = {};
  int64_t row_group_rows = 0;  // 0 = chosen from the budget, at most 122,880
  int64_t target_file_bytes = 512LL << 20;
  bool durable = true;
  // So long the dataset that a run replaces is kept, and can be rolled back to
  // (headrace/history.h); 0 = it is removed at once.
  int64_t retain_seconds = 0;
  bool allow_new_columns = false;  // append, overwrite-partitions: columns the dataset lacks
};

// When memory is called tight, in shares of what is closest to its limit (docs/memory.md).
struct PressureMarks {
  double elevated = 0.75;
  double high = 0.85;
  double critical = 0.95;
};

// Rows up to which a run takes the direct path, by the pressure at its start.
struct StreamingThresholds {
  int64_t normal = 5'000'000;
  int64_t elevated = 2'000'000;
  int64_t high = 1'000'000;  // and critical

  // The others in the proportion of the defaults.
  static StreamingThresholds From(int64_t normal) {
    return {normal, normal / 5 * 2 + normal % 5 * 2 / 5, normal / 5};
  }
};

struct ResourceSpec {
  std::string memory;     // "512MiB", "25%", "" = 25 % of the effective limit, at least the floor
  int threads = 0;        // 0 = usable cores
  std::string spill_dir;  // "" = beside the target
  int64_t spill_bytes_max = 0;  // 0 = what the disk has free, less a margin
  int64_t chunk_rows = 50'000;
  PressureMarks pressure;
  StreamingThresholds streaming;
  int64_t batch_bytes = 0;    // 0 = chosen from the budget; tests set it to move block borders
  uint64_t shuffle_seed = 0;  // not 0: workers yield at random points (tests of P2)
};

// Who is told when something happens during a run. Delivery never blocks or fails the run.
struct AlertTarget {
  enum class Kind : uint8_t { kLog, kFile, kCommand, kWebhook };
  Kind kind = Kind::kLog;
  std::string address;  // a path, a command line for /bin/sh -c, or a URL; a secret, never printed
  std::vector<std::pair<std::string, std::string>> headers = {};  // of a webhook; secret as well
};

struct AlertSpec {
  // "failure", "memory_pressure", "budget_refusal", "spill_volume", "spill_disk", "no_progress",
  // "leak", "quarantine"
  std::vector<std::string> on;
  std::string level = "high";      // memory_pressure: from this level on
  double for_seconds = 0;          // the condition has to hold so long
  double cool_down_seconds = 300;  // silence after a delivery of the same rule
  int64_t bytes = 0;               // spill_volume: from so many on; 0 = any
  double seconds = 60;             // no_progress: so long without a row or byte
  std::vector<AlertTarget> targets;
};

struct JobSpec {
  std::string name;               // for the report; "" = none
  std::vector<InputSpec> inputs;  // one in this version
  std::vector<Step> steps;
  OutputSpec output;
  // Further places for the same rows. All outputs of a run are published together or not at all.
  std::vector<OutputSpec> more_outputs = {};
  ResourceSpec resources;
  BadRowsSpec bad_rows = {};
  std::vector<AlertSpec> alerts = {};
  // Not empty: a run of this id is published once. Where the target's ledger has it, the run does
  // nothing and reports "already published". Datasets only.
  std::string run_id = {};
};

// A snapshot for a progress bar.
struct Progress {
  std::string phase;  // "inferring types", "converting", "publishing"
  int64_t rows = 0;
  int64_t bytes = 0;
  int64_t bytes_total = -1;
  int64_t accounted_bytes = 0;
  int64_t budget_bytes = 0;
  double seconds = 0;
};
using ProgressCallback = std::function<void(const Progress&)>;

}  // namespace headrace
