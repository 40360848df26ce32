// The client behind PostHttp.
#pragma once

#include <string>

#include "observe/http/module_table.h"

namespace headrace {

// The status code of the answer, or 0 and why there is none.
int PostOnce(const HttpTarget& target, const HttpPost& post, std::string* error);

}  // namespace headrace
