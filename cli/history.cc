#include "cli/history.h"

#include <fmt/format.h>

#include "cli/console.h"
#include "cli/run_view.h"
#include "headrace/history.h"

namespace headrace::cli {
namespace {

std::string RollbackLine(const std::string& dataset, const RollbackResult& result) {
  std::string line = fmt::format("rolled back {} to run {}: {} files, as run {}", dataset,
                                 result.restored_run, result.files, result.run_id);
  if (!result.retained_until.empty()) {
    const std::string before =
        result.replaced_run.empty() ? "what stood there before" : "run " + result.replaced_run;
    line += fmt::format("; {} can be rolled back to until {}", before, result.retained_until);
  }
  return line;
}

}  // namespace

int PrintHistory(const Settings& settings) {
  const auto history = ReadHistory(settings.paths.front(), settings.preview_rows);
  if (!history.ok()) return PrintError(history.status(), settings);
  const std::string text = settings.output_format == LogFormat::kJson ? HistoryToJson(*history)
                                                                      : HistoryToText(*history);
  return PrintText(text, settings.log_format);
}

int PrintLedgerEntry(const Settings& settings) {
  const auto entry = ShowLedgerEntry(settings.paths.at(1), settings.paths.at(0));
  if (!entry.ok()) return PrintError(entry.status(), settings);
  const std::string text = settings.output_format == LogFormat::kJson ? LedgerEntryToJson(*entry)
                                                                      : LedgerEntryToText(*entry);
  return PrintText(text, settings.log_format);
}

int RollBack(const Settings& settings) {
  const std::string& dataset = settings.paths.at(0);
  const auto result = RollBackDataset(dataset, settings.paths.at(1), settings.retain_seconds);
  if (!result.ok()) return PrintError(result.status(), settings);
  PrintNotes(result->notes, settings);
  PrintDone(Printable(RollbackLine(dataset, *result)), settings);
  return kExitOk;
}

int Vacuum(const Settings& settings) {
  VacuumRequest request;
  request.older_than_seconds = settings.older_than_seconds;
  request.dry_run = settings.dry_run;
  const auto result = VacuumDataset(settings.paths.front(), request);
  if (!result.ok()) return PrintError(result.status(), settings);
  return PrintText(VacuumToText(*result, settings.dry_run), settings.log_format);
}

int Recover(const Settings& settings) {
  const auto actions = RecoverTarget(settings.paths.front());
  if (!actions.ok()) return PrintError(actions.status(), settings);
  std::string text;
  for (const std::string& action : *actions) text += Printable(action) + "\n";
  if (text.empty()) text = "nothing to do\n";
  return PrintText(text, settings.log_format);
}

}  // namespace headrace::cli
