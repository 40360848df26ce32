// The page of `headrace monitor --serve`, and the look that it shares with the page of a report.
#pragma once

#include <string>
#include <string_view>

namespace headrace {

// Colours for light and dark, type, cards, tables, badges, bars and charts. Names no other file.
std::string_view PageStyle();

// One HTML page that needs nothing else but /events of the server that it came from. It begins with
// `runs`, which RunsToJson made, so that it shows something before the stream speaks. Its style and
// script run by `nonce`, which is new for every answer; data reaches the page as text only.
std::string MonitorPage(std::string_view nonce, std::string_view runs);

}  // namespace headrace
