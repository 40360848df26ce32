// Rows as an aligned table.
#pragma once

#include <string>

#include "headrace/run.h"

namespace headrace::cli {

// Names, types below them, a rule, then the rows; numbers stand to the right. Cells and then
// columns are cut with "…" to fit `width` columns; columns that do not fit are counted and named
// below. Control characters are shown escaped.
std::string FormatTable(const PreviewResult& preview, int width);

// Columns a text takes on a terminal: code points, wide East Asian ones and emoji count two,
// combining marks none.
int DisplayWidth(const std::string& text);

}  // namespace headrace::cli
