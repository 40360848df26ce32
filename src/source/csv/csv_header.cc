#include "source/csv/csv_header.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "source/csv/header_repair.h"

namespace headrace {
namespace {

constexpr int64_t kHeaderRecords = 1000;  // that are looked at beside it

std::vector<std::string> MakeUnique(std::vector<std::string> names) {
  std::unordered_set<std::string> taken(names.begin(), names.end());
  std::unordered_set<std::string> seen;
  std::unordered_map<std::string, int> next_suffix;  // so that many equal names cost no more each
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty()) {
      names[i] = fmt::format("column_{}", i + 1);
      if (!taken.insert(names[i]).second) seen.insert(names[i]);
    }
    if (seen.insert(names[i]).second) continue;
    int& suffix = next_suffix[names[i]];
    for (;;) {
      std::string candidate = fmt::format("{}_{}", names[i], ++suffix);
      if (!taken.insert(candidate).second) continue;
      names[i] = std::move(candidate);
      seen.insert(names[i]);
      break;
    }
  }
  return names;
}

}  // namespace

Result<CsvHeader> ReadHeader(const TextSample& sample, const Dialect& dialect, BadRows bad_rows,
                             const std::string& path, arrow::MemoryPool* pool) {
  ARROW_ASSIGN_OR_RAISE(const RepairedSample cut,
                        CutSampleFor(bad_rows, sample, dialect, kHeaderRecords, pool));
  const SampleRecords& records = cut.records;
  if (records.records.empty() && records.too_wide) {
    return MakeError(
        ErrorKind::kBadInput, 409,
        "the first record has more than {} fields; is the delimiter right, and is this "
        "CSV?: {}:1",
        kColumnsMax, path);
  }
  if (records.records.empty()) {
    if (sample.whole() && records.cut) {
      return MakeError(
          ErrorKind::kBadInput, 403,
          "a quote is opened and never closed; close it, or name the right --quote: {}:1", path);
    }
    if (!sample.whole()) {
      return MakeError(ErrorKind::kBadInput, 405,
                       "no record ends within the first {} bytes; is a quote never closed, or is "
                       "this not CSV?: {}:1",
                       sample.length(), path);
    }
    return MakeError(ErrorKind::kBadInput, 408,
                     "the file has no records, so its columns are unknown: {}:1 ({} bytes)", path,
                     sample.length());
  }
  const SampleRecord& first = records.records[0];
  CsvHeader header;
  header.data_offset = dialect.header ? first.next : first.begin;
  header.data_line =
      1 + std::count(sample.text(), sample.text() + std::min(header.data_offset, sample.length()),
                     dialect.newline);
  std::vector<SampleField> fields = first.fields;
  if (bad_rows == BadRows::kRepair) {
    ARROW_ASSIGN_OR_RAISE(fields, RepairHeader(sample, dialect, cut, pool, &header.repair));
  }
  for (const SampleField& field : fields) {
    std::string name = dialect.header ? SampleValue(field, dialect) : std::string();
    const uint8_t* bytes = reinterpret_cast<const uint8_t*>(name.data());
    if (FindInvalidUtf8(bytes, static_cast<int64_t>(name.size())) >= 0) {
      return MakeError(ErrorKind::kBadInput, 406,
                       "the header is not UTF-8; name its encoding, e.g. --encoding latin-1 or "
                       "windows-1252: {}:{}",
                       path, header.data_line - 1);
    }
    header.names.push_back(std::move(name));
  }
  header.names = MakeUnique(std::move(header.names));
  return header;
}

}  // namespace headrace
