// The one table of commands and flags: parser, help, docs/cli.md and shell completions are all made
// from it.
#pragma once

#include <arrow/status.h>

#include <cstdint>
#include <span>
#include <string>

#include "cli/settings.h"

namespace headrace::cli {

enum CommandBit : uint32_t {
  kConvert = 1 << 0,
  kRun = 1 << 1,
  kValidate = 1 << 2,
  kPlan = 1 << 3,
  kPreview = 1 << 4,
  kDoctor = 1 << 5,
  kCompletions = 1 << 6,
  kMonitor = 1 << 7,
  kStatus = 1 << 8,
  kReport = 1 << 9,
  kHistory = 1 << 10,
  kShow = 1 << 11,
  kRollback = 1 << 12,
  kVacuum = 1 << 13,
  kRecover = 1 << 14,
  kFsck = 1 << 15,
};

// About the past of a dataset.
inline constexpr uint32_t kPastCommands = kHistory | kShow | kRollback | kVacuum | kRecover;

struct CommandDefinition {
  CommandBit bit;
  const char* name;
  const char* arguments;  // "INPUT... OUTPUT"
  const char* summary;
  const char* details;
  int arguments_min;
  int arguments_max;
};

enum class FlagGroup : uint8_t {
  kInput,
  kSteps,
  kOutput,
  kResources,
  kWatching,
  kHistory,
  kMessages
};
enum class Repeat : uint8_t { kOnce, kMany };

struct FlagDefinition {
  const char* name;        // "memory"
  char letter;             // 'v', or 0
  const char* value_name;  // "SIZE"; "" = a switch
  const char* choices;     // "auto|always|never", or "" = free text
  FlagGroup group;
  Repeat repeat;
  uint32_t commands;  // where it may stand
  const char* summary;
  arrow::Status (*apply)(const std::string& value,
                         Settings* settings);  // null: not in this version
};

std::span<const CommandDefinition> Commands();
std::span<const FlagDefinition> Flags();
const char* GroupTitle(FlagGroup group);
// "--memory SIZE", "-v, --verbose".
std::string FlagSyntax(const FlagDefinition& flag);

}  // namespace headrace::cli
