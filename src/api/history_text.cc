// The past of a dataset as text and as JSON.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/status.h"
#include "base/units.h"
#include "headrace/history.h"

namespace headrace {
namespace {

using Json = nlohmann::ordered_json;

// Paths and notes come from outside: a line stays a line, and a terminal obeys none of it.
std::string Printable(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }, '?');
  return text;
}

std::string Dump(const Json& object) {
  return object.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string ModeText(const LedgerEntry& entry) {
  return entry.rolled_back_to.empty() ? entry.mode
                                      : fmt::format("{} to {}", entry.mode, entry.rolled_back_to);
}

std::string StateText(const LedgerEntry& entry) {
  std::string text = entry.state;
  if (text == "retained") text += " until " + entry.retained_until;
  if (entry.rolled_back) text = text == "gone" ? "rolled back" : "rolled back, " + text;
  return text;
}

Json Head(const LedgerEntry& entry) {
  return {{"run_id", entry.run_id},
          {"published_at", entry.published_at},
          {"mode", entry.mode},
          {"plan_hash", entry.plan_hash},
          {"durable", entry.durable},
          {"rows", entry.rows},
          {"files", entry.files},
          {"bytes", entry.bytes},
          {"kept_files", entry.kept_files},
          {"replaced_run", entry.replaced_run},
          {"rolled_back_to", entry.rolled_back_to},
          {"state", entry.state},
          {"retained_until", entry.retained_until},
          {"rolled_back", entry.rolled_back}};
}

// Cells padded to their column, all but the last of a line.
class Columns {
 public:
  enum class Align : uint8_t { kLeft, kRight };
  explicit Columns(std::vector<Align> aligns) : aligns_(std::move(aligns)) {}
  void Add(std::vector<std::string> cells) {
    for (std::string& cell : cells) cell = Printable(std::move(cell));
    lines_.push_back(std::move(cells));
  }

  std::string Text() const {
    std::vector<size_t> widths(aligns_.size(), 0);
    for (const auto& cells : lines_) {
      for (size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], cells[i].size());
    }
    std::string text;
    for (const auto& cells : lines_) {
      std::string line;
      for (size_t i = 0; i < cells.size(); ++i) {
        const std::string blanks(widths[i] - cells[i].size(), ' ');
        line += i == 0 ? "" : "  ";
        line += aligns_[i] == Align::kRight ? blanks + cells[i] : cells[i] + blanks;
      }
      line.erase(line.find_last_not_of(' ') + 1);
      text += line + "\n";
    }
    return text;
  }

 private:
  std::vector<Align> aligns_;
  std::vector<std::vector<std::string>> lines_;
};

std::string RescuedLines(const std::vector<std::string>& rescued) {
  std::string text;
  for (const std::string& path : rescued) {
    text += fmt::format("rescued  {}: another program's content, yours to look at and remove\n",
                        Printable(path));
  }
  return text;
}

}  // namespace

std::string HistoryToText(const History& history) {
  using Align = Columns::Align;
  Columns columns({Align::kLeft, Align::kLeft, Align::kRight, Align::kRight, Align::kRight,
                   Align::kLeft, Align::kLeft});
  columns.Add({"published", "run", "rows", "files", "bytes", "mode", "state"});
  for (const LedgerEntry& entry : history.entries) {
    columns.Add({entry.published_at, entry.run_id, FormatCount(entry.rows),
                 FormatCount(entry.files), FormatBytes(entry.bytes), ModeText(entry),
                 StateText(entry)});
  }
  std::string text = columns.Text();
  const int64_t older = history.entries_total - static_cast<int64_t>(history.entries.size());
  if (older > 0) text += fmt::format("and {} older ones; --rows shows more\n", FormatCount(older));
  return text + RescuedLines(history.rescued);
}

std::string HistoryToJson(const History& history) {
  Json runs = Json::array();
  for (const LedgerEntry& entry : history.entries) runs.push_back(Head(entry));
  return Dump({{"target", history.target},
               {"runs_total", history.entries_total},
               {"runs", std::move(runs)},
               {"rescued", history.rescued}});
}

std::string LedgerEntryToText(const LedgerEntry& entry) {
  std::string text;
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) text += fmt::format("{:<12}{}\n", name, Printable(value));
  };
  add("run", entry.run_id);
  add("published", entry.published_at + (entry.durable ? "" : " (durability none)"));
  add("mode", ModeText(entry));
  add("state", StateText(entry));
  add("replaced", entry.replaced_run);
  add("plan", entry.plan_hash);
  add("wrote", fmt::format("{} rows, {} files, {}", FormatCount(entry.rows),
                           FormatCount(entry.files), FormatBytes(entry.bytes)));
  if (entry.kept_files > 0) add("kept", fmt::format("{} files", FormatCount(entry.kept_files)));
  for (const std::string& partition : entry.partitions) add("partition", partition);
  for (const LedgerInput& input : entry.inputs) {
    add("input", fmt::format("{}: {} rows, {}", input.path, FormatCount(input.rows),
                             FormatBytes(input.size_bytes)));
  }
  for (const std::string& note : entry.notes) add("note", note);
  return text;
}

std::string LedgerEntryToJson(const LedgerEntry& entry) {
  Json object = Head(entry);
  object["partitions"] = entry.partitions;
  object["inputs"] = Json::array();
  for (const LedgerInput& input : entry.inputs) {
    object["inputs"].push_back(
        {{"path", input.path}, {"size_bytes", input.size_bytes}, {"rows", input.rows}});
  }
  object["notes"] = entry.notes;
  return Dump(object);
}

std::string VacuumToText(const VacuumResult& result, bool dry_run) {
  std::string text;
  for (const std::string& note : result.notes) text += Printable(note) + "\n";
  int64_t freed_bytes = 0;
  for (const RemovedGeneration& removed : result.removed) {
    freed_bytes += removed.freed_bytes;
    text += fmt::format("{}  {}: replaced {}, retained until {}, {} files, {} freed\n",
                        dry_run ? "would remove" : "removed",
                        removed.run_id.empty() ? "what no run wrote" : "run " + removed.run_id,
                        removed.replaced_at, removed.retained_until, FormatCount(removed.files),
                        FormatBytes(removed.freed_bytes));
  }
  for (const std::string& path : result.removed_rejects) {
    text +=
        fmt::format("{}  bad rows: {}\n", dry_run ? "would remove" : "removed", Printable(path));
  }
  freed_bytes += result.freed_rejects_bytes;
  text += RescuedLines(result.rescued);
  return text + fmt::format("{} generations {}, {} {}; {} kept\n", result.removed.size(),
                            dry_run ? "would be removed" : "removed", FormatBytes(freed_bytes),
                            dry_run ? "would be freed" : "freed", result.kept_generations);
}

}  // namespace headrace
