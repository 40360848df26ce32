// headrace fsck.
#pragma once

#include "cli/settings.h"

namespace headrace::cli {

// Problems, one line each, and a last line that counts them; or one JSON document. Gives the exit
// code: that of failed checks when something is wrong.
int Fsck(const Settings& settings);

}  // namespace headrace::cli
