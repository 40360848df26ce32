// From what the user named to an opened scan: list, decide the format, open.
#include <fmt/ranges.h>

#include "source/arrow/reader_scan.h"
#include "source/csv/csv_scan.h"
#include "source/format.h"
#include "source/hive.h"
#include "source/hive_scan.h"
#include "source/listing.h"
#include "source/parquet/parquet_scan.h"
#include "source/scan.h"

namespace headrace {
namespace {

Result<HiveColumns> TypeDirectories(const std::vector<InputFile>& files) {
  std::vector<std::vector<HiveValue>> values;
  std::vector<std::string> paths;
  for (const InputFile& file : files) {
    values.push_back(file.hive);
    paths.push_back(file.path);
  }
  return TypeHiveColumns(values, paths);
}

Status Unsupported(InputFormat format, const std::string& path) {
  return MakeError(ErrorKind::kSource, 307,
                   "this version cannot read {} files: {}; it reads csv, tsv and parquet (say "
                   "--from csv if it is delimited text)",
                   FormatName(format), path);
}

std::vector<std::string_view> OptionsGiven(const CsvOptions& csv) {
  const CsvOptions unset;
  std::vector<std::string_view> given;
  const auto note = [&](bool is_given, std::string_view name) {
    if (is_given) given.push_back(name);
  };
  note(csv.delimiter.has_value(), "--delimiter");
  note(csv.quote.has_value(), "--quote");
  note(csv.escape.has_value(), "--escape");
  note(csv.comment.has_value(), "--comment");
  note(csv.header.has_value(), csv.header.value_or(true) ? "--header" : "--no-header");
  note(csv.skip_rows.has_value(), "--skip-rows");
  note(csv.null_values.has_value(), "--null-values");
  note(csv.encoding.has_value(), "--encoding");
  note(csv.all_strings, "--all-strings");
  note(!csv.types.empty(), "--types");
  // These have no flag, only a key.
  note(csv.quoted_empty_is_null, "quoted_empty");
  note(csv.field_bytes_max != unset.field_bytes_max, "field_size_max");
  return given;
}

// Read past silently they would let the user believe that they did something.
Status RefuseCsvOptions(const CsvOptions& csv, const std::string& path) {
  const auto given = OptionsGiven(csv);
  if (given.empty()) return Status::OK();
  return MakeError(ErrorKind::kInvalidConfig, 166,
                   "CSV options mean nothing to Parquet: {}; remove {} or say --from csv: {}",
                   fmt::join(given, ", "), given.size() == 1 ? "it" : "them", path);
}

Result<std::unique_ptr<Scan>> OpenText(const std::vector<InputFile>& files, HiveColumns hive,
                                       InputFormat format, CsvOptions options,
                                       const ScanContext& context) {
  std::vector<CsvFile> text_files;
  for (const InputFile& file : files) text_files.push_back({file.path, file.size_bytes});
  if (format == InputFormat::kTsv && !options.delimiter) options.delimiter = '\t';
  ARROW_ASSIGN_OR_RAISE(auto scan, OpenCsvScan(std::move(text_files), options, context));
  return hive.empty() ? std::move(scan) : MakeHiveScan(std::move(scan), std::move(hive), context);
}

}  // namespace

Result<std::unique_ptr<Scan>> OpenScan(const InputSpec& input, const ScanContext& context) {
  if (input.stream != nullptr) {
    if (!input.paths.empty()) {
      return MakeError(ErrorKind::kInvalidConfig, 168,
                       "an input is either paths or Arrow data of the program, not both; give one");
    }
    return OpenReaderScan(input.stream, context);
  }
  ARROW_ASSIGN_OR_RAISE(auto files, ListInputs(context.env, input.paths));
  ARROW_ASSIGN_OR_RAISE(const DecidedFormat decided,
                        DecideFormat(context.env, input.format, files));
  ARROW_ASSIGN_OR_RAISE(auto hive, TypeDirectories(files));
  switch (decided.format) {
    case InputFormat::kParquet:
      if (files.front().path == "-") {
        return MakeError(
            ErrorKind::kInvalidConfig, 107,
            "Parquet cannot be read from standard input: its index stands at the end; name a file");
      }
      ARROW_RETURN_NOT_OK(RefuseCsvOptions(input.csv, files.front().path));
      return OpenParquetScan(std::move(files), std::move(hive), context);
    case InputFormat::kCsv:
    case InputFormat::kTsv:
      return OpenText(files, std::move(hive), decided.format, input.csv, context);
    default:
      return Unsupported(decided.format, files.front().path);
  }
}

StageNeeds SourceNeedsBeforeOpen(int64_t batch_bytes) {
  const StageNeeds text = CsvNeeds(batch_bytes);
  const StageNeeds parquet = ParquetNeeds(batch_bytes);
  StageNeeds needs;
  needs.name = "source";
  needs.fixed_floor_bytes = std::max(text.fixed_floor_bytes, parquet.fixed_floor_bytes);
  needs.worker_floor_bytes = std::max(text.worker_floor_bytes, parquet.worker_floor_bytes);
  needs.fixed_wanted_bytes = std::max(text.fixed_wanted_bytes, parquet.fixed_wanted_bytes);
  needs.worker_wanted_bytes = std::max(text.worker_wanted_bytes, parquet.worker_wanted_bytes);
  return needs;
}

}  // namespace headrace
