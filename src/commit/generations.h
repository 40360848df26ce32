// Old generations of a dataset that are kept for a while, so that a rollback can go back to them:
// .D.headrace/generations/<name>/, where the name alone says who wrote it and until when it stays.
//
//   <run id>.<since>.<until>         written by that run
//   before.<run id>.<since>.<until>  written by no run of ours; that run replaced it
//   removing.<...>                   given up: what is left of it is never offered again
// Run ids have no dots; times are UTC, "20261122T153059Z".
#pragma once

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "commit/layout.h"
#include "commit/transaction.h"

namespace headrace {

struct RetainedGeneration {
  std::string name;         // of its directory
  std::string run_id;       // that wrote it; "" = none of ours
  std::string replaced_by;  // known only where run_id is not
  std::time_t since = 0;
  std::time_t until = 0;
};

// `writer` is "" where no run of ours wrote the generation that `replacer` replaces now.
std::string GenerationName(const std::string& writer, const std::string& replacer, std::time_t now,
                           int64_t retain_seconds);
// nullopt for names that are none of ours, and for what is being removed.
std::optional<RetainedGeneration> ParseGenerationName(std::string_view name);

// By name; none when there are none. Needs no lock: what it tells may change at once.
Result<std::vector<RetainedGeneration>> ListGenerations(Env* env, const DatasetLayout& layout);

// The trees of other programs that were rescued from a transaction: their paths.
Status ListRescued(Env* env, const DatasetLayout& layout, std::vector<std::string>* paths);

// Moves the old generation at `path`, in a transaction, to generations/`name`.
Status RetainGeneration(Env* env, const DatasetLayout& layout, const std::string& path,
                        const std::string& name, Durability durability);

// The three below need the lock. Removal takes two steps, so that what is half removed can never be
// rolled back to: another name, durable, and then the files.
Status RemoveGenerations(Env* env, const DatasetLayout& layout,
                         const std::vector<std::string>& names);
// Those whose time is over at `now`.
Status RemoveExpiredGenerations(Env* env, const DatasetLayout& layout, std::time_t now);
// What a dead process began to remove, and the directory when nothing is left in it.
Status FinishRemovals(Env* env, const DatasetLayout& layout);

}  // namespace headrace
