#include "cli/arguments.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <deque>

#include "headrace/text.h"

namespace headrace::cli {
namespace {

using arrow::Status;

// What CLI11 stores of one flag, at the top or behind a command.
struct FlagSlot {
  const FlagDefinition* definition;
  std::vector<std::string> values;
  bool on = false;
};

void AddFlag(const FlagDefinition& flag, CLI::App* app, std::deque<FlagSlot>* slots) {
  FlagSlot& slot = slots->emplace_back(FlagSlot{&flag, {}, false});
  std::string names = std::string("--") + flag.name;
  if (flag.letter) names = std::string("-") + flag.letter + "," + names;
  if (*flag.value_name == '\0') {
    app->add_flag(names, slot.on)->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    return;
  }
  app->add_option(names, slot.values)
      ->type_size(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

std::vector<std::string> FlagNames(uint32_t commands) {
  std::vector<std::string> names;
  for (const FlagDefinition& flag : Flags()) {
    if ((flag.commands & commands) && flag.apply) names.push_back(std::string("--") + flag.name);
  }
  return names;
}

std::vector<std::string> CommandNames() {
  std::vector<std::string> names;
  for (const CommandDefinition& command : Commands()) names.emplace_back(command.name);
  return names;
}

bool LooksLikeFlag(const std::string& word) { return word.size() > 1 && word.front() == '-'; }

// Words that no option took.
Status ExplainLeftover(const std::string& word, const CommandDefinition* command) {
  const std::string name = word.substr(0, word.find('='));
  if (!LooksLikeFlag(word)) {
    return Status::Invalid("unknown command '", word, "'", SuggestionFor(word, CommandNames()),
                           "; headrace --help lists the commands");
  }
  for (const FlagDefinition& flag : Flags()) {
    if (name != std::string("--") + flag.name) continue;
    if (!flag.apply)
      return Status::Invalid("flag ", name, " is not available in this version (", flag.summary,
                             ")");
    return Status::Invalid(
        "flag ", name, " does not belong to ", command ? command->name : "headrace", "; headrace ",
        command ? command->name : "", command ? " --help" : "--help", " lists what does");
  }
  const uint32_t commands = command ? command->bit : ~uint32_t{0};
  return Status::Invalid("unknown flag ", name, SuggestionFor(name, FlagNames(commands)),
                         "; headrace ", command ? std::string(command->name) + " " : "",
                         "--help lists the flags");
}

Status CheckCount(const CommandDefinition& command, size_t count) {
  if (static_cast<int>(count) < command.arguments_min) {
    return Status::Invalid(command.name, " needs more arguments: headrace ", command.name, " ",
                           command.arguments);
  }
  if (static_cast<int>(count) > command.arguments_max) {
    return Status::Invalid(command.name, " takes fewer arguments: headrace ", command.name, " ",
                           command.arguments);
  }
  return Status::OK();
}

Status CollectFlags(const std::deque<FlagSlot>& slots, std::vector<RawFlag>* flags) {
  for (const FlagSlot& slot : slots) {
    if (slot.on) flags->push_back({slot.definition, ""});
    for (const std::string& value : slot.values) flags->push_back({slot.definition, value});
    if (slot.values.size() > 1 && slot.definition->repeat == Repeat::kOnce) {
      return Status::Invalid("flag --", slot.definition->name, " is given twice; give it once");
    }
  }
  return Status::OK();
}

// CLI11's own complaints, in one line.
Status FromLibrary(const CLI::ParseError& error) {
  std::string message = error.what();
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) && message.starts_with("-")) {
    return Status::Invalid("flag ", message.substr(0, message.find(':')), " needs a value");
  }
  std::replace(message.begin(), message.end(), '\n', ' ');
  return Status::Invalid(message.empty() ? "arguments cannot be understood" : message);
}

// Role: one parse. Owner: ParseArguments. CLI11 keeps pointers into this object.
class Parser {
 public:
  Parser() {
    app_.set_help_flag();
    app_.allow_extras();
    app_.add_flag("-h,--help", help_);
    app_.add_flag("--version", version_);
    for (const FlagDefinition& flag : Flags()) {
      const bool global = flag.group == FlagGroup::kResources || flag.group == FlagGroup::kMessages;
      if (global && flag.apply) AddFlag(flag, &app_, &slots_);
    }
  }

  arrow::Result<RawArguments> Run(int argc, const char* const* argv) {
    const CommandDefinition* command = AddCommand(argc, argv);
    RawArguments arguments{.command = command};
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      return FromLibrary(error);
    }
    if (version_) arguments.request = Request::kVersion;
    if (help_) arguments.request = Request::kHelp;
    if (arguments.request != Request::kCommand) return arguments;
    std::vector<std::string> leftovers = app_.remaining(true);
    std::erase(leftovers, "--");  // the library keeps the mark that ends the flags
    if (!leftovers.empty()) return ExplainLeftover(leftovers.front(), command);
    if (!command) return Status::Invalid("no command is given; headrace --help lists the commands");
    ARROW_RETURN_NOT_OK(CollectFlags(slots_, &arguments.flags));
    for (const RawFlag& flag : arguments.flags) {
      if (!(flag.definition->commands & command->bit)) {
        return ExplainLeftover(std::string("--") + flag.definition->name, command);
      }
    }
    arguments.paths = paths_;
    ARROW_RETURN_NOT_OK(CheckCount(*command, paths_.size()));
    return arguments;
  }

 private:
  // Only the command that is named gets its options: setting up all of them would cost every start.
  const CommandDefinition* AddCommand(int argc, const char* const* argv) {
    const CommandDefinition* named = nullptr;
    for (int i = 1; i < argc && !named; ++i) {
      for (const CommandDefinition& command : Commands()) {
        if (command.name == std::string_view(argv[i])) named = &command;
      }
    }
    if (!named) return nullptr;
    CLI::App* sub = app_.add_subcommand(named->name);
    sub->set_help_flag();
    sub->allow_extras();
    sub->add_flag("-h,--help", help_);
    for (const FlagDefinition& flag : Flags()) {
      if ((flag.commands & named->bit) && flag.apply) AddFlag(flag, sub, &slots_);
    }
    sub->add_option("paths", paths_);
    return named;
  }

  CLI::App app_;
  bool help_ = false;
  bool version_ = false;
  std::deque<FlagSlot> slots_;
  std::vector<std::string> paths_;
};

}  // namespace

arrow::Result<RawArguments> ParseArguments(int argc, const char* const* argv) {
  return Parser().Run(argc, argv);
}

Status ApplyFlags(const RawArguments& arguments, Settings* settings) {
  for (const RawFlag& flag : arguments.flags) {
    // A shell variable that is empty, most likely; as if the flag were absent would be a surprise.
    const std::string_view kind = flag.definition->value_name;
    if (flag.value.empty() && (kind == "FILE" || kind == "OUT.html" || kind == "DIR" ||
                               kind == "ID" || kind == "ADDRESS")) {
      return Status::Invalid("--", flag.definition->name,
                             ": its value is empty; give one or leave "
                             "the flag out");
    }
    const Status applied = flag.definition->apply(flag.value, settings);
    if (!applied.ok()) return Status::Invalid("--", flag.definition->name, ": ", applied.message());
  }
  return Status::OK();
}

}  // namespace headrace::cli
