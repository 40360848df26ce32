// Shell completion scripts, made from the table of flags.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/help.h"
#include "headrace/text.h"

namespace headrace::cli {
namespace {

std::string CommandWords() {
  std::string words;
  for (const CommandDefinition& command : Commands())
    words += (words.empty() ? "" : " ") + std::string(command.name);
  return words;
}

std::string FlagWords(const CommandDefinition& command) {
  std::string words = "--help";
  for (const FlagDefinition& flag : Flags()) {
    if ((flag.commands & command.bit) && flag.apply) words += std::string(" --") + flag.name;
  }
  return words;
}

std::string ChoiceWords(const FlagDefinition& flag) {
  std::string words = flag.choices;
  for (char& c : words) c = c == '|' ? ' ' : c;
  return words;
}

// One function serves bash and, through bashcompinit, zsh.
std::string BashScript() {
  std::string cases, values;
  for (const CommandDefinition& command : Commands()) {
    cases += fmt::format("    {}) words=\"{}\" ;;\n", command.name, FlagWords(command));
  }
  for (const FlagDefinition& flag : Flags()) {
    if (*flag.choices && flag.apply) {
      values +=
          fmt::format("    --{}) COMPREPLY=($(compgen -W \"{}\" -- \"$current\")); return ;;\n",
                      flag.name, ChoiceWords(flag));
    }
  }
  return fmt::format(R"(_headrace() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" previous="${{COMP_WORDS[COMP_CWORD-1]}}" words=""
  case "$previous" in
{}  esac
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "{} --help --version" -- "$current"))
    return
  fi
  case "${{COMP_WORDS[1]}}" in
{}  esac
  case "$current" in
    -*) COMPREPLY=($(compgen -W "$words" -- "$current")) ;;
    *) COMPREPLY=($(compgen -f -- "$current")) ;;
  esac
}}
complete -o filenames -F _headrace headrace
)",
                     values, CommandWords(), cases);
}

std::string FishQuoted(std::string_view text) {
  std::string quoted = "'";
  for (char c : text) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "'";
}

std::string FishScript() {
  std::string script;
  for (const CommandDefinition& command : Commands()) {
    script += fmt::format("complete -c headrace -n __fish_use_subcommand -a {} -d {}\n",
                          command.name, FishQuoted(command.summary));
  }
  for (const FlagDefinition& flag : Flags()) {
    if (!flag.apply) continue;
    std::vector<std::string> commands;
    for (const CommandDefinition& command : Commands()) {
      if (flag.commands & command.bit) commands.emplace_back(command.name);
    }
    script += fmt::format("complete -c headrace -n '__fish_seen_subcommand_from {}' -l {} -d {}",
                          fmt::join(commands, " "), flag.name, FishQuoted(flag.summary));
    if (flag.letter) script += fmt::format(" -s {}", flag.letter);
    if (*flag.value_name) script += " -r";
    if (*flag.choices) script += fmt::format(" -f -a '{}'", ChoiceWords(flag));
    script += "\n";
  }
  return script;
}

}  // namespace

arrow::Result<std::string> CompletionScript(const std::string& shell) {
  if (shell == "bash") return BashScript();
  if (shell == "zsh") return "autoload -U +X bashcompinit && bashcompinit\n" + BashScript();
  if (shell == "fish") return FishScript();
  return arrow::Status::Invalid("no completions for the shell '", shell,
                                "'; there are bash, zsh and fish");
}

}  // namespace headrace::cli
