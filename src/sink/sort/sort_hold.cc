#include <arrow/util/endian.h>

#include <algorithm>
#include <cstring>

#include "sink/sort/sorted_run.h"

namespace headrace {

std::string_view SortRecord::key_bytes() const {
  uint32_t bytes;
  std::memcpy(&bytes, key, sizeof(bytes));
  return {reinterpret_cast<const char*>(key) + sizeof(bytes), bytes};
}

// `prefix` is the start of the key as a number: it decides most comparisons without a look at the
// record.
struct SortHold::Entry {
  uint64_t prefix = 0;
  SortRecord record;
  int64_t ordinal = 0;

  bool operator<(const Entry& other) const {
    if (prefix != other.prefix) return prefix < other.prefix;
    const int order = record.key_bytes().compare(other.record.key_bytes());
    return order != 0 ? order < 0 : ordinal < other.ordinal;
  }
};

class SortHold::Cursor : public RecordCursor {
 public:
  Cursor(const Entry* begin, const Entry* end) : at_(begin), end_(end) {}
  bool at_end() const override { return at_ == end_; }
  const SortRecord& record() const override { return at_->record; }
  Status Advance() override {
    ++at_;
    return Status::OK();
  }

 private:
  const Entry* at_;
  const Entry* end_;
};

int64_t SortHold::BytesOf(const EncodedRows& keys, const EncodedRows& rows) {
  return keys.bytes->size() + rows.bytes->size() + rows.rows * static_cast<int64_t>(sizeof(Entry));
}

void SortHold::Add(EncodedRows keys, EncodedRows rows) {
  HEADRACE_CHECK(keys.rows == rows.rows && order_ == nullptr);
  bytes_ += BytesOf(keys, rows);
  rows_ += rows.rows;
  parts_.push_back({std::move(keys.bytes), std::move(rows.bytes), rows.rows});
}

Status SortHold::Sort() {
  ARROW_ASSIGN_OR_RAISE(order_,
                        arrow::AllocateBuffer(rows_ * static_cast<int64_t>(sizeof(Entry)), pool_));
  auto* entries = order_->mutable_data_as<Entry>();
  int64_t ordinal = 0;
  for (const Part& part : parts_) {
    SortRecord record{part.keys->data(), part.row_bytes->data()};
    for (int64_t row = 0; row < part.rows; ++row, ++ordinal) {
      const std::string_view key = record.key_bytes();
      uint64_t prefix = 0;
      std::memcpy(&prefix, key.data(), std::min(key.size(), sizeof(prefix)));
      entries[ordinal] = {arrow::bit_util::ToBigEndian(prefix), record, ordinal};
      record.key += sizeof(uint32_t) + key.size();
      record.row += EncodedRowBytes(record.row);
    }
  }
  std::sort(entries, entries + rows_);
  return Status::OK();
}

std::unique_ptr<RecordCursor> SortHold::Read() const {
  const auto* entries = order_->data_as<Entry>();
  return std::make_unique<Cursor>(entries, entries + rows_);
}

}  // namespace headrace
