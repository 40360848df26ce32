// From what the user named to an opened scan: list, decide the format, open.
#include <fmt/ranges.h>

#include "source/arrow/ipc_scan.h"
#include "source/arrow/reader_scan.h"
#include "source/csv/csv_scan.h"
#include "source/format.h"
#include "source/hive.h"
#include "source/hive_scan.h"
#include "source/json/json_scan.h"
#include "source/listing.h"
#include "source/parquet/parquet_scan.h"
#include "source/scan.h"

namespace headrace {
namespace {

// What the rows of a file have in common: the values of its directories, and its path.
Result<HiveColumns> ColumnsOfPaths(const std::vector<InputFile>& files,
                                   const std::string& file_column) {
  std::vector<std::vector<HiveValue>> values;
  std::vector<std::string> paths;
  for (const InputFile& file : files) {
    values.push_back(file.hive);
    paths.push_back(file.path);
  }
  ARROW_ASSIGN_OR_RAISE(auto columns, TypeHiveColumns(values, paths));
  if (!file_column.empty()) ARROW_RETURN_NOT_OK(AddFileColumn(file_column, paths, &columns));
  return columns;
}

Status Unsupported(InputFormat format, const std::string& path) {
  return MakeError(
      ErrorKind::kSource, 307,
      "this version cannot read {} files: {}; it reads csv, tsv, jsonl, json, parquet and "
      "arrow (say --from csv if it is delimited text)",
      FormatName(format), path);
}

// What `csv` says that is about delimited text alone.
std::vector<std::string_view> DialectOptionsGiven(const CsvOptions& csv) {
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
  // This has no flag, only a key.
  note(csv.quoted_empty_is_null, "quoted_empty");
  return given;
}

// The same, and what is about any text.
std::vector<std::string_view> OptionsGiven(const CsvOptions& csv) {
  const CsvOptions unset;
  std::vector<std::string_view> given = DialectOptionsGiven(csv);
  if (csv.encoding.has_value()) given.push_back("--encoding");
  if (csv.all_strings) given.push_back("--all-strings");
  if (!csv.types.empty()) given.push_back("--types");
  if (csv.field_bytes_max != unset.field_bytes_max) given.push_back("field_size_max");
  return given;
}

// Read past silently they would let the user believe that they did something.
Status RefuseOptions(const std::vector<std::string_view>& given, std::string_view format,
                     const std::string& path) {
  if (given.empty()) return Status::OK();
  return MakeError(ErrorKind::kInvalidConfig, 166,
                   "CSV options mean nothing to {}: {}; remove {} or say --from csv: {}", format,
                   fmt::join(given, ", "), given.size() == 1 ? "it" : "them", path);
}

Status RefuseRecordPlaces(const InputSpec& input, std::string_view format) {
  if (input.line_column.empty() && input.offset_column.empty()) return Status::OK();
  return MakeError(ErrorKind::kInvalidConfig, 172,
                   "lines and offsets are those of text; leave out --line-column and "
                   "--offset-column, or name text files: format {}",
                   format);
}

Result<std::unique_ptr<Scan>> OpenText(const std::vector<InputFile>& files, HiveColumns hive,
                                       InputFormat format, const InputSpec& input,
                                       const ScanContext& context) {
  CsvOptions options = input.csv;
  std::vector<CsvFile> text_files;
  for (const InputFile& file : files) text_files.push_back({file.path, file.size_bytes});
  if (format == InputFormat::kTsv && !options.delimiter) options.delimiter = '\t';
  const CsvScanOptions scan_options{input.schema_mode, {input.line_column, input.offset_column}};
  ARROW_ASSIGN_OR_RAISE(auto scan,
                        OpenCsvScan(std::move(text_files), options, context, scan_options));
  ARROW_RETURN_NOT_OK(CheckFileColumn(hive, scan->column_names(), files.front().path));
  return hive.empty() ? std::move(scan) : MakeHiveScan(std::move(scan), std::move(hive), context);
}

Result<std::unique_ptr<Scan>> OpenJson(const std::vector<InputFile>& files, HiveColumns hive,
                                       const InputSpec& input, const ScanContext& context) {
  ARROW_RETURN_NOT_OK(RefuseOptions(DialectOptionsGiven(input.csv), "JSON", files.front().path));
  std::vector<JsonFile> text_files;
  for (const InputFile& file : files) text_files.push_back({file.path, file.size_bytes});
  ARROW_ASSIGN_OR_RAISE(auto scan, OpenJsonScan(std::move(text_files), input.csv, context,
                                                {input.line_column, input.offset_column}));
  ARROW_RETURN_NOT_OK(CheckFileColumn(hive, scan->column_names(), files.front().path));
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
  ARROW_ASSIGN_OR_RAISE(auto hive, ColumnsOfPaths(files, input.file_column));
  switch (decided.format) {
    case InputFormat::kParquet:
      if (files.front().path == "-") {
        return MakeError(
            ErrorKind::kInvalidConfig, 107,
            "Parquet cannot be read from standard input: its index stands at the end; name a file");
      }
      ARROW_RETURN_NOT_OK(RefuseOptions(OptionsGiven(input.csv), "Parquet", files.front().path));
      ARROW_RETURN_NOT_OK(RefuseRecordPlaces(input, "parquet"));
      return OpenParquetScan(std::move(files), std::move(hive), context, input.schema_mode);
    case InputFormat::kArrow: {
      ARROW_RETURN_NOT_OK(RefuseOptions(OptionsGiven(input.csv), "Arrow data", files.front().path));
      ARROW_RETURN_NOT_OK(RefuseRecordPlaces(input, "arrow"));
      const std::string first = files.front().path;
      ARROW_ASSIGN_OR_RAISE(auto scan, OpenIpcScan(std::move(files), context));
      ARROW_RETURN_NOT_OK(CheckFileColumn(hive, scan->column_names(), first));
      return hive.empty() ? std::move(scan)
                          : MakeHiveScan(std::move(scan), std::move(hive), context);
    }
    case InputFormat::kCsv:
    case InputFormat::kTsv:
      return OpenText(files, std::move(hive), decided.format, input, context);
    case InputFormat::kJson:
    case InputFormat::kJsonLines:
      return OpenJson(files, std::move(hive), input, context);
    default:
      return Unsupported(decided.format, files.front().path);
  }
}

StageNeeds SourceNeedsBeforeOpen(int64_t batch_bytes) {
  StageNeeds needs;
  needs.name = "source";
  for (const StageNeeds& format : {CsvNeeds(batch_bytes), JsonNeeds(batch_bytes),
                                   ParquetNeeds(batch_bytes), IpcNeeds(batch_bytes)}) {
    needs.fixed_floor_bytes = std::max(needs.fixed_floor_bytes, format.fixed_floor_bytes);
    needs.worker_floor_bytes = std::max(needs.worker_floor_bytes, format.worker_floor_bytes);
    needs.fixed_wanted_bytes = std::max(needs.fixed_wanted_bytes, format.fixed_wanted_bytes);
    needs.worker_wanted_bytes = std::max(needs.worker_wanted_bytes, format.worker_wanted_bytes);
  }
  return needs;
}

}  // namespace headrace
