// Scalars of a pipeline file as typed values. All fail with InvalidConfig at the value's place.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pipeline/key_table.h"

namespace headrace {

Status ReadText(const YamlNode& value, const ReadContext& context, std::string* out);
Status ReadBoolean(const YamlNode& value, const ReadContext& context, bool* out);
// An integer in [min, 2^53].
Status ReadCount(const YamlNode& value, const ReadContext& context, int64_t min, int64_t* out);
Status ReadBytes(const YamlNode& value, const ReadContext& context, int64_t* out);
// "25%" or "25 %" -> 0.25; above 0, at most 100 %.
Status ReadPercent(const YamlNode& value, const ReadContext& context, double* out);
// "500ms", "30s", "5m", "2h", "1d" as seconds.
Status ReadDuration(const YamlNode& value, const ReadContext& context, double* seconds);
// One byte: ",", "\t", "tab"; "none" gives '\0'.
Status ReadCharacter(const YamlNode& value, const ReadContext& context, char* out);
// One text, or a list of texts.
Status ReadTextList(const YamlNode& value, const ReadContext& context,
                    std::vector<std::string>* out);
// A map of names to texts, in file order.
Status ReadTextPairs(const YamlNode& value, const ReadContext& context,
                     std::vector<std::pair<std::string, std::string>>* out);

// The place in `choices` of a text; '-' and '_' are the same. The error lists the choices.
Result<size_t> ReadChoice(const YamlNode& value, const ReadContext& context,
                          const std::vector<std::string>& choices);

// "s3://bucket/x" -> "s3"; "" for a path.
std::string UrlScheme(std::string_view text);

}  // namespace headrace
