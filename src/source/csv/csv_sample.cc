#include "source/csv/csv_sample.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "source/csv/unescape.h"

namespace headrace {

Result<TextSample> TextSample::Read(TextInput* input, int64_t bytes, arrow::MemoryPool* pool) {
  if (input->size_bytes() >= 0 && input->compression() == Compression::kNone &&
      input->encoding() == TextEncoding::kUtf8) {
    bytes = std::min(bytes, input->size_bytes() + 1);
  }
  TextSample sample;
  ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateBuffer(bytes + 1 + 2 * kTextPadding, pool));
  sample.buffer_ = std::move(buffer);
  std::memset(sample.buffer_->mutable_data(), 0, kTextPadding);
  uint8_t* text = sample.buffer_->mutable_data() + kTextPadding;
  ARROW_ASSIGN_OR_RAISE(auto stream, input->Open(TextInput::Pass::kReplayable));
  ARROW_ASSIGN_OR_RAISE(sample.length_, ReadFully(stream.get(), bytes, text));
  sample.whole_ = sample.length_ < bytes;
  // A newline that a last line lacks can be put here, so that a sample is cut like a block.
  text[sample.length_] = '\n';
  return sample;
}

uint8_t FindNewline(const TextSample& sample) {
  const uint8_t* text = sample.text();
  bool inside = false;
  bool lone_return = false;
  bool quoted_newline = false;
  for (int64_t i = 0; i < sample.length(); ++i) {
    if (text[i] == '"') {
      inside = !inside;
    } else if (text[i] == '\n') {
      if (!inside) return '\n';
      quoted_newline = true;
    } else if (text[i] == '\r' && !inside) {
      lone_return = lone_return || text[i + 1] != '\n';
    }
  }
  // Without a return outside quotes the quotes may be none.
  return lone_return || (!quoted_newline &&
                         std::memchr(text, '\r', static_cast<size_t>(sample.length())) != nullptr)
             ? '\r'
             : '\n';
}

namespace {

// Where the line after the one that `offset` lies in begins; the end of the sample without one.
int64_t NextLine(const TextSample& sample, int64_t offset, uint8_t newline) {
  const void* found =
      std::memchr(sample.text() + offset, newline, static_cast<size_t>(sample.length() - offset));
  if (found == nullptr) return sample.length();
  return static_cast<const uint8_t*>(found) - sample.text() + 1;
}

int64_t SkippedBytes(const TextSample& sample, const Dialect& dialect) {
  int64_t offset = 0;
  for (int64_t line = 0; line < dialect.skip_rows && offset < sample.length(); ++line)
    offset = NextLine(sample, offset, dialect.newline);
  return offset;
}

// Fields are kept on the heap, outside any pool: 4 MiB of them are enough to judge a dialect by.
constexpr size_t kSampleFieldsMax = 256 * 1024;

// Cuts records out of structure bits.
void CutRecords(const uint8_t* text, const uint64_t* bits, int64_t base, int64_t end,
                const Dialect& dialect, int64_t records_max, SampleRecords* out) {
  SampleRecord record{base, 0, {}};
  int64_t field_begin = 0;
  size_t fields = 0;
  for (int64_t word = 0; word * 64 < end; ++word) {
    for (uint64_t left = bits[word]; left != 0; left &= left - 1) {
      const int64_t at = word * 64 + std::countr_zero(left);
      if (at >= end) return;
      int64_t field_end = at;
      const bool record_ends = text[at] == dialect.newline;
      if (record_ends && field_end > field_begin && text[field_end - 1] == '\r') --field_end;
      if (record.fields.size() == kColumnsMax) {
        out->too_wide = true;
        return;
      }
      record.fields.push_back({text + field_begin, text + field_end});
      field_begin = at + 1;
      if (!record_ends) continue;
      record.next = base + at + 1;
      const bool comment = text[record.begin - base] == dialect.comment;
      if (!comment) {
        fields += record.fields.size();
        out->records.push_back(std::move(record));
      }
      if (static_cast<int64_t>(out->records.size()) >= records_max) return;
      if (fields >= kSampleFieldsMax) return;
      record = SampleRecord{base + at + 1, 0, {}};
    }
  }
}

bool IsBlankRecord(const SampleRecord& record) {
  return record.fields.size() == 1 && record.fields[0].begin == record.fields[0].end;
}

}  // namespace

int64_t PreambleBytes(const TextSample& sample, const Dialect& dialect) {
  int64_t offset = SkippedBytes(sample, dialect);
  while (offset < sample.length()) {
    const uint8_t first = sample.text()[offset];
    if (first != dialect.comment && first != dialect.newline) break;
    offset = NextLine(sample, offset, dialect.newline);
  }
  return offset;
}

Result<SampleRecords> CutSample(const TextSample& sample, const Dialect& dialect,
                                int64_t records_max, arrow::MemoryPool* pool,
                                std::optional<int> repair_columns) {
  const uint8_t* text = sample.text();
  const int64_t base = SkippedBytes(sample, dialect);
  int64_t length = sample.length() - base;
  const bool closes = sample.whole() && length > 0 && text[sample.length() - 1] != dialect.newline;
  if (closes) {
    // The byte behind a sample is its own; it is '\n', or set here for lone carriage returns.
    const_cast<uint8_t*>(text)[sample.length()] = dialect.newline;
    ++length;
  }
  ARROW_ASSIGN_OR_RAISE(auto bits, arrow::AllocateBuffer(StructureWords(length) * 8, pool));
  uint64_t* words = reinterpret_cast<uint64_t*>(bits->mutable_data());
  const StructureScan scan =
      repair_columns.has_value()
          ? ScanStructureRepairing(text + base, length, dialect,
                                   {*repair_columns, /*is_whole=*/sample.whole()}, words)
          : ScanStructure(text + base, length, dialect, words);
  SampleRecords out;
  out.cut = scan.record_end < length;
  out.quote_error = (scan.error != QuoteError::kNone && scan.error_at < scan.record_end) ||
                    (sample.whole() && scan.record_end < length);
  CutRecords(text + base, words, base, scan.record_end, dialect, records_max, &out);
  const bool single =
      std::all_of(out.records.begin(), out.records.end(),
                  [](const SampleRecord& record) { return record.fields.size() == 1; });
  if (!single) std::erase_if(out.records, IsBlankRecord);
  return out;
}

std::string SampleValue(const SampleField& field, const Dialect& dialect) {
  FieldText text{field.begin, field.end};
  const bool quoted = IsQuoted(text, dialect.quote);
  if (quoted) text = Unquoted(text);
  if (!quoted && dialect.escape == kNoCharacter) {
    return std::string(reinterpret_cast<const char*>(text.begin),
                       static_cast<size_t>(text.end - text.begin));
  }
  std::string value(static_cast<size_t>(text.end - text.begin), '\0');
  uint8_t* begin = reinterpret_cast<uint8_t*>(value.data());
  value.resize(static_cast<size_t>(UnescapeField(text, dialect, begin) - begin));
  return value;
}

}  // namespace headrace
