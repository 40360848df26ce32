#include "commit/generations.h"

#include <algorithm>

namespace headrace {
namespace {

constexpr std::string_view kForeignMark = "before";
constexpr std::string_view kRemovingMark = "removing";
constexpr std::time_t kLastTime =
    253402300799;  // the end of the year 9999, the last of four digits
constexpr char kTimeFormat[] = "%Y%m%dT%H%M%SZ";
constexpr size_t kTimeLength = 16;

std::string TimeText(std::time_t time) {
  std::tm utc{};
  ::gmtime_r(&time, &utc);
  char text[kTimeLength + 1];
  std::strftime(text, sizeof(text), kTimeFormat, &utc);
  return text;
}

std::optional<std::time_t> ParseTime(const std::string& text) {
  std::tm utc{};
  const char* end = ::strptime(text.c_str(), kTimeFormat, &utc);
  if (text.size() != kTimeLength || end != text.c_str() + text.size()) return std::nullopt;
  return ::timegm(&utc);
}

std::vector<std::string> PartsOf(std::string_view name) {
  std::vector<std::string> parts;
  for (size_t dot = name.find('.'); dot != std::string_view::npos; dot = name.find('.')) {
    parts.emplace_back(name.substr(0, dot));
    name.remove_prefix(dot + 1);
  }
  parts.emplace_back(name);
  return parts;
}

// Three parts are a generation of the run "removing".
bool IsBeingRemoved(std::string_view name) {
  const std::vector<std::string> parts = PartsOf(name);
  return parts.size() > 3 && parts.front() == kRemovingMark;
}

Status RemoveTrees(Env* env, const DatasetLayout& layout) {
  ARROW_ASSIGN_OR_RAISE(const std::vector<DirectoryEntry> entries, env->List(layout.generations()));
  bool all_removed = true;
  for (const DirectoryEntry& entry : entries) {
    if (IsBeingRemoved(entry.name)) {
      ARROW_RETURN_NOT_OK(env->RemoveTree(JoinPath(layout.generations(), entry.name)));
    } else {
      all_removed = false;
    }
  }
  return all_removed ? env->RemoveDirectory(layout.generations()) : Status::OK();
}

}  // namespace

std::string GenerationName(const std::string& writer, const std::string& replacer, std::time_t now,
                           int64_t retain_seconds) {
  const std::time_t until = retain_seconds < kLastTime - now ? now + retain_seconds : kLastTime;
  const std::string who = writer.empty() ? fmt::format("{}.{}", kForeignMark, replacer) : writer;
  return fmt::format("{}.{}.{}", who, TimeText(now), TimeText(until));
}

std::optional<RetainedGeneration> ParseGenerationName(std::string_view name) {
  const std::vector<std::string> parts = PartsOf(name);
  const size_t count = parts.size();
  const bool is_foreign = count == 4 && parts.front() == kForeignMark;
  if (count != 3 && !is_foreign) return std::nullopt;
  const std::optional<std::time_t> since = ParseTime(parts[count - 2]);
  const std::optional<std::time_t> until = ParseTime(parts[count - 1]);
  if (!since || !until || parts[count - 3].empty()) return std::nullopt;
  RetainedGeneration generation;
  generation.name = name;
  (is_foreign ? generation.replaced_by : generation.run_id) = parts[count - 3];
  generation.since = *since;
  generation.until = *until;
  return generation;
}

Result<std::vector<RetainedGeneration>> ListGenerations(Env* env, const DatasetLayout& layout) {
  std::vector<RetainedGeneration> generations;
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> found, env->Stat(layout.generations()));
  if (!found) return generations;
  ARROW_ASSIGN_OR_RAISE(const std::vector<DirectoryEntry> entries, env->List(layout.generations()));
  for (const DirectoryEntry& entry : entries) {
    std::optional<RetainedGeneration> generation = ParseGenerationName(entry.name);
    if (generation && entry.type == FileType::kDirectory) {
      generations.push_back(std::move(*generation));
    }
  }
  return generations;
}

Status ListRescued(Env* env, const DatasetLayout& layout, std::vector<std::string>* paths) {
  ARROW_ASSIGN_OR_RAISE(const std::vector<DirectoryEntry> entries, env->List(layout.side()));
  for (const DirectoryEntry& entry : entries) {
    if (entry.name.starts_with(kRescuedPrefix)) {
      paths->push_back(JoinPath(layout.side(), entry.name));
    }
  }
  return Status::OK();
}

Status RetainGeneration(Env* env, const DatasetLayout& layout, const std::string& path,
                        const std::string& name, Durability durability) {
  const std::string directory = layout.generations();
  // Made before the publish; only another program can have removed it since.
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> found, env->Stat(directory));
  if (!found) {
    ARROW_RETURN_NOT_OK(env->CreateDirectory(directory));
    if (durability == Durability::kFull) ARROW_RETURN_NOT_OK(env->SyncDirectory(layout.side()));
  }
  ARROW_RETURN_NOT_OK(env->Rename(path, JoinPath(directory, name), RenameMode::kReplace));
  // The journal goes next, and without it the generation, were it back in its transaction, would be
  // taken for one that was never published.
  return durability == Durability::kFull ? env->SyncDirectory(directory) : Status::OK();
}

Status RemoveGenerations(Env* env, const DatasetLayout& layout,
                         const std::vector<std::string>& names) {
  if (names.empty()) return Status::OK();
  const std::string directory = layout.generations();
  for (const std::string& name : names) {
    const std::string given_up = fmt::format("{}.{}", kRemovingMark, name);
    ARROW_RETURN_NOT_OK(env->Rename(JoinPath(directory, name), JoinPath(directory, given_up),
                                    RenameMode::kReplace));
  }
  ARROW_RETURN_NOT_OK(env->SyncDirectory(directory));
  return RemoveTrees(env, layout);
}

Status RemoveExpiredGenerations(Env* env, const DatasetLayout& layout, std::time_t now) {
  ARROW_ASSIGN_OR_RAISE(const std::vector<RetainedGeneration> generations,
                        ListGenerations(env, layout));
  std::vector<std::string> expired;
  for (const RetainedGeneration& generation : generations) {
    if (generation.until <= now) expired.push_back(generation.name);
  }
  return RemoveGenerations(env, layout, expired);
}

Status FinishRemovals(Env* env, const DatasetLayout& layout) {
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> found, env->Stat(layout.generations()));
  if (!found) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const std::vector<DirectoryEntry> entries, env->List(layout.generations()));
  const bool any = std::any_of(entries.begin(), entries.end(), [](const DirectoryEntry& entry) {
    return IsBeingRemoved(entry.name);
  });
  // The dead process may have given it its last name without making that durable.
  if (any) ARROW_RETURN_NOT_OK(env->SyncDirectory(layout.generations()));
  return any || entries.empty() ? RemoveTrees(env, layout) : Status::OK();
}

}  // namespace headrace
