#include "base/units.h"
#include "pipeline/read_values.h"
#include "pipeline/tables.h"

namespace headrace {
namespace {

Status ReadMemoryLimit(const YamlNode& value, const ReadContext& context, ResourceSpec* out) {
  ARROW_RETURN_NOT_OK(ReadText(value, context, &out->memory));
  if (out->memory == "auto") {
    out->memory.clear();
    return Status::OK();
  }
  double share = 0;
  int64_t bytes = 0;
  return out->memory.ends_with('%') ? ReadPercent(value, context, &share)
                                    : ReadBytes(value, context, &bytes);
}

constexpr Key<ResourceSpec> kMemoryKeys[] = {
    {{"limit", Presence::kOptional, "size, share or `auto`", "`auto`",
      "the budget, as `memory` itself when it is no map"},
     ReadMemoryLimit},
    LaterKey<ResourceSpec>("elevated", "marks of memory pressure"),
    LaterKey<ResourceSpec>("high", "marks of memory pressure"),
};

constexpr Key<ResourceSpec> kSpillKeys[] = {
    {{"dir", Presence::kOptional, "path or `auto`", "`auto`",
      "where spilled rows go; `auto` = beside the target"},
     [](auto& value, auto& context, auto* out) {
       ARROW_RETURN_NOT_OK(ReadText(value, context, &out->spill_dir));
       if (out->spill_dir == "auto") out->spill_dir.clear();
       return Status::OK();
     }},
    {{"max", Presence::kOptional, "size or `auto`", "`auto`",
      "most bytes on disk; `auto` = what the disk has free, less a margin"},
     [](auto& value, auto& context, auto* out) {
       if (value.text == "auto") return Status::OK();
       return ReadBytes(value, context, &out->spill_bytes_max);
     }},
};

Status ReadMemory(const YamlNode& value, const ReadContext& context, ResourceSpec* out) {
  if (value.kind == YamlNode::Kind::kScalar) return ReadMemoryLimit(value, context, out);
  return ReadMap(value, "resources.memory", kMemoryKeys, context, out);
}

constexpr Key<ResourceSpec> kResourcesKeys[] = {
    {{"memory", Presence::kOptional, "size, share or map", "25 % of the effective limit",
      "the budget of the whole process: `512MiB`, `25%`, or a map (see below)"},
     ReadMemory},
    {{"threads", Presence::kOptional, "count or `auto`", "`auto`",
      "workers; `auto` = usable cores"},
     [](auto& value, auto& context, auto* out) {
       int64_t threads = 0;
       if (value.text != "auto") ARROW_RETURN_NOT_OK(ReadCount(value, context, 1, &threads));
       if (threads > 1024)
         return ConfigError(context.file, value, 132, "at most 1024 threads, not {}", threads);
       out->threads = static_cast<int>(threads);
       return Status::OK();
     }},
    {{"spill", Presence::kOptional, "map", "", "disk for what does not fit (see below)"},
     [](auto& value, auto& context, auto* out) {
       return ReadMap(value, "resources.spill", kSpillKeys, context, out);
     }},
    {{"chunk_size", Presence::kOptional, "rows", "`50000`", "most rows in one unit of processing"},
     [](auto& value, auto& context, auto* out) {
       return ReadCount(value, context, 1, &out->chunk_rows);
     }},
    {{"batch_size", Presence::kOptional, "size", "from the budget",
      "input text read as one unit of work"},
     [](auto& value, auto& context, auto* out) {
       return ReadBytes(value, context, &out->batch_bytes);
     }},
    {{"shuffle_seed", Presence::kOptional, "count", "`0`",
      "not 0: workers pause at random points; the rows stay the same, which tests rely on"},
     [](auto& value, auto& context, auto* out) {
       int64_t seed = 0;
       ARROW_RETURN_NOT_OK(ReadCount(value, context, 0, &seed));
       out->shuffle_seed = static_cast<uint64_t>(seed);
       return Status::OK();
     }},
    LaterKey<ResourceSpec>("streaming_threshold", "every run streams"),
};

}  // namespace

Status ReadResources(const YamlNode& value, const ReadContext& context, ResourceSpec* out) {
  return ReadMap(value, "resources", kResourcesKeys, context, out);
}

SectionDoc ResourcesSection() {
  return {"resources", "What the run may use.", DocsOf(kResourcesKeys)};
}
SectionDoc MemorySection() {
  return {"resources.memory", "The map form of `memory`.", DocsOf(kMemoryKeys)};
}
SectionDoc SpillSection() {
  return {"resources.spill", "Disk for spilled rows.", DocsOf(kSpillKeys)};
}

}  // namespace headrace
