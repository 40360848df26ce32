// Rows whose place in the input can be read off them, and the check that they all arrived in order.
#pragma once

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sink/sink_harness.h"

namespace headrace::testing {

using Morsels = std::vector<std::vector<std::shared_ptr<arrow::RecordBatch>>>;

// Columns: n (int64: row number in the input), key (int64), text (string, partly null), wide
// (string of ~80 bytes).
inline std::shared_ptr<arrow::Schema> RoutingSchema() {
  return arrow::schema({arrow::field("n", arrow::int64()), arrow::field("key", arrow::int64()),
                        arrow::field("text", arrow::utf8()), arrow::field("wide", arrow::utf8())});
}

inline Morsels RoutingMorsels(int64_t morsels, int64_t rows_per_batch, int64_t batches_per_morsel,
                              const std::function<int64_t(int64_t)>& key_of) {
  Morsels all;
  int64_t n = 0;
  for (int64_t m = 0; m < morsels; ++m) {
    all.emplace_back();
    for (int64_t b = 0; b < batches_per_morsel; ++b) {
      arrow::Int64Builder number, key;
      arrow::StringBuilder text, wide;
      for (int64_t i = 0; i < rows_per_batch; ++i, ++n) {
        EXPECT_TRUE(number.Append(n).ok() && key.Append(key_of(n)).ok());
        EXPECT_TRUE(
            (n % 7 == 0 ? text.AppendNull() : text.Append("t" + std::to_string(n % 1000))).ok());
        uint64_t mixed = static_cast<uint64_t>(n) * 0x9E3779B97F4A7C15ULL;
        std::string filler(80, ' ');
        for (char& c : filler)
          c = static_cast<char>('a' + (mixed = mixed * 6364136223846793005ULL + 1) % 26);
        EXPECT_TRUE(wide.Append(filler).ok());
      }
      all.back().push_back(
          arrow::RecordBatch::Make(RoutingSchema(), rows_per_batch,
                                   {number.Finish().ValueOrDie(), key.Finish().ValueOrDie(),
                                    text.Finish().ValueOrDie(), wide.Finish().ValueOrDie()}));
    }
  }
  return all;
}

inline int64_t NumberAt(const arrow::Table& table, const std::string& column, int64_t row) {
  auto scalar = table.GetColumnByName(column)->GetScalar(row).ValueOrDie();
  return std::static_pointer_cast<arrow::Int64Scalar>(scalar)->value;
}

// Every row from 0 to rows - 1 is there once; inside each directory, files by name, n only grows;
// and the key of the directory (if `key_of` is given) is that of every row.
inline void ExpectAllRowsInOrder(const std::vector<ReadFile>& files, int64_t rows,
                                 const std::function<int64_t(int64_t)>& key_of = nullptr) {
  std::vector<bool> seen(static_cast<size_t>(rows));
  std::string directory = "?";
  int64_t last = -1;
  int64_t count = 0;
  for (const ReadFile& file : files) {
    if (file.directory != directory) last = -1;
    directory = file.directory;
    auto combined = file.table->CombineChunks().ValueOrDie();
    if (combined->num_rows() == 0) continue;
    auto numbers =
        std::static_pointer_cast<arrow::Int64Array>(combined->GetColumnByName("n")->chunk(0));
    for (int64_t i = 0; i < numbers->length(); ++i, ++count) {
      const int64_t n = numbers->Value(i);
      ASSERT_GT(n, last) << "order in " << file.directory << "/" << file.name;
      last = n;
      ASSERT_FALSE(seen[static_cast<size_t>(n)]);
      seen[static_cast<size_t>(n)] = true;
      if (key_of) {
        ASSERT_EQ(file.directory, "key=" + std::to_string(key_of(n)));
      }
    }
  }
  EXPECT_EQ(count, rows);
}

}  // namespace headrace::testing
