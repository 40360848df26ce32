// The progress line on standard error.
#pragma once

#include <string>

#include "cli/settings.h"
#include "headrace/job.h"

namespace headrace::cli {

// "converting  42% [########            ] 2,520,000 rows  145.3 MB/s  ETA 4 s  mem 118.4 MiB of
// 256.0 MiB", cut to `width` columns. The bar and the ETA are left out while the total is unknown.
std::string ProgressLine(const Progress& progress, int width);

// Role: draws progress over itself on a terminal, and as a line of its own about once a second
// elsewhere. Owner: one command. Threads: Draw from one thread; Clear after the last Draw. Errors:
// none, output is best effort.
class ProgressPrinter {
 public:
  explicit ProgressPrinter(ProgressMode mode);
  bool active() const { return active_; }
  void Draw(const Progress& progress);
  void Clear();  // leaves an empty line on a terminal

 private:
  const bool terminal_;
  const bool active_;
  bool drawn_ = false;
  double next_line_seconds_ = 0;
};

}  // namespace headrace::cli
