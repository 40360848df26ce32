#include "source/json/json_reading.h"

#include <algorithm>

#include "expr/expr.h"
#include "source/csv/block_reader.h"
#include "source/csv/count_byte.h"

namespace headrace {

JsonReading::JsonReading(const JsonReadingSettings& settings, const std::vector<JsonInput>& inputs,
                         std::shared_ptr<arrow::Schema> schema, const JsonBlock& block,
                         JsonWorkspace* workspace, const EmitBatch& emit)
    : settings_(settings),
      inputs_(inputs),
      schema_(std::move(schema)),
      block_(block),
      columns_(workspace->columns.get()),
      row_starts_(workspace->row_starts),
      emit_(emit),
      // Its columns, its start, and at most two places.
      row_bytes_(columns_->row_bytes() + 20),
      rejects_(settings.pool),
      line_place_(block.text()),
      line_(block.first_line) {
  take_.text = block.text();
  take_.field_bytes_max = settings.field_bytes_max;
}

Status JsonReading::Run() {
  JsonRows rows(block_, settings_.limits.row_bytes_max);
  while (rows.Next()) {
    ARROW_RETURN_NOT_OK(TakeRow(&rows));
    if (IsFull()) ARROW_RETURN_NOT_OK(EndBatch());
  }
  return EndBatch();
}

bool JsonReading::IsFull() const {
  return count_ >= settings_.chunk_rows || take_.bytes >= settings_.batch_bytes ||
         broken_.size() >= kJsonBadRowsMax;
}

Status JsonReading::TakeRow(JsonRows* rows) {
  const bool good =
      rows->Read([&](JsonCursor* cursor) { return columns_->TakeMembers(cursor, &take_, count_); });
  if (good) [[likely]] {
    ++count_;
    take_.bytes += row_bytes_;
    return row_starts_.Push(static_cast<uint32_t>(rows->row_begin() - block_.text()));
  }
  ARROW_RETURN_NOT_OK(take_.status);
  columns_->Truncate(count_);
  if (settings_.bad_rows == BadRows::kFail) {
    // A bad value in a row before it comes first.
    ARROW_RETURN_NOT_OK(EndBatch());
    return JsonRowError(inputs_, block_, *rows);
  }
  broken_.push_back({rows->row_begin(), count_, JsonRejectCode(rows->cursor().problem),
                     JsonRejectReason(block_, *rows)});
  rows->Skip();
  return Status::OK();
}

Status JsonReading::EndBatch() {
  if (count_ == 0 && broken_.empty()) return Status::OK();
  ARROW_RETURN_NOT_OK(settings_.bad_rows == BadRows::kFail ? EmitOrFail() : EmitWithRejects());
  columns_->Clear();
  row_starts_.Clear();
  count_ = 0;
  take_.bytes = 0;
  return Status::OK();
}

Status JsonReading::EmitOrFail() {
  JsonBadValue bad;
  int64_t rows = count_;
  ARROW_ASSIGN_OR_RAISE(auto arrays, columns_->Convert(rows, take_, &bad));
  if (bad.begin != nullptr) {
    rows = JsonBadValues(block_.text(), row_starts_).RowAt(bad.begin);
    JsonBadValue none;
    ARROW_ASSIGN_OR_RAISE(arrays, columns_->Convert(rows, take_, &none));
    HEADRACE_CHECK(none.begin == nullptr);
  }
  // A limit may be reached by the rows before it, and then it does not matter.
  if (rows > 0) {
    ARROW_ASSIGN_OR_RAISE(auto batch, MakeBatch(std::move(arrays), rows));
    ARROW_RETURN_NOT_OK(emit_(Batch{std::move(batch)}));
  }
  return bad.begin == nullptr ? Status::OK() : BadValueError(bad);
}

Status JsonReading::EmitWithRejects() {
  while (true) {
    Part part;
    part.rows = count_;
    JsonBadValue bad;
    ARROW_ASSIGN_OR_RAISE(part.arrays, columns_->Convert(part.rows, take_, &bad));
    if (bad.begin != nullptr) ARROW_RETURN_NOT_OK(TakeOutBadValues(&part));
    const bool is_last = part.rows == count_;
    const int64_t rows_looked_at = part.rows + static_cast<int64_t>(part.bad.size());
    const auto broken_end =
        is_last ? broken_.end()
                : std::find_if(broken_.begin(), broken_.end(),
                               [&](const BrokenRow& row) { return row.row >= rows_looked_at; });
    const auto broken_count = static_cast<size_t>(broken_end - broken_.begin());
    const int64_t rows = part.rows;
    ARROW_RETURN_NOT_OK(EmitInOrder(std::move(part), broken_count));
    broken_.erase(broken_.begin(), broken_end);
    if (is_last) return Status::OK();
    for (BrokenRow& row : broken_) row.row -= rows_looked_at;
    const IndexSpans front = {{0, rows}};
    columns_->Erase(front);
    row_starts_.Erase(front);
    count_ -= rows;
  }
}

// Finds all bad values, or the first ones of many: then the part ends behind them.
Status JsonReading::TakeOutBadValues(Part* part) {
  JsonBadValues found(block_.text(), row_starts_);
  ARROW_RETURN_NOT_OK(columns_->FindBad(part->rows, take_, &found));
  part->bad = std::move(found.values());
  if (part->bad.size() == kJsonBadRowsMax) part->rows = part->bad.back().row + 1;
  IndexSpans spans;
  for (JsonBadValue& bad : part->bad) {
    bad.row_begin = block_.text() + row_starts_[bad.row];
    spans.push_back({bad.row, bad.row + 1});
  }
  columns_->Erase(spans);
  row_starts_.Erase(spans);
  part->rows -= static_cast<int64_t>(spans.size());
  count_ -= static_cast<int64_t>(spans.size());
  JsonBadValue none;
  ARROW_ASSIGN_OR_RAISE(part->arrays, columns_->Convert(part->rows, take_, &none));
  HEADRACE_CHECK(none.begin == nullptr);
  return Status::OK();
}

Status JsonReading::EmitInOrder(Part part, size_t broken_count) {
  ARROW_ASSIGN_OR_RAISE(auto rows, MakeBatch(std::move(part.arrays), part.rows));
  int64_t begin = 0;  // of the rows that are still to be given out
  size_t values = 0;
  size_t broken = 0;
  while (values < part.bad.size() || broken < broken_count) {
    const JsonBadValue* const bad = values < part.bad.size() ? &part.bad[values] : nullptr;
    const BrokenRow* const row = broken < broken_count ? &broken_[broken] : nullptr;
    const bool is_value = row == nullptr || (bad != nullptr && bad->row_begin < row->begin);
    const int64_t before = (is_value ? bad->row : row->row) - static_cast<int64_t>(values);
    if (is_value) {
      const std::string reason = fmt::format("{}: '{}': {}", expr::TypeText(*bad->type),
                                             Excerpt(bad->begin, bad->end), bad->reason);
      ARROW_RETURN_NOT_OK(
          AddReject(bad->row_begin, RejectCode::kBadValue, bad->column, reason, before - begin));
    } else {
      ARROW_RETURN_NOT_OK(AddReject(row->begin, row->code, "", row->reason, before - begin));
    }
    ++(is_value ? values : broken);
    if (rejects_.bytes() < kRejectBytesMax) continue;
    Batch batch{rows->Slice(begin, before - begin)};
    ARROW_ASSIGN_OR_RAISE(batch.rejects, rejects_.Finish());
    ARROW_RETURN_NOT_OK(emit_(std::move(batch)));
    begin = before;
  }
  Batch batch{begin == 0 ? std::move(rows) : rows->Slice(begin)};
  ARROW_ASSIGN_OR_RAISE(batch.rejects, rejects_.Finish());
  return emit_(std::move(batch));
}

Status JsonReading::AddReject(const uint8_t* begin, RejectCode code, const std::string& column,
                              const std::string& reason, int64_t rows_before) {
  const uint8_t* const end = JsonRowEnd(block_, begin);
  Reject reject;
  reject.file = inputs_[static_cast<size_t>(block_.file)].text->path();
  reject.line = LineAt(begin);
  reject.byte_offset = block_.offset + (begin - block_.text());
  reject.column = column;
  reject.code = code;
  reject.reason = reason;
  reject.raw = {reinterpret_cast<const char*>(begin), static_cast<size_t>(end - begin)};
  reject.rows_before = rows_before;
  return rejects_.Add(reject);
}

Result<std::shared_ptr<arrow::RecordBatch>> JsonReading::MakeBatch(arrow::ArrayVector arrays,
                                                                   int64_t rows) {
  if (!settings_.places.line.empty() || !settings_.places.offset.empty()) {
    // The columns have all fields but these, in the same order.
    for (int i = 0; i < schema_->num_fields(); ++i) {
      const std::string& name = schema_->field(i)->name();
      const bool is_line = name == settings_.places.line;
      if (!is_line && name != settings_.places.offset) continue;
      ARROW_ASSIGN_OR_RAISE(auto places, is_line ? Lines(rows) : Offsets(rows));
      arrays.insert(arrays.begin() + i, std::move(places));
    }
  }
  return arrow::RecordBatch::Make(schema_, rows, std::move(arrays));
}

Result<std::shared_ptr<arrow::Array>> JsonReading::Lines(int64_t rows) {
  ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateBuffer(rows * 8, settings_.pool));
  auto* const values = reinterpret_cast<int64_t*>(buffer->mutable_data());
  for (int64_t i = 0; i < rows; ++i) values[i] = LineAt(block_.text() + row_starts_[i]);
  return std::make_shared<arrow::Int64Array>(rows, std::move(buffer));
}

Result<std::shared_ptr<arrow::Array>> JsonReading::Offsets(int64_t rows) {
  ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateBuffer(rows * 8, settings_.pool));
  auto* const values = reinterpret_cast<int64_t*>(buffer->mutable_data());
  for (int64_t i = 0; i < rows; ++i) values[i] = block_.offset + row_starts_[i];
  return std::make_shared<arrow::Int64Array>(rows, std::move(buffer));
}

// Counts from the place that was asked for last, which is near.
int64_t JsonReading::LineAt(const uint8_t* place) {
  line_ += place >= line_place_ ? CountByte(line_place_, place, '\n')
                                : -CountByte(place, line_place_, '\n');
  line_place_ = place;
  return line_;
}

Status JsonReading::BadValueError(const JsonBadValue& bad) const {
  return MakeError(ErrorKind::kBadInput, 401,
                   "a value does not fit the type of its column; give the column another type with "
                   "--types, or read all as text with --all-strings: {}, column {} ({}): '{}': {}",
                   JsonPlace(inputs_, block_, bad.begin), bad.column, expr::TypeText(*bad.type),
                   Excerpt(bad.begin, bad.end), bad.reason);
}

}  // namespace headrace
