#include "pipeline/read_values.h"
#include "pipeline/tables.h"

namespace headrace {
namespace {

constexpr Key<BadRowsSpec> kOnErrorKeys[] = {
    {{"bad_rows", Presence::kOptional, "`fail`, `quarantine` or `repair`", "`fail`",
      "a row that does not fit stops the run, or is stored beside the output; `repair` first makes "
      "rows of those CSV records that lose no value by it (csv.md)"},
     [](auto& value, auto& context, auto* out) {
       ARROW_ASSIGN_OR_RAISE(size_t choice,
                             ReadChoice(value, context, {"fail", "quarantine", "repair"}));
       out->what = static_cast<BadRows>(choice);  // in the order of the enumeration
       return Status::OK();
     }},
    {{"max_bad_rows", Presence::kOptional, "count or share", "all but one",
      "of those that are stored: more stop the run; `10`, or `0.1%` of all rows"},
     [](auto& value, auto& context, auto* out) {
       if (value.text.ends_with('%')) {
         return ReadPercent(value, context, &out->share_max.emplace(0));
       }
       return ReadCount(value, context, 0, &out->rows_max.emplace(0));
     }},
};

}  // namespace

Status ReadOnError(const YamlNode& value, const ReadContext& context, BadRowsSpec* out) {
  ARROW_RETURN_NOT_OK(ReadMap(value, "on_error", kOnErrorKeys, context, out));
  const bool has_limit = out->rows_max || out->share_max;
  if (PutsAside(out->what) || !has_limit) return Status::OK();
  return ConfigError(context.file, value, 148,
                     "max_bad_rows needs bad_rows: quarantine or repair; where bad rows fail, the "
                     "first one stops the run");
}

SectionDoc OnErrorSection() {
  return {"on_error", "What becomes of rows that do not fit.", DocsOf(kOnErrorKeys)};
}

}  // namespace headrace
