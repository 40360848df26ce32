// Dialect search: which delimiter, quote, escape, comment and preamble fit the start of a text.
#pragma once

#include <string>
#include <vector>

#include "headrace/job.h"
#include "source/csv/csv_sample.h"

namespace headrace {

// Records of a sample that decide about its dialect.
inline constexpr int64_t kSniffedRecords = 1000;

// How well a sample fits a dialect. Greater is better.
struct DialectFit {
  // 4 perfect; 3 some ragged records; 2 several columns but a quote error; 1 one column; 0 a mess.
  static constexpr int kPerfect = 4;

  bool clean = false;     // no quote errors
  double consistent = 0;  // share of records with the usual number of fields
  double typed = 0;       // share of values that are numbers or dates
  int64_t width = 0;
  int64_t records = 0;
  int64_t quoted = 0;  // fields in quotes
  // Where '"' is no quote, fields that begin with it and
  int64_t unclosed = 0;  // do not end with it,
  int64_t enclosed = 0;  // end with it and hold it doubled only, as quoted fields do,
  int64_t mistaken = 0;  // end with it and hold it otherwise.

  bool several() const { return width > 1; }
  int Rank() const;
  bool operator<(const DialectFit& other) const;
};

// Role: tries dialects on one sample and keeps the best. Owner: the sniffer; the sample must
// outlive it. Threads: one.
class DialectSearch {
 public:
  // `start` is what the options say; only what they leave open is tried.
  DialectSearch(const TextSample& sample, const CsvOptions& options, const Dialect& start,
                arrow::MemoryPool* pool)
      : sample_(sample), options_(options), start_(start), pool_(pool) {}

  Status Run();
  const Dialect& dialect() const { return dialect_; }
  const DialectFit& fit() const { return best_; }

 private:
  bool Contains(std::string_view text) const;
  std::vector<uint8_t> Delimiters() const;
  Status TryDelimiters(Dialect dialect, int least_rank = 0);
  Status TrySingleQuotes(Dialect dialect);
  Status TryComments();
  // Lines of the sample before a record.
  int64_t LinesBefore(const SampleRecord& record) const;
  Status TryPreamble();
  Result<SampleRecords> Cut(const Dialect& dialect) const;
  Result<DialectFit> Measure(const Dialect& dialect) const;
  void Take(const Dialect& dialect, const DialectFit& fit);

  const TextSample& sample_;
  const CsvOptions& options_;
  const Dialect start_;
  arrow::MemoryPool* const pool_;
  bool any_ = false;
  Dialect dialect_;
  DialectFit best_;
};

}  // namespace headrace
