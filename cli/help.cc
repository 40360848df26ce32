#include "cli/help.h"

#include <fmt/format.h>

namespace headrace::cli {
namespace {

constexpr FlagGroup kGroups[] = {FlagGroup::kInput,     FlagGroup::kSteps,    FlagGroup::kOutput,
                                 FlagGroup::kResources, FlagGroup::kWatching, FlagGroup::kHistory,
                                 FlagGroup::kMessages};
constexpr int kSyntaxWidth = 28;

bool Belongs(const FlagDefinition& flag, FlagGroup group, const CommandDefinition& command) {
  return flag.group == group && (flag.commands & command.bit) && flag.apply;
}

std::string FlagLine(const FlagDefinition& flag) {
  const std::string syntax = FlagSyntax(flag);
  std::string line = fmt::format("  {:<{}}", syntax, kSyntaxWidth);
  if (syntax.size() >= kSyntaxWidth) line += fmt::format("\n  {:{}}", "", kSyntaxWidth);
  line += flag.summary;
  if (*flag.choices) line += fmt::format(" [{}]", flag.choices);
  if (flag.repeat == Repeat::kMany) line += " (repeatable)";
  return line + "\n";
}

// "headrace convert INPUT... OUTPUT".
std::string CommandSyntax(const CommandDefinition& command) {
  const char* gap = *command.arguments ? " " : "";
  return fmt::format("headrace {}{}{}", command.name, gap, command.arguments);
}

// A cell of a table must not end it.
std::string Cell(std::string_view text) {
  std::string cell;
  for (char c : text) cell += c == '|' ? std::string("\\|") : std::string(1, c);
  return cell;
}

}  // namespace

std::string HelpText() {
  std::string text =
      "headrace turns big messy files into clean partitioned Parquet datasets, within a memory "
      "budget,\n"
      "and publishes all of it or none of it.\n\nUsage: headrace COMMAND [FLAGS] "
      "ARGUMENTS\n\nCommands\n";
  for (const CommandDefinition& command : Commands()) {
    text += fmt::format("  {:<12}{}\n", command.name, command.summary);
  }
  return text +
         "\nFlags\n  -h, --help                  this text, or that of a command\n"
         "  --version                   versions of headrace and of Arrow\n\n"
         "Example: headrace convert 'trips/*.csv.gz' out/trips --partition-by year --memory "
         "512MiB\n"
         "headrace COMMAND --help describes a command. Exit codes: docs/exit-codes.md.\n";
}

std::string HelpText(const CommandDefinition& command) {
  std::string text = fmt::format("Usage: {} [FLAGS]\n\n{}.\n{}\n", CommandSyntax(command),
                                 command.summary, command.details);
  for (FlagGroup group : kGroups) {
    std::string lines;
    for (const FlagDefinition& flag : Flags()) {
      if (Belongs(flag, group, command)) lines += FlagLine(flag);
    }
    if (!lines.empty()) text += fmt::format("\n{}\n{}", GroupTitle(group), lines);
  }
  return text;
}

std::string CommandReferenceMarkdown() {
  std::string page;
  for (const CommandDefinition& command : Commands()) {
    page += fmt::format("### {}\n\n{}. {}\n\n", CommandSyntax(command), command.summary,
                        command.details);
  }
  for (FlagGroup group : kGroups) {
    page +=
        fmt::format("### {}\n\n| flag | commands | meaning |\n|---|---|---|\n", GroupTitle(group));
    for (const FlagDefinition& flag : Flags()) {
      if (flag.group != group || !flag.apply) continue;
      std::string commands;
      for (const CommandDefinition& command : Commands()) {
        if (flag.commands & command.bit)
          commands += (commands.empty() ? "" : " ") + std::string(command.name);
      }
      std::string meaning = flag.summary;
      if (*flag.choices) meaning += fmt::format(" [{}]", flag.choices);
      if (flag.repeat == Repeat::kMany) meaning += " (repeatable)";
      page += fmt::format("| `{}` | {} | {} |\n", Cell(FlagSyntax(flag)), commands, Cell(meaning));
    }
    page += "\n";
  }
  return page;
}

}  // namespace headrace::cli
