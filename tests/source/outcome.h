// Everything that a scan with bad rows put aside gives out, for tests.
#pragma once

#include <functional>
#include <random>
#include <span>

#include "source/csv_reading.h"
#include "source/rejects.h"

namespace headrace {

struct Outcome {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> rejects;  // "3@8 a bad_value 'x' [raw]" in order
  std::string types;
  RepairCounts repaired = {};
  std::vector<std::string> order;  // "row" and "reject" as they follow each other in the input
};

inline std::string RejectText(const arrow::RecordBatch& batch, int64_t row) {
  const auto text = [&](int column) {
    return std::string(static_cast<const arrow::BinaryArray&>(*batch.column(column)).GetView(row));
  };
  const auto number = [&](int column) {
    return static_cast<const arrow::Int64Array&>(*batch.column(column)).Value(row);
  };
  const std::string column = batch.column(3)->IsNull(row) ? "-" : text(3);
  return fmt::format("{}@{} {} {} ({}) [{}]", number(1), number(2), column, text(4), text(5),
                     text(6));
}

inline void AddOrder(const Batch& batch, std::vector<std::string>* order) {
  int64_t row = 0;
  if (batch.rejects != nullptr) {
    const auto& before = static_cast<const arrow::Int64Array&>(*batch.rejects->column(7));
    for (int64_t i = 0; i < before.length(); ++i) {
      for (; row < before.Value(i); ++row) order->push_back("row");
      order->push_back("reject");
    }
  }
  for (; row < batch.rows(); ++row) order->push_back("row");
}

// Of one file, read by one worker. Also that the source counts right.
inline Result<Outcome> ReadOutcome(Scan* scan, const ScanRequest& request, int64_t batch_bytes) {
  ARROW_ASSIGN_OR_RAISE(auto source, TypeAndStart(scan, request, batch_bytes));
  Outcome outcome;
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  while (true) {
    ARROW_ASSIGN_OR_RAISE(auto morsel, source->Next());
    if (morsel == nullptr) break;
    ARROW_RETURN_NOT_OK(source->Read(std::move(morsel), [&](Batch batch) -> Status {
      AddOrder(batch, &outcome.order);
      if (batch.rejects != nullptr) {
        ARROW_RETURN_NOT_OK(batch.rejects->ValidateFull());
        for (int64_t i = 0; i < batch.rejects->num_rows(); ++i)
          outcome.rejects.push_back(RejectText(*batch.rejects, i));
      }
      if (batch.columns == nullptr) return Status::OK();
      batches.push_back(batch.columns);
      return batch.columns->ValidateFull();
    }));
  }
  ARROW_ASSIGN_OR_RAISE(auto table, arrow::Table::FromRecordBatches(source->schema(), batches));
  outcome.rows = Cells(*table);
  outcome.types = TypesOf(*table);
  outcome.repaired = source->inputs()[0].repaired;
  EXPECT_EQ(source->inputs()[0].rows, table->num_rows());
  EXPECT_EQ(source->inputs()[0].rejects, static_cast<int64_t>(outcome.rejects.size()));
  return outcome;
}

// Of CSV text.
inline Result<Outcome> ReadCsvOutcome(const std::string& text, const ReadSettings& settings,
                                      BadRows bad_rows) {
  const std::string path = WriteTestFile("outcome.csv", text);
  ScanContext context = TestContext(settings);
  context.bad_rows = bad_rows;
  ARROW_ASSIGN_OR_RAISE(
      auto scan, OpenCsvScan({{path, static_cast<int64_t>(text.size())}}, settings.csv, context));
  ScanRequest request;
  request.columns = settings.columns;
  ARROW_ASSIGN_OR_RAISE(Outcome outcome, ReadOutcome(scan.get(), request, settings.batch_bytes));
  std::remove(path.c_str());
  return outcome;
}

// `text` and fewer than `count_max` of the pieces behind it.
inline std::string WithRandomPieces(std::string text, std::span<const char* const> pieces,
                                    size_t count_max, std::mt19937_64* random) {
  const size_t count = (*random)() % count_max;
  for (size_t i = 0; i < count; ++i) text += pieces[(*random)() % pieces.size()];
  return text;
}

// Block and batch borders do not show: `read` gives the same outcome with every batch size below
// `batch_bytes_max`, in steps, and few or many rows in a batch.
inline void ExpectTheSameWhereverBatchesEnd(
    ReadSettings settings, int64_t batch_bytes_max, int64_t step,
    const std::function<Result<Outcome>(const ReadSettings&)>& read) {
  ASSERT_OK_AND_ASSIGN(const Outcome expected, read(settings));
  for (int64_t batch_bytes = 1; batch_bytes < batch_bytes_max; batch_bytes += step) {
    for (int64_t chunk_rows : {1, 3, 100}) {
      settings.batch_bytes = batch_bytes;
      settings.chunk_rows = chunk_rows;
      ASSERT_OK_AND_ASSIGN(const Outcome outcome, read(settings));
      ASSERT_EQ(outcome.rejects, expected.rejects) << batch_bytes << " " << chunk_rows;
      ASSERT_EQ(outcome.rows, expected.rows) << batch_bytes << " " << chunk_rows;
      ASSERT_EQ(outcome.order, expected.order) << batch_bytes << " " << chunk_rows;
      ASSERT_EQ(outcome.repaired, expected.repaired) << batch_bytes << " " << chunk_rows;
    }
  }
}

}  // namespace headrace
