#include "runtime/fsck_layout.h"

#include <arrow/util/utf8.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>

#include "base/percent_text.h"
#include "runtime/output_names.h"
#include "sink/partition_path.h"
#include "source/hive.h"

namespace headrace {
namespace {

constexpr int kDepthMax = 64;  // as deep as readers of ours look

bool EqualsInAnyCase(std::string_view text, std::string_view other) {
  return std::equal(text.begin(), text.end(), other.begin(), other.end(), [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) ==
           std::tolower(static_cast<unsigned char>(b));
  });
}

// "01" and "1" are one number to every reader that takes the key for numbers.
std::string WithoutLeadingZeros(const std::string& text) {
  const bool is_number = !text.empty() && std::all_of(text.begin(), text.end(),
                                                      [](char c) { return c >= '0' && c <= '9'; });
  if (!is_number) return text;
  const size_t first = text.find_first_not_of('0');
  return first == std::string::npos ? "0" : text.substr(first);
}

std::string KeyText(const std::vector<std::string>& keys) {
  return keys.empty() ? "none" : fmt::format("{}", fmt::join(keys, ", "));
}

}  // namespace

bool IsOtherFormat(std::string_view name) {
  const FormatName* format = ReadFileName(name).format;
  return format != nullptr && format->format != OutputFormat::kParquet;
}

LayoutCheck::LayoutCheck(Env* env, std::string dataset, Cancellation* cancellation,
                         OnProblem on_problem)
    : env_(env),
      dataset_(std::move(dataset)),
      cancellation_(cancellation),
      on_problem_(std::move(on_problem)) {}

void LayoutCheck::Tell(const char* kind, const std::string& relative,
                       const std::string& message) const {
  on_problem_(kind, JoinPath(dataset_, relative), message);
}

Result<DatasetLayoutFacts> LayoutCheck::Run() {
  ARROW_RETURN_NOT_OK(Walk("", Partition{}, 0));
  CheckKeys();
  const auto by_path = [](const LayoutFile& a, const LayoutFile& b) {
    return a.relative_path < b.relative_path;
  };
  std::sort(facts_.files.begin(), facts_.files.end(), by_path);
  std::sort(facts_.other_files.begin(), facts_.other_files.end(), by_path);
  if (!facts_.files.empty()) {
    for (const LayoutFile& file : facts_.other_files) TellForeign(file.relative_path);
    facts_.other_files.clear();
  }
  return std::move(facts_);
}

Status LayoutCheck::Walk(const std::string& relative, const Partition& partition, int depth) {
  ARROW_RETURN_NOT_OK(cancellation_->Check());
  if (depth > kDepthMax) {
    Tell("foreign_entry", relative, "directories nest deeper than readers look; move it away");
    return Status::OK();
  }
  bool has_data = false;
  ARROW_ASSIGN_OR_RAISE(const auto entries, env_->List(JoinPath(dataset_, relative)));
  for (const DirectoryEntry& entry : entries) {
    if (entry.type == FileType::kDirectory) {
      ARROW_RETURN_NOT_OK(WalkDirectory(relative, entry.name, partition, depth));
    } else if (entry.type == FileType::kFile) {
      AddFile(relative, entry.name, &has_data);
    } else {
      Tell("foreign_entry", JoinPath(relative, entry.name),
           "a symbolic link or device inside the dataset, which modes that keep files refuse; put "
           "the file itself there or move it away");
    }
  }
  if (has_data) CheckPartition(relative, partition);
  return Status::OK();
}

Status LayoutCheck::WalkDirectory(const std::string& relative, const std::string& name,
                                  const Partition& parent, int depth) {
  const std::string child = JoinPath(relative, name);
  if (name.starts_with("_temporary") || name.starts_with(".")) {
    Tell("leftover", child,
         "a hidden directory, left by a writer that did not finish or somebody's own; readers skip "
         "it, remove it or move it away");
    return Status::OK();
  }
  if (name.starts_with("_")) {
    Tell("foreign_entry", child, "readers skip directories of such a name; move it away");
    return Status::OK();
  }
  Partition partition = parent;
  const std::vector<HiveValue> found = ParseHivePath(name + "/");
  if (found.empty()) {
    Tell(
        "partition_path", child,
        "the directory is no partition of the form key=value; readers disagree on what lies in it, "
        "move its files");
  } else {
    const std::string text = name.substr(name.find('=') + 1);
    CheckPartitionName(child, found.front().key, text);
    partition.keys.push_back(found.front().key);
    partition.values += found.front().key;
    partition.values += '\0';
    // NULL and its literal text are told apart by what no value begins with.
    partition.values += found.front().value ? "=" + WithoutLeadingZeros(*found.front().value) : "!";
    partition.values += '\0';
  }
  return Walk(child, partition, depth + 1);
}

void LayoutCheck::CheckPartitionName(const std::string& relative, const std::string& key,
                                     const std::string& text) {
  const std::string value = PercentDecode(text);
  arrow::util::InitializeUTF8();
  if (text.empty()) {
    Tell("partition_path", relative,
         "a partition without a value: some readers take it for NULL, others for an empty text; "
         "name it " +
             std::string(kNullPartitionText) + " or give it a value");
  } else if (!arrow::util::ValidateUTF8(value) || !arrow::util::ValidateUTF8(key)) {
    Tell("partition_path", relative, "its key or value is no UTF-8; rename the directory");
  } else if (text != kNullPartitionText && EqualsInAnyCase(value, kNullPartitionText)) {
    Tell("partition_path", relative,
         "the value looks like the name for NULL, and is not; rename the directory");
  }
}

void LayoutCheck::CheckPartition(const std::string& relative, const Partition& partition) {
  ++facts_.partitions;
  directories_[partition.keys].push_back(relative);
  if (partition.keys.empty()) return;
  const auto [place, is_new] = places_.emplace(partition.values, relative);
  if (is_new) return;
  Tell("partition_path", relative,
       fmt::format("two directories spell one partition: {} is the other; move its files into one "
                   "of them",
                   JoinPath(dataset_, place->second)));
}

// The keys of most directories are the dataset's.
void LayoutCheck::CheckKeys() const {
  const auto usual = std::max_element(
      directories_.begin(), directories_.end(),
      [](const auto& a, const auto& b) { return a.second.size() < b.second.size(); });
  for (const auto& [keys, directories] : directories_) {
    if (keys == usual->first) continue;
    for (const std::string& directory : directories) {
      Tell("partition_path", directory,
           fmt::format("files lie under other partition keys than elsewhere: {} here, {} in {}; "
                       "move them into the dataset's own directories",
                       KeyText(keys), KeyText(usual->first),
                       JoinPath(dataset_, usual->second.front())));
    }
  }
}

void LayoutCheck::AddFile(const std::string& relative, const std::string& name, bool* has_data) {
  ++facts_.files_total;
  const std::string child = JoinPath(relative, name);
  // What writers of datasets leave beside the data.
  if (name.starts_with("_") || name.ends_with(".crc")) return;
  if (name.starts_with(".") || name.ends_with(".tmp") || name.ends_with(".inprogress")) {
    Tell("leftover", child,
         "the name of a file that is being written, or was never finished; remove it when no "
         "writer is at work");
    return;
  }
  if (name.ends_with(".parquet") || name.find('.') == std::string::npos) {
    facts_.files.push_back({child, JoinPath(dataset_, child)});
    *has_data = true;
    return;
  }
  if (IsOtherFormat(name)) {
    facts_.other_files.push_back({child, JoinPath(dataset_, child)});
    *has_data = true;
    return;
  }
  TellForeign(child);
}

void LayoutCheck::TellForeign(const std::string& relative) const {
  Tell("foreign_entry", relative,
       "no Parquet file by its name; readers that take every file fail on it, move it away");
}

}  // namespace headrace
