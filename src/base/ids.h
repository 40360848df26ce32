// Run identifiers: sortable by start time, unique across processes and machines.
#pragma once

#include <string>

namespace headrace {

// "20261122T153059-4f9c1a2b7e60": UTC start second and 48 random bits.
std::string NewRunId();

}  // namespace headrace
