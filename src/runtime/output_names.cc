#include "runtime/output_names.h"

namespace headrace {
namespace {

constexpr FormatName kFormats[] = {
    {"parquet", OutputFormat::kParquet, ','},  {"csv", OutputFormat::kCsv, ','},
    {"tsv", OutputFormat::kCsv, '\t'},         {"jsonl", OutputFormat::kJsonLines, ','},
    {"ndjson", OutputFormat::kJsonLines, ','}, {"arrow", OutputFormat::kArrow, ','},
    {"feather", OutputFormat::kArrow, ','}};

struct CompressionEnding {
  std::string_view ending;
  std::string_view codec;
};
constexpr CompressionEnding kCompressionEndings[] = {{".gz", "gzip"}, {".zst", "zstd"}};

}  // namespace

NamedFile ReadFileName(std::string_view path) {
  NamedFile named;
  for (const CompressionEnding& compression : kCompressionEndings) {
    if (!path.ends_with(compression.ending)) continue;
    path.remove_suffix(compression.ending.size());
    named.codec = compression.codec;
    break;
  }
  for (const FormatName& format : kFormats) {
    const size_t ending = format.name.size() + 1;
    if (path.size() > ending && path.ends_with(format.name) && path[path.size() - ending] == '.') {
      named.format = &format;
    }
  }
  return named;
}

Result<const FormatName*> FindFormat(std::string_view name) {
  for (const FormatName& format : kFormats) {
    if (format.name == name) return &format;
  }
  return MakeError(ErrorKind::kInvalidConfig, 151,
                   "not a format that can be written: '{}'; use parquet, csv, tsv, jsonl or arrow",
                   name);
}

}  // namespace headrace
