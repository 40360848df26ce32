// The commands about the past of a dataset: history, show, rollback, vacuum, recover. Each gives an
// exit code.
#pragma once

#include "cli/settings.h"

namespace headrace::cli {

int PrintHistory(const Settings& settings);
int PrintLedgerEntry(const Settings& settings);
int RollBack(const Settings& settings);
int Vacuum(const Settings& settings);
int Recover(const Settings& settings);

}  // namespace headrace::cli
