#include "runtime/report_builder.h"

#include <arrow/config.h>
#include <chrono>
#include <map>

#include "base/units.h"
#include "base/utc_text.h"
#include "base/version.h"
#include "env/process.h"

namespace headrace {
namespace {

double SecondsNow() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string StatusWord(const ReportFacts& facts) {
  if (facts.status.ok()) {
    return facts.published_before ? "already published" : "published";
  }
  return GetErrorKind(facts.status) == ErrorKind::kCancelled ? "cancelled" : "failed";
}

RepairReport RepairsOf(const std::vector<SourceInput>& inputs) {
  std::map<std::string, int64_t> rows;
  for (const SourceInput& input : inputs) {
    for (size_t kind = 0; kind < kRepairKinds; ++kind) {
      if (input.repaired[kind] > 0) rows[std::string(kRepairNames[kind])] += input.repaired[kind];
    }
  }
  RepairReport report;
  for (const auto& [reason, count] : rows) {
    report.rows += count;
    report.reasons.push_back({reason, count});
  }
  return report;
}

}  // namespace

void StartReport(RunReport* report) {
  report->headrace_version = kVersion;
  report->arrow_version = arrow::GetBuildInfo().version_string;
  // The duration is taken from this same clock value at the end.
  report->wall_seconds = SecondsNow();
  report->started_at = UtcText(static_cast<std::time_t>(report->wall_seconds));
  const CpuTimes cpu = ReadCpuTimes();
  report->cpu_seconds = cpu.user_seconds + cpu.system_seconds;
}

void FinishReport(const ReportFacts& facts, RunReport* report) {
  report->wall_seconds = SecondsNow() - report->wall_seconds;
  const CpuTimes cpu = ReadCpuTimes();
  report->cpu_seconds = cpu.user_seconds + cpu.system_seconds - report->cpu_seconds;
  report->status = StatusWord(facts);
  if (!facts.status.ok()) {
    report->error = facts.status.message();
    report->error_code = fmt::format("E{:04}", GetErrorCode(facts.status));
  }
  report->exit_code = ExitCode(facts.status);
  report->threads = facts.threads;
  report->mode = facts.mode;
  report->mode_reason = facts.mode_reason;
  report->rows_in = facts.counters->rows_in.load();
  report->rows_filtered = facts.counters->rows_filtered.load();
  report->rows_limited = facts.counters->rows_limited.load();
  report->rows_rejected = facts.counters->rows_rejected.load();
  report->quarantine = facts.quarantine;
  if (!facts.status.ok()) report->quarantine.path.clear();
  for (const auto& input : facts.inputs) {
    report->inputs.push_back({input.path, input.size_bytes, input.rows, input.rejects});
    for (const int64_t rows : input.repaired) report->inputs.back().repaired += rows;
  }
  report->repairs = RepairsOf(facts.inputs);
  if (facts.status.ok()) {
    report->rows_out = facts.rows_out;
    report->outputs = facts.outputs;
  }
  auto& memory = report->memory;
  if (facts.budget != nullptr) {
    const auto& settings = facts.budget->settings();
    memory.budget_bytes = settings.total_bytes;
    memory.budget_origin = settings.origin;
    memory.base_bytes = settings.base_bytes;
    memory.slack_bytes = facts.budget->slack_bytes();
    memory.accounted_peak_bytes = facts.budget->peak_bytes();
    for (const auto& holder : facts.budget->Holders()) {
      for (auto& stage : report->stages) {
        if (stage.name == holder.name) stage.reserved_peak_bytes = holder.peak_bytes;
      }
    }
  }
  if (memory.rss_peak_bytes > 0) return;  // told by what watched the run
  if (const auto process = ReadProcessMemory(); process.ok()) {
    memory.rss_peak_bytes = process->rss_peak_bytes;
  }
}

AdmissionRequest MakeRequest(const MemoryBudget& budget, int threads,
                             std::vector<StageNeeds> needs) {
  const auto& settings = budget.settings();
  return {budget.lendable_bytes(), threads,
          std::move(needs),        settings.total_bytes,
          settings.base_bytes,     budget.slack_bytes(),
          settings.origin};
}

std::string DescribeMemory(const MemoryBudget& budget, const Admission& admission,
                           int64_t batch_bytes) {
  const auto& settings = budget.settings();
  std::string text = fmt::format(
      "memory: {} ({}), of which {} are the process's base and {} slack; {} threads, {} of input "
      "per "
      "morsel\n",
      FormatBytes(settings.total_bytes), settings.origin, FormatBytes(settings.base_bytes),
      FormatBytes(budget.slack_bytes()), admission.threads, FormatBytes(batch_bytes));
  for (const auto& grant : admission.grants) {
    text += fmt::format("  {}: floor {}, granted {}\n", grant.name, FormatBytes(grant.floor_bytes),
                        FormatBytes(grant.granted_bytes));
  }
  return text;
}

}  // namespace headrace
