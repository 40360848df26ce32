#include "sink/text/row_text.h"

#include "sink/text/nested_text.h"

namespace headrace {

Status RowText::SetBatch(std::shared_ptr<arrow::RecordBatch> batch) {
  Clear();
  batch_ = std::move(batch);
  for (int i = 0; i < batch_->num_columns(); ++i) {
    // Columns of a batch are made on demand; they must stay while their texts are made.
    columns_.push_back(batch_->column(i));
    ARROW_ASSIGN_OR_RAISE(auto text, MakeColumnText(*columns_.back(), style_));
    texts_.push_back(std::move(text));
  }
  return Status::OK();
}

void RowText::Clear() {
  texts_.clear();
  columns_.clear();
  batch_.reset();
}

Status RowText::Append(int64_t row, TextBuffer* out) const {
  for (size_t i = 0; i < texts_.size(); ++i) {
    ARROW_RETURN_NOT_OK(out->Append(before_[i]));
    const Status appended = texts_[i]->Append(row, out);
    if (appended.ok()) continue;
    return WithContext(appended, "column '" + batch_->column_name(static_cast<int>(i)) + "'");
  }
  return out->Append(end_);
}

Result<std::unique_ptr<RowText>> MakeRowText(const arrow::Schema& schema, const TextStyle& style) {
  if (style.kind == TextStyle::Kind::kCsv) {
    std::vector<std::string> before(schema.num_fields(), std::string(1, style.delimiter));
    if (!before.empty()) before.front().clear();
    return std::make_unique<RowText>(std::move(before), "\n", style);
  }
  ARROW_ASSIGN_OR_RAISE(std::vector<std::string> before, JsonKeys(schema.fields()));
  if (before.empty()) return std::make_unique<RowText>(std::move(before), "{}\n", style);
  before.front().insert(0, "{");
  return std::make_unique<RowText>(std::move(before), "}\n", style);
}

Result<std::string> CsvHeader(const arrow::Schema& schema, char delimiter) {
  TextBuffer text(arrow::default_memory_pool());
  for (int i = 0; i < schema.num_fields(); ++i) {
    if (i > 0) ARROW_RETURN_NOT_OK(text.Append({&delimiter, 1}));
    ARROW_RETURN_NOT_OK(AppendCsvField(schema.field(i)->name(), delimiter, &text));
  }
  ARROW_RETURN_NOT_OK(text.Append("\n"));
  return std::string(reinterpret_cast<const char*>(text.data()), text.size());
}

}  // namespace headrace
