// Settings: what a command line means, after every flag is read and checked.
#pragma once

#include <arrow/result.h>
#include <arrow/status.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "headrace/job.h"

namespace headrace::cli {

enum class ProgressMode : uint8_t { kAuto, kAlways, kNever };
enum class LogFormat : uint8_t { kText, kJson };
enum class Verbosity : uint8_t { kQuiet, kNormal, kVerbose };

struct Settings {
  JobSpec job;                     // of a pipeline file, or empty; flags write over it
  std::vector<std::string> paths;  // positional arguments
  // Steps of a command line run in this order: derive, where, select, limit.
  std::vector<std::pair<std::string, std::string>> derive;
  std::vector<std::string> where;
  std::vector<std::string> select;
  int64_t limit = -1;
  InputSpec input;              // everything but its paths
  std::string report_path;      // "" = none, "-" = standard output
  std::string metrics_address;  // "" = not served
  std::string metrics_file;     // "" = none
  std::string run_prefix;       // monitor: of the id of the run to show; "" = those that run
  bool once = false;            // monitor: one view, then the end
  std::string serve_address;    // monitor: "" = no web page
  std::string html_path;        // report show: "" = text on standard output
  LogFormat output_format = LogFormat::kText;  // history, show, fsck: of standard output
  std::optional<int64_t> retain_seconds;       // as given; rollback has a default of its own
  std::optional<int64_t> older_than_seconds;   // vacuum
  bool dry_run = false;                        // vacuum
  ProgressMode progress = ProgressMode::kAuto;
  LogFormat log_format = LogFormat::kText;
  Verbosity verbosity = Verbosity::kNormal;
  int64_t preview_rows = 20;
  bool deep = false;  // fsck: every page
};

// Values of flags. Errors are messages for the user, without the flag's name.
arrow::Result<int64_t> ParseCount(const std::string& text, int64_t min, int64_t max);
// One byte: ",", "\t", "tab"; "none" gives '\0'.
arrow::Result<char> ParseCharacter(const std::string& text);
// "a,decimal(12,2),\"b,c\"" -> {a, decimal(12,2), b,c}: commas inside parentheses and double quotes
// do not split.
std::vector<std::string> SplitList(const std::string& text);
// "NAME=EXPR" or "NAME:TYPE", split at the first separator outside double quotes.
arrow::Result<std::pair<std::string, std::string>> SplitPair(const std::string& text,
                                                             char separator);
// Index into `choices`, or an error that lists them.
arrow::Result<size_t> ParseChoice(const std::string& text, const std::vector<std::string>& choices);

// The steps that derive, where, select and limit ask for, in that order.
std::vector<Step> StepsOf(const Settings& settings);

}  // namespace headrace::cli
