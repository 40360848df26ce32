#include "commit/layout.h"

#include <fmt/format.h>

#include "env/env.h"

namespace headrace {
namespace {

constexpr std::string_view kTemporarySuffix = ".tmp";

std::string SingleFilePrefix(const std::string& target) {
  return fmt::format(".{}.headrace", BaseName(target));
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

std::string DatasetLayout::generations() const { return JoinPath(side_, "generations"); }

std::string SingleFileLockPath(const std::string& target) {
  return JoinPath(ParentPath(target), SingleFilePrefix(target) + ".lock");
}

std::string SingleFileTemporaryPath(const std::string& target, std::string_view run_id) {
  return JoinPath(ParentPath(target),
                  fmt::format("{}-{}{}", SingleFilePrefix(target), run_id, kTemporarySuffix));
}

bool IsSingleFileTemporary(const std::string& target, std::string_view name) {
  const std::string prefix = SingleFilePrefix(target) + "-";
  if (!name.starts_with(prefix) || !name.ends_with(kTemporarySuffix)) return false;
  if (name.size() <= prefix.size() + kTemporarySuffix.size()) return false;
  name.remove_prefix(prefix.size());
  name.remove_suffix(kTemporarySuffix.size());
  // Run ids have no dots; with one, this is a temporary of another file whose name begins like
  // ours.
  return name.find('.') == std::string_view::npos;
}

}  // namespace headrace
