#include "commit/layout.h"

#include <fmt/format.h>

#include "env/env.h"

namespace headrace {
namespace {

std::string SingleFilePrefix(const std::string& target) {
  return fmt::format(".{}.headrace", BaseName(target));
}

std::string SingleFileEntryPath(const std::string& target, std::string_view run_id,
                                std::string_view suffix) {
  return JoinPath(ParentPath(target),
                  fmt::format("{}-{}{}", SingleFilePrefix(target), run_id, suffix));
}

}  // namespace

DatasetLayout::DatasetLayout(std::string target)
    : target_(std::move(target)),
      parent_(ParentPath(target_)),
      side_(JoinPath(parent_, fmt::format(".{}.headrace", BaseName(target_)))) {}

std::string DatasetLayout::lock() const { return JoinPath(side_, "lock"); }

std::string DatasetLayout::ledger() const { return JoinPath(side_, "ledger"); }

std::string DatasetLayout::transaction(std::string_view run_id) const {
  return JoinPath(side_, fmt::format("{}{}", kTransactionPrefix, run_id));
}

std::string DatasetLayout::rescued(std::string_view run_id) const {
  return JoinPath(side_, fmt::format("{}{}", kRescuedPrefix, run_id));
}

std::string DatasetLayout::group(std::string_view run_id) const {
  return JoinPath(side_, fmt::format("{}{}", kGroupPrefix, run_id));
}

std::string DatasetLayout::generations() const { return JoinPath(side_, "generations"); }

std::string DatasetLayout::quarantine() const { return JoinPath(side_, kQuarantineName); }

std::string DatasetLayout::quarantined(std::string_view run_id) const {
  return JoinPath(quarantine(), fmt::format("{}.parquet", run_id));
}

std::string SingleFileLockPath(const std::string& target) {
  return JoinPath(ParentPath(target), SingleFilePrefix(target) + ".lock");
}

std::string SingleFileTemporaryPath(const std::string& target, std::string_view run_id) {
  return SingleFileEntryPath(target, run_id, kTemporarySuffix);
}

std::string SingleFileMemberPath(const std::string& target, std::string_view run_id) {
  return SingleFileEntryPath(target, run_id, kMemberSuffix);
}

std::string SingleFileGroupPath(const std::string& target, std::string_view run_id) {
  return SingleFileEntryPath(target, run_id, kGroupSuffix);
}

std::string SingleFileQuarantinePath(const std::string& target, std::string_view run_id) {
  return SingleFileEntryPath(target, run_id, kQuarantineSuffix);
}

std::string SingleFileRescuedPath(const std::string& target, std::string_view run_id) {
  return SingleFileEntryPath(target, run_id, ".rescued");
}

std::optional<std::string> RunOfSingleFileEntry(const std::string& target, std::string_view name,
                                                std::string_view suffix) {
  const std::string prefix = SingleFilePrefix(target) + "-";
  if (!name.starts_with(prefix) || !name.ends_with(suffix)) return std::nullopt;
  if (name.size() <= prefix.size() + suffix.size()) return std::nullopt;
  name.remove_prefix(prefix.size());
  name.remove_suffix(suffix.size());
  // Run ids have no dots; with one, this is an entry of another file whose name begins like ours.
  if (name.find('.') != std::string_view::npos) return std::nullopt;
  return std::string(name);
}

}  // namespace headrace
