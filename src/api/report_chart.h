// The parts of a report's page that are drawn, and what makes text safe inside it.
#pragma once

#include <string>
#include <string_view>

#include "headrace/run_report.h"

namespace headrace {

// Text of a report inside HTML, in elements and in quoted attributes. Control characters, which
// would make the page invalid, become blanks.
std::string EscapedHtml(std::string_view text);

// Budget, accounted and resident bytes over time as inline SVG, with a band for each level of
// pressure above normal and a mark for each action of the governor; a key below. A sentence when
// the run was too short for a curve.
std::string MemoryChart(const RunReport& report);
// What it needs beyond PageStyle.
std::string_view MemoryChartStyle();

}  // namespace headrace
