#include "source/csv/header_repair.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace headrace {
namespace {

// Also a blank: a line that was written for people.
constexpr char kOtherDelimiters[] = {'\t', '|', ';', ',', ' '};

bool IsEmpty(const SampleField& field) { return field.begin == field.end; }

size_t FieldsThatCount(const SampleRecord& record, size_t names) {
  const auto& fields = record.fields;
  if (fields.size() <= names) return fields.size();
  const bool all_empty =
      std::all_of(fields.begin() + static_cast<int64_t>(names), fields.end(), IsEmpty);
  return all_empty ? names : fields.size();
}

int UsualColumns(const std::vector<SampleRecord>& records, const Dialect& dialect) {
  if (records.empty()) return 0;
  const size_t first = records[0].fields.size();
  const size_t skipped = dialect.header && records.size() > 1 ? 1 : 0;
  std::map<size_t, size_t> votes;
  for (size_t i = skipped; i < records.size(); ++i) {
    ++votes[dialect.header ? FieldsThatCount(records[i], first) : records[i].fields.size()];
  }
  for (const auto& [fields, count] : votes) {
    if (count * 2 > records.size() - skipped) return static_cast<int>(fields);
  }
  return static_cast<int>(first);
}

// The first line as another delimiter cuts it, if that gives so many fields.
Result<std::vector<SampleField>> CutOtherwise(const TextSample& sample, const Dialect& dialect,
                                              const RepairedSample& repaired,
                                              arrow::MemoryPool* pool, std::string* evidence) {
  for (const char delimiter : kOtherDelimiters) {
    Dialect other = dialect;
    other.delimiter = static_cast<uint8_t>(delimiter);
    if (delimiter == dialect.delimiter || delimiter == dialect.quote ||
        delimiter == dialect.escape || delimiter == dialect.comment) {
      continue;
    }
    ARROW_ASSIGN_OR_RAISE(SampleRecords cut,
                          CutSample(sample, other, /*records_max=*/1, pool, repaired.columns));
    if (cut.records.empty() || cut.records[0].next != repaired.records.records[0].next) continue;
    if (std::ssize(cut.records[0].fields) != repaired.columns) continue;
    *evidence = fmt::format("cut at {}, which gives the {} names that the records have fields",
                            DescribeCharacter(other.delimiter), repaired.columns);
    return std::move(cut.records[0].fields);
  }
  return std::vector<SampleField>{};
}

}  // namespace

Result<RepairedSample> CutSampleFor(BadRows bad_rows, const TextSample& sample,
                                    const Dialect& dialect, int64_t records_max,
                                    arrow::MemoryPool* pool) {
  RepairedSample repaired;
  if (bad_rows != BadRows::kRepair) {
    ARROW_ASSIGN_OR_RAISE(repaired.records, CutSample(sample, dialect, records_max, pool));
    return repaired;
  }
  ARROW_ASSIGN_OR_RAISE(repaired.records,
                        CutSample(sample, dialect, records_max, pool, /*repair_columns=*/0));
  repaired.columns = UsualColumns(repaired.records.records, dialect);
  ARROW_ASSIGN_OR_RAISE(repaired.records,
                        CutSample(sample, dialect, records_max, pool, repaired.columns));
  return repaired;
}

Result<std::vector<SampleField>> RepairHeader(const TextSample& sample, const Dialect& dialect,
                                              const RepairedSample& repaired,
                                              arrow::MemoryPool* pool, std::string* evidence) {
  std::vector<SampleField> names = repaired.records.records[0].fields;
  const auto columns = static_cast<size_t>(repaired.columns);
  if (names.size() == columns) return names;
  if (!dialect.header) {  // what stands there is a row; only the number matters
    names.resize(columns, names.back());
    return names;
  }
  if (names.size() == 1) {
    ARROW_ASSIGN_OR_RAISE(auto otherwise, CutOtherwise(sample, dialect, repaired, pool, evidence));
    if (!otherwise.empty()) return otherwise;
  }
  const size_t found = names.size();
  if (found < columns) {
    const SampleField none{names.back().end, names.back().end};
    names.resize(columns, none);
    *evidence = fmt::format(
        "{} names for {} columns: the last are column_N, and names may stand over wrong columns",
        found, columns);
    return names;
  }
  for (size_t i = names.size(); i-- > 0 && names.size() > columns;) {
    if (IsEmpty(names[i])) names.erase(names.begin() + static_cast<int64_t>(i));
  }
  if (names.size() == found) return names;
  *evidence = fmt::format("{} names for records of {} fields: {} empty ones dropped", found,
                          columns, found - names.size());
  return names;
}

}  // namespace headrace
