// The commands that look at runs: monitor, status, report. Each gives an exit code.
#pragma once

#include "cli/settings.h"

namespace headrace::cli {

int Monitor(const Settings& settings);
int PrintStatus(const Settings& settings);
int ShowReport(const Settings& settings);

}  // namespace headrace::cli
