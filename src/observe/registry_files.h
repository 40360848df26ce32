// The files of the registry: the directory that is trusted, names, and what goes when there are too
// many. See registry.h for the protocol.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "env/env.h"

namespace headrace {

inline constexpr std::string_view kRunSuffix = ".run";
inline constexpr std::string_view kLockSuffix = ".lock";
inline constexpr std::string_view kEndedSuffix = ".ended";

// OK when `directory` is one, belongs to this user, and nobody else may look into it. Sink
// otherwise, also when there is none.
Status CheckPrivateDirectory(const std::string& directory);
// The same, made when it is missing.
Status MakePrivateDirectory(const std::string& directory);

struct RunFiles {
  bool run = false;
  bool lock = false;
  bool ended = false;
  bool temporary = false;
};

// By run id, which sorts by start.
Result<std::map<std::string, RunFiles>> ListRunFiles(Env* env, const std::string& directory);

// Over the file all at once, without a sync.
Status ReplaceFile(Env* env, const std::string& path, const std::string& content);

// Whether a living process holds the lock. Other viewers hold it for a moment when they ask the
// same: with `ask_again` a lock that is held is asked for a few times.
enum class AskAgain : uint8_t { kNo, kYes };
bool IsLockHeld(Env* env, const std::string& path, AskAgain ask_again);

// Removes the oldest files above `kept` of ended and of dead runs, and what a killed process left
// before its first snapshot.
void PruneRunFiles(Env* env, const std::string& directory, size_t kept);

}  // namespace headrace
