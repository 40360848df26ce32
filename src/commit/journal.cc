#include "commit/journal.h"

#include <array>
#include <nlohmann/json.hpp>

#include "commit/layout.h"
#include "commit/write_whole.h"

namespace headrace {
namespace {

using Json = nlohmann::json;

constexpr int kJournalVersion = 1;
// Thousands of inputs and partitions fit many times over; more is not a journal of ours.
constexpr int64_t kJournalBytesMax = int64_t{1} << 30;

constexpr std::array<PublishMode, 5> kModes = {
    PublishMode::kCreate, PublishMode::kAppend, PublishMode::kOverwrite,
    PublishMode::kOverwritePartitions, PublishMode::kRollback};

// The value under `key` when it is there and of this type, else what `out` holds already.
template <typename T>
void Get(const Json& object, const char* key, T* out) {
  const auto found = object.find(key);
  if (found == object.end()) return;
  if constexpr (std::is_same_v<T, std::string>) {
    if (found->is_string()) *out = found->get<std::string>();
  } else {
    if (found->is_number_integer()) *out = found->get<T>();
  }
}

Json InputsToJson(const std::vector<PublishInput>& inputs) {
  Json array = Json::array();
  for (const PublishInput& input : inputs) {
    array.push_back({{"path", input.path}, {"size_bytes", input.size_bytes}, {"rows", input.rows}});
  }
  return array;
}

void GetTexts(const Json& object, const char* key, std::vector<std::string>* out) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_array()) return;
  for (const Json& item : *found) {
    if (item.is_string()) out->push_back(item.get<std::string>());
  }
}

void ParseLists(const Json& object, PublishInfo* info) {
  GetTexts(object, "partitions", &info->partitions);
  info->partition_count = static_cast<int64_t>(info->partitions.size());
  Get(object, "partition_count", &info->partition_count);
  if (const auto found = object.find("inputs"); found != object.end() && found->is_array()) {
    for (const Json& item : *found) {
      if (!item.is_object()) continue;
      PublishInput& input = info->inputs.emplace_back();
      Get(item, "path", &input.path);
      Get(item, "size_bytes", &input.size_bytes);
      Get(item, "rows", &input.rows);
    }
  }
}

}  // namespace

std::string_view PublishModeName(PublishMode mode) {
  switch (mode) {
    case PublishMode::kCreate:
      return "create";
    case PublishMode::kAppend:
      return "append";
    case PublishMode::kOverwrite:
      return "overwrite";
    case PublishMode::kOverwritePartitions:
      return "overwrite-partitions";
    case PublishMode::kRollback:
      return "rollback";
  }
  return "create";
}

std::string FormatJournal(const JournalRecord& record) {
  const Json object = {
      {"version", kJournalVersion},
      {"run_id", record.run_id},
      {"plan_hash", record.plan_hash},
      {"mode", PublishModeName(record.mode)},
      {"durability", record.durability == Durability::kFull ? "full" : "none"},
      {"new_inode", record.new_inode},
      {"old_inode", record.old_inode},
      {"kept_files", record.kept_files},
      {"prepared_at", record.prepared_at},
      {"replaced_run", record.replaced_run},
      {"retain_seconds", record.retain_seconds},
      {"retained_as", record.retained_as},
      {"rolled_back_to", record.rolled_back_to},
      {"group", record.group},
      {"group_parent_inode", record.group_parent_inode},
      {"notes", record.notes},
      {"rows", record.info.rows},
      {"files", record.info.files},
      {"bytes", record.info.bytes},
      {"partition_count", record.info.partition_count},
      {"partitions", record.info.partitions},
      {"inputs", InputsToJson(record.info.inputs)},
  };
  return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<JournalRecord> ParseJournal(std::string_view text, RecordParts parts) {
  // A key that is turned down takes its value with it, before that is built.
  const auto keep = [&](int, Json::parse_event_t event, Json& parsed) {
    return parts == RecordParts::kWhole || event != Json::parse_event_t::key ||
           (parsed != "inputs" && parsed != "partitions");
  };
  const Json object = Json::parse(text, keep, /*allow_exceptions=*/false);
  int64_t version = 0;
  if (!object.is_object()) return std::nullopt;
  Get(object, "version", &version);
  JournalRecord record;
  Get(object, "run_id", &record.run_id);
  Get(object, "new_inode", &record.new_inode);
  if (version != kJournalVersion || record.run_id.empty() || record.new_inode == 0) {
    return std::nullopt;
  }
  Get(object, "plan_hash", &record.plan_hash);
  Get(object, "old_inode", &record.old_inode);
  Get(object, "kept_files", &record.kept_files);
  Get(object, "prepared_at", &record.prepared_at);
  Get(object, "replaced_run", &record.replaced_run);
  Get(object, "retain_seconds", &record.retain_seconds);
  Get(object, "retained_as", &record.retained_as);
  Get(object, "rolled_back_to", &record.rolled_back_to);
  Get(object, "group", &record.group);
  Get(object, "group_parent_inode", &record.group_parent_inode);
  GetTexts(object, "notes", &record.notes);
  Get(object, "rows", &record.info.rows);
  Get(object, "files", &record.info.files);
  Get(object, "bytes", &record.info.bytes);
  std::string mode;
  std::string durability;
  Get(object, "mode", &mode);
  Get(object, "durability", &durability);
  for (const PublishMode candidate : kModes) {
    if (mode == PublishModeName(candidate)) record.mode = candidate;
  }
  record.durability = durability == "none" ? Durability::kNone : Durability::kFull;
  ParseLists(object, &record.info);
  return record;
}

Status WriteJournal(Env* env, const std::string& transaction_directory,
                    const JournalRecord& record) {
  const std::string path = JoinPath(transaction_directory, kJournalName);
  return WriteWhole(env, path, FormatJournal(record) + "\n", record.durability);
}

Result<std::optional<JournalRecord>> ReadJournal(Env* env,
                                                 const std::string& transaction_directory) {
  const std::string path = JoinPath(transaction_directory, kJournalName);
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> found, env->StatNoFollow(path));
  if (!found || found->type != FileType::kFile) return std::nullopt;
  ARROW_ASSIGN_OR_RAISE(const std::string text, env->ReadWholeFile(path, kJournalBytesMax));
  return ParseJournal(text);
}

}  // namespace headrace
