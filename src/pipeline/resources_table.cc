#include <algorithm>

#include "base/units.h"
#include "memory/pressure.h"
#include "memory/streaming_threshold.h"
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
    {{"elevated", Presence::kOptional, "share", "`75%`",
      "memory is called elevated from this use of the machine's or container's limit on"},
     [](auto& value, auto& context, auto* out) {
       return ReadPercent(value, context, &out->pressure.elevated);
     }},
    {{"high", Presence::kOptional, "share", "`85%`", "the same for high"},
     [](auto& value, auto& context, auto* out) {
       return ReadPercent(value, context, &out->pressure.high);
     }},
    {{"critical", Presence::kOptional, "share", "`95%`", "the same for critical"},
     [](auto& value, auto& context, auto* out) {
       return ReadPercent(value, context, &out->pressure.critical);
     }},
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

constexpr Key<ResourceSpec> kStreamingKeys[] = {
    {{"normal", Presence::kOptional, "rows", "`5000000`", "at normal pressure"},
     [](auto& value, auto& context, auto* out) {
       return ReadCount(value, context, 0, &out->streaming.normal);
     }},
    {{"elevated", Presence::kOptional, "rows", "two fifths of `normal`", "at elevated pressure"},
     [](auto& value, auto& context, auto* out) {
       return ReadCount(value, context, 0, &out->streaming.elevated);
     }},
    {{"high", Presence::kOptional, "rows", "a fifth of `normal`", "at high and critical pressure"},
     [](auto& value, auto& context, auto* out) {
       return ReadCount(value, context, 0, &out->streaming.high);
     }},
};

// What the map leaves out follows from what stands there, and never contradicts it.
StreamingThresholds Completed(StreamingThresholds given) {
  if (given.normal < 0) {
    given.normal = std::max({StreamingThresholds{}.normal, given.elevated, given.high});
  }
  const StreamingThresholds usual = StreamingThresholds::From(given.normal);
  if (given.elevated < 0) given.elevated = std::max(usual.elevated, given.high);
  if (given.high < 0) given.high = std::min(usual.high, given.elevated);
  return given;
}

Status ReadStreamingThreshold(const YamlNode& value, const ReadContext& context,
                              ResourceSpec* out) {
  if (value.kind != YamlNode::Kind::kScalar) {
    out->streaming = {-1, -1, -1};
    ARROW_RETURN_NOT_OK(
        ReadMap(value, "resources.streaming_threshold", kStreamingKeys, context, out));
    out->streaming = Completed(out->streaming);
    return WithContext(CheckStreamingThresholds(out->streaming), PlaceOf(context.file, value));
  }
  int64_t rows = 0;
  ARROW_RETURN_NOT_OK(ReadCount(value, context, 0, &rows));
  out->streaming = StreamingThresholds::From(rows);
  return Status::OK();
}

Status ReadMemory(const YamlNode& value, const ReadContext& context, ResourceSpec* out) {
  if (value.kind == YamlNode::Kind::kScalar) return ReadMemoryLimit(value, context, out);
  ARROW_RETURN_NOT_OK(ReadMap(value, "resources.memory", kMemoryKeys, context, out));
  return WithContext(CheckPressureMarks(out->pressure), PlaceOf(context.file, value));
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
    {{"streaming_threshold", Presence::kOptional, "rows or map", "`5000000`",
      "runs of at most so many rows take the direct path; two fifths of it at elevated pressure "
      "and "
      "a fifth at high, unless the map below says otherwise"},
     ReadStreamingThreshold},
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
SectionDoc StreamingSection() {
  return {"resources.streaming_threshold", "The map form of `streaming_threshold`.",
          DocsOf(kStreamingKeys)};
}
SectionDoc SpillSection() {
  return {"resources.spill", "Disk for spilled rows.", DocsOf(kSpillKeys)};
}

}  // namespace headrace
