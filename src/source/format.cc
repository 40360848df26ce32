#include "source/format.h"

#include <algorithm>
#include <array>
#include <optional>

#include "source/arrow/ipc_file.h"
#include "source/json_start.h"

namespace headrace {
namespace {

struct NamedFormat {
  std::string_view name;
  InputFormat format;
};

// Both what --from takes and what a file name may end in.
constexpr NamedFormat kNames[] = {
    {"csv", InputFormat::kCsv},         {"tsv", InputFormat::kTsv},
    {"tab", InputFormat::kTsv},         {"parquet", InputFormat::kParquet},
    {"pq", InputFormat::kParquet},      {"json", InputFormat::kJson},
    {"jsonl", InputFormat::kJsonLines}, {"ndjson", InputFormat::kJsonLines},
    {"arrow", InputFormat::kArrow},     {"arrows", InputFormat::kArrow},
    {"ipc", InputFormat::kArrow},       {"feather", InputFormat::kArrow}};
constexpr std::string_view kCompressions[] = {"gz", "zst", "bz2", "lz4", "xz"};

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return lower;
}

std::optional<InputFormat> FormatNamed(std::string_view name) {
  for (const NamedFormat& named : kNames) {
    if (named.name == name) return named.format;
  }
  return std::nullopt;
}

// Takes the last extension off `name`; "" when it has none.
std::string TakeExtension(std::string* name) {
  const size_t dot = name->rfind('.');
  if (dot == std::string::npos || dot == 0) return "";
  std::string extension = name->substr(dot + 1);
  name->resize(dot);
  return extension;
}

std::optional<InputFormat> FormatByName(const std::string& path) {
  std::string name = Lower(BaseName(path));
  std::string extension = TakeExtension(&name);
  if (std::find(std::begin(kCompressions), std::end(kCompressions), extension) !=
      std::end(kCompressions)) {
    extension = TakeExtension(&name);
  }
  return FormatNamed(extension);
}

Result<InputFormat> FormatByContent(Env* env, const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(const auto file, env->OpenForRead(path));
  std::array<char, 512> buffer;
  ARROW_ASSIGN_OR_RAISE(const int64_t length, file->ReadAt(0, buffer.size(), buffer.data()));
  const std::string_view start(buffer.data(), static_cast<size_t>(length));
  if (start.starts_with("PAR1") || start.starts_with("PARE")) return InputFormat::kParquet;
  if (IpcLayoutOf(start) || start.starts_with("FEA1")) return InputFormat::kArrow;
  if (!StartsAsJson(start)) return InputFormat::kCsv;
  return start[start.find_first_of("[{")] == '[' ? InputFormat::kJson : InputFormat::kJsonLines;
}

// One reader finds out for every file how its JSON is laid out.
bool ReadAlike(InputFormat a, InputFormat b) {
  const auto is_json = [](InputFormat format) {
    return format == InputFormat::kJson || format == InputFormat::kJsonLines;
  };
  return a == b || (is_json(a) && is_json(b));
}

}  // namespace

std::string_view FormatName(InputFormat format) {
  switch (format) {
    case InputFormat::kCsv:
      return "csv";
    case InputFormat::kTsv:
      return "tsv";
    case InputFormat::kParquet:
      return "parquet";
    case InputFormat::kJson:
      return "json";
    case InputFormat::kJsonLines:
      return "jsonl";
    case InputFormat::kArrow:
      return "arrow";
  }
  return "";
}

Result<DecidedFormat> DecideFormat(Env* env, const std::string& option,
                                   const std::vector<InputFile>& files) {
  if (!option.empty()) {
    if (const auto format = FormatNamed(Lower(option))) {
      return DecidedFormat{*format, fmt::format("format {}: as given", FormatName(*format))};
    }
    return MakeError(ErrorKind::kInvalidConfig, 106,
                     "unknown input format: '{}'; use csv, tsv, jsonl, json, parquet or arrow",
                     option);
  }
  DecidedFormat decided;
  for (size_t i = 0; i < files.size(); ++i) {
    const std::string& path = files[i].path;
    auto format = FormatByName(path);
    const char* how = "by the file name";
    if (!format && path == "-") {
      format = InputFormat::kCsv;
      how = "assumed of standard input";
    } else if (!format) {
      ARROW_ASSIGN_OR_RAISE(format, FormatByContent(env, path));
      how = "by its first bytes";
    }
    if (i == 0) {
      decided = {*format, fmt::format("format {}: {} ({})", FormatName(*format), how, path)};
    } else if (!ReadAlike(*format, decided.format)) {
      return MakeError(ErrorKind::kSource, 306,
                       "inputs are of different formats: {} is {}, {} is {}; name files of one "
                       "format or say --from",
                       files[0].path, FormatName(decided.format), path, FormatName(*format));
    }
  }
  return decided;
}

}  // namespace headrace
