// Ballast: disk that a run takes before it needs it, to have it when there is no more.
#pragma once

#include <cstdint>
#include <string>

#include "env/env.h"

namespace headrace {

// Role: a file without content that holds some disk while the run lasts. Dropped first when the run
// ends, however it ends: so on a disk that is full by then, journal, ledger, report and clean-up
// still find room. It stands in the transaction's directory, where the next run removes what a dead
// one left. Owner: the run. Threads: one. Errors: none; where it cannot be made there is none, and
// a disk that has not even this much will say so at the first write.
class Ballast {
 public:
  static constexpr int64_t kBytes = 1 << 20;

  // Takes the disk as `path`, in a directory that exists.
  void Take(Env* env, const std::string& path);
  void Drop();
  ~Ballast() { Drop(); }

 private:
  Env* env_ = nullptr;
  std::string path_;  // "" = none
};

}  // namespace headrace
