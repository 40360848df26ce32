#include "commit/group_record.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "commit/errors.h"
#include "commit/layout.h"
#include "commit/write_whole.h"

namespace headrace {
namespace {

using Json = nlohmann::json;

constexpr int kGroupVersion = 1;
constexpr int64_t kGroupBytesMax = int64_t{16} << 20;

std::optional<GroupRecord> ParseGroup(const std::string& directory, const std::string& text) {
  const Json object = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object() || object.value("version", Json()) != Json(kGroupVersion)) {
    return std::nullopt;
  }
  GroupRecord record;
  const auto run_id = object.find("run_id");
  const auto members = object.find("members");
  if (run_id == object.end() || !run_id->is_string() || members == object.end() ||
      !members->is_array()) {
    return std::nullopt;
  }
  record.run_id = run_id->get<std::string>();
  for (const Json& member : *members) {
    const auto target = member.find("target");
    const auto marker = member.find("marker");
    if (target == member.end() || !target->is_string() || marker == member.end() ||
        !marker->is_string()) {
      return std::nullopt;
    }
    record.members.push_back({ResolvePath(directory, target->get<std::string>()),
                              ResolvePath(directory, marker->get<std::string>())});
  }
  return record;
}

}  // namespace

std::string GroupRecordPath(const TransactionOptions& first) {
  return first.kind == TargetKind::kDataset ? DatasetLayout(first.target).group(first.run_id)
                                            : SingleFileGroupPath(first.target, first.run_id);
}

std::string RelativePath(const std::string& directory, const std::string& path) {
  return std::filesystem::path(path).lexically_relative(directory).string();
}

std::string ResolvePath(const std::string& directory, const std::string& relative) {
  return (std::filesystem::path(directory) / relative).lexically_normal().string();
}

Status WriteGroupRecord(Env* env, const std::string& path, const GroupRecord& record,
                        Durability durability) {
  const std::string directory = ParentPath(path);
  Json members = Json::array();
  for (const GroupMemberPlace& member : record.members) {
    members.push_back({{"target", RelativePath(directory, member.target)},
                       {"marker", RelativePath(directory, member.marker)}});
  }
  const Json object = {
      {"version", kGroupVersion}, {"run_id", record.run_id}, {"members", std::move(members)}};
  return WriteWhole(env, path, object.dump(-1, ' ', false, Json::error_handler_t::strict) + "\n",
                    durability);
}

Result<std::optional<GroupRecord>> ReadGroupRecord(Env* env, const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> found, env->StatNoFollow(path));
  if (!found) return std::nullopt;
  ARROW_ASSIGN_OR_RAISE(const std::string text, env->ReadWholeFile(path, kGroupBytesMax));
  std::optional<GroupRecord> record = ParseGroup(ParentPath(path), text);
  if (record) return record;
  // It is renamed into place whole, so this is damage, and guessing could tear the group.
  return MakeError(ErrorKind::kCommitUnknown, kCommitUnknownCode,
                   "the record of a run with several outputs cannot be read: {}; look which of its "
                   "outputs are new, then remove it",
                   path);
}

Result<bool> IsGroupPublished(Env* env, const std::string& path) {
  if (path.empty()) return false;
  // The process may have died before the record, or its removal, was durable. What follows from it
  // for one member must not outlive it.
  const std::string directory = ParentPath(path);
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> found, env->Stat(directory));
  if (!found) return false;
  ARROW_RETURN_NOT_OK(env->SyncDirectory(directory));
  ARROW_ASSIGN_OR_RAISE(const std::optional<GroupRecord> record, ReadGroupRecord(env, path));
  return record.has_value();
}

Result<std::vector<std::string>> ForgetGroup(Env* env, const std::string& path) {
  std::vector<std::string> unfinished;
  if (path.empty()) return unfinished;
  ARROW_ASSIGN_OR_RAISE(const std::optional<GroupRecord> record, ReadGroupRecord(env, path));
  if (!record) return unfinished;
  for (const GroupMemberPlace& member : record->members) {
    ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> marker, env->StatNoFollow(member.marker));
    if (marker) unfinished.push_back(member.target);
  }
  if (!unfinished.empty()) return unfinished;
  // Two members may end at the same time, each under its own lock.
  const Status removed = env->RemoveFile(path);
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> left, env->StatNoFollow(path));
  if (left) ARROW_RETURN_NOT_OK(removed);
  return unfinished;
}

}  // namespace headrace
