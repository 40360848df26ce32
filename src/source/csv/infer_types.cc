#include "source/csv/infer_types.h"

#include <algorithm>
#include <limits>
#include <mutex>
#include <thread>

#include "base/threads.h"
#include "source/csv/field_cursor.h"

namespace headrace {
namespace {

// Role: the shared state of the pass. Threads: Work from every worker.
class InferencePass {
 public:
  InferencePass(const CsvLayout& layout, const std::vector<int>& columns,
                const InferenceSettings& settings)
      : layout_(layout),
        columns_(columns),
        settings_(settings),
        reader_(layout.inputs, layout.dialect, settings.limits, TextInput::Pass::kReplayable,
                settings.cancellation, settings.pool) {
    merged_.guesses.resize(columns.size());
  }

  void Work() {
    std::vector<TypeGuess> guesses(columns_.size());
    Counts counts;
    int64_t sequence = 0;
    const Status status = Loop(&guesses, &counts, &sequence);
    std::lock_guard lock(mutex_);
    for (size_t i = 0; i < guesses.size(); ++i) merged_.guesses[i].Merge(guesses[i]);
    merged_.rows += counts.rows;
    merged_.bad_records += counts.bad_records;
    if (!status.ok()) {
      reader_.Stop();
      // The failure nearest the start of the input is the one to report; blocks before it are all
      // being looked at.
      if (status_.ok() || sequence < failed_sequence_) {
        status_ = status;
        failed_sequence_ = sequence;
      }
    }
  }

  Result<InferenceResult> Finish() {
    ARROW_RETURN_NOT_OK(status_);
    return std::move(merged_);
  }

 private:
  struct Counts {
    int64_t rows = 0;
    int64_t bad_records = 0;
  };

  Status Loop(std::vector<TypeGuess>* guesses, Counts* counts, int64_t* sequence) {
    while (true) {
      *sequence = std::numeric_limits<int64_t>::max();
      if (settings_.cancellation != nullptr) ARROW_RETURN_NOT_OK(settings_.cancellation->Check());
      ARROW_ASSIGN_OR_RAISE(auto block, reader_.Next(sequence));
      if (block == nullptr) return Status::OK();
      ARROW_RETURN_NOT_OK(LookAt(block.get(), guesses, counts));
      reader_.Recycle(std::move(block));
      if (settings_.on_progress)
        settings_.on_progress(reader_.stored_bytes_read(), settings_.total_bytes);
    }
  }

  Status LookAt(TextBlock* block, std::vector<TypeGuess>* guesses, Counts* counts) {
    const CsvFileColumns& file = layout_.columns[static_cast<size_t>(block->file)];
    RecordIndexer indexer(block, layout_.dialect, file.field_count, settings_.index_limits);
    RecordRange range;
    while (true) {
      if (settings_.row_limit >= 0 && counts->rows >= settings_.row_limit) {
        reader_.Stop();
        return Status::OK();
      }
      ARROW_ASSIGN_OR_RAISE(bool more, indexer.Next(&range));
      if (!more) break;
      if (const auto& bad = indexer.bad(); !bad.empty()) {
        if (settings_.limits.bad_rows == BadRows::kFail) {
          return BadRecordError(layout_, *block, bad.front(),
                                settings_.index_limits.field_bytes_max);
        }
        counts->bad_records += static_cast<int64_t>(bad.size());
      }
      if (settings_.row_limit >= 0)
        range.rows = std::min(range.rows, settings_.row_limit - counts->rows);
      counts->rows += range.rows;
      for (size_t i = 0; i < columns_.size(); ++i) {
        LookAtColumn(*block, range, file.field_of_column[static_cast<size_t>(columns_[i])],
                     &(*guesses)[i]);
      }
    }
    return Status::OK();
  }

  void LookAtColumn(const TextBlock& block, const RecordRange& range, int field_number,
                    TypeGuess* guess) const {
    if (field_number < 0) return;  // not in this file
    FieldCursor cursor(range, field_number);
    const bool only_empty = settings_.nulls.only_empty();
    for (int64_t row = 0; row < range.rows && !guess->only_string(); ++row) {
      FieldText field = cursor.Next();
      if (IsQuoted(field, layout_.dialect.quote)) field = Unquoted(field);
      if (field.empty() || (!only_empty && settings_.nulls.Matches(field.begin, field.end)))
        continue;
      if (!guess->Observe(field.begin, field.end)) [[likely]]
        continue;
      const int64_t position = field.begin - block.text();
      guess->AddWitness({block.file, block.offset + position,
                         LineOf(block, position, layout_.dialect),
                         Excerpt(field.begin, field.end, 30)});
    }
  }

  const CsvLayout& layout_;
  const std::vector<int>& columns_;
  const InferenceSettings& settings_;
  BlockReader reader_;
  std::mutex mutex_;
  InferenceResult merged_;
  Status status_;
  int64_t failed_sequence_ = 0;
};

}  // namespace

Result<InferenceResult> InferTypes(const CsvLayout& layout, const std::vector<int>& columns,
                                   const InferenceSettings& settings) {
  InferencePass pass(layout, columns, settings);
  std::vector<std::thread> workers;
  // The first rows are known only to one that reads in order.
  const int threads = settings.row_limit >= 0 ? 1 : settings.threads;
  for (int i = 1; i < threads; ++i) {
    if (!StartThread(&workers, [&pass] { pass.Work(); })) break;
  }
  pass.Work();
  for (std::thread& worker : workers) worker.join();
  return pass.Finish();
}

}  // namespace headrace
