#include "commit/group_record.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/percent_text.h"
#include "commit/errors.h"
#include "commit/layout.h"
#include "commit/write_whole.h"

namespace headrace {
namespace {

using Json = nlohmann::json;

constexpr int kGroupVersion = 1;
constexpr int64_t kGroupBytesMax = int64_t{16} << 20;

std::optional<std::string> TextAt(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

std::optional<GroupRecord> ParseGroup(const std::string& directory, const std::string& text) {
  const Json object = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object() || object.value("version", Json()) != Json(kGroupVersion)) {
    return std::nullopt;
  }
  const auto run_id = TextAt(object, "run_id");
  const auto members = object.find("members");
  if (!run_id || members == object.end() || !members->is_array()) return std::nullopt;
  GroupRecord record;
  record.run_id = *run_id;
  for (const Json& member : *members) {
    const auto target = TextAt(member, "target");
    const auto marker = TextAt(member, "marker");
    const auto inode = member.find("parent_inode");
    if (!target || !marker || inode == member.end() || !inode->is_number_unsigned()) {
      return std::nullopt;
    }
    record.members.push_back({PlaceFromText(directory, *target),
                              {PlaceFromText(directory, *marker), inode->get<uint64_t>()}});
  }
  return record;
}

Result<uint64_t> InodeOf(Env* env, const std::string& directory) {
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> found, env->Stat(directory));
  return found ? found->inode : 0;
}

// The directory that the first target of a group lies in, by the place of its record.
std::string AnchorOf(const std::string& record_path) {
  const std::string directory = ParentPath(record_path);
  const bool is_dataset = BaseName(record_path).starts_with(kGroupPrefix);
  return is_dataset ? ParentPath(directory) : directory;
}

}  // namespace

Result<GroupPlace> GroupRecordPlace(Env* env, const TransactionOptions& first) {
  GroupPlace place;
  place.path = first.kind == TargetKind::kDataset ? DatasetLayout(first.target).group(first.run_id)
                                                  : SingleFileGroupPath(first.target, first.run_id);
  ARROW_ASSIGN_OR_RAISE(place.parent_inode, InodeOf(env, AnchorOf(place.path)));
  return place;
}

Result<GroupPlace> MarkerPlace(Env* env, const std::string& target, const std::string& marker) {
  ARROW_ASSIGN_OR_RAISE(const uint64_t inode, InodeOf(env, ParentPath(target)));
  return GroupPlace{marker, inode};
}

std::string PlaceText(const std::string& directory, const std::string& path) {
  return PercentEncode(std::filesystem::path(path).lexically_relative(directory).string());
}

std::string PlaceFromText(const std::string& directory, const std::string& text) {
  return (std::filesystem::path(directory) / PercentDecode(text)).lexically_normal().string();
}

Status WriteGroupRecord(Env* env, const GroupPlace& place, const GroupRecord& record,
                        Durability durability) {
  const std::string directory = ParentPath(place.path);
  Json members = Json::array();
  for (const GroupMemberPlace& member : record.members) {
    members.push_back({{"target", PlaceText(directory, member.target)},
                       {"marker", PlaceText(directory, member.marker.path)},
                       {"parent_inode", member.marker.parent_inode}});
  }
  const Json object = {
      {"version", kGroupVersion}, {"run_id", record.run_id}, {"members", std::move(members)}};
  return WriteWhole(env, place.path, object.dump() + "\n", durability);
}

Result<std::optional<GroupRecord>> ReadGroupRecord(Env* env, const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(std::optional<FileStat> found, env->StatNoFollow(path));
  if (!found) return std::nullopt;
  const Result<std::string> text = env->ReadWholeFile(path, kGroupBytesMax);
  if (!text.ok()) {
    // Another member, recovered under its own lock, may have been the last one meanwhile.
    ARROW_ASSIGN_OR_RAISE(found, env->StatNoFollow(path));
    if (!found) return std::nullopt;
    return text.status();
  }
  std::optional<GroupRecord> record = ParseGroup(ParentPath(path), *text);
  if (record) return record;
  // It is renamed into place whole, so this is damage, and guessing could tear the group.
  return MakeError(ErrorKind::kCommitUnknown, kCommitUnknownCode,
                   "the record of a run with several outputs cannot be read: {}; look which of its "
                   "outputs are new, then remove it",
                   path);
}

Result<bool> IsGroupPublished(Env* env, const GroupPlace& record, const std::string& target,
                              const std::string& marker) {
  if (record.empty()) return false;
  const std::string anchor = AnchorOf(record.path);
  ARROW_ASSIGN_OR_RAISE(const uint64_t inode, InodeOf(env, anchor));
  if (inode != record.parent_inode) {
    return MakeError(
        ErrorKind::kCommitUnknown, kCommitUnknownCode,
        "a run that died wrote to several outputs, and whether it was published stands "
        "where nothing is seen now: {}; mount it or put the folder back, then run "
        "headrace recover {} (if it is gone for good, remove {})",
        record.path, target, marker);
  }
  // The process may have died before the record, or its removal, was durable. What follows from it
  // for one member must not outlive it.
  const std::string directory = ParentPath(record.path);
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> found, env->Stat(directory));
  if (!found) return false;
  ARROW_RETURN_NOT_OK(env->SyncDirectory(directory));
  ARROW_ASSIGN_OR_RAISE(const std::optional<GroupRecord> group, ReadGroupRecord(env, record.path));
  if (!group) return false;
  // A run id given twice may have had other outputs the first time.
  return std::any_of(group->members.begin(), group->members.end(),
                     [&](const auto& member) { return member.marker.path == marker; });
}

Result<std::vector<std::string>> ForgetGroup(Env* env, const std::string& path) {
  std::vector<std::string> unfinished;
  if (path.empty()) return unfinished;
  ARROW_ASSIGN_OR_RAISE(const std::optional<GroupRecord> record, ReadGroupRecord(env, path));
  if (!record) return unfinished;
  for (const GroupMemberPlace& member : record->members) {
    ARROW_ASSIGN_OR_RAISE(const uint64_t inode, InodeOf(env, ParentPath(member.target)));
    ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> marker,
                          env->StatNoFollow(member.marker.path));
    if (marker || inode != member.marker.parent_inode) unfinished.push_back(member.target);
  }
  if (!unfinished.empty()) return unfinished;
  // Two members may end at the same time, each under its own lock.
  const Status removed = env->RemoveFile(path);
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> left, env->StatNoFollow(path));
  if (left) ARROW_RETURN_NOT_OK(removed);
  return unfinished;
}

}  // namespace headrace
