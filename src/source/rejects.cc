#include "source/rejects.h"

namespace headrace {

std::string_view RejectCodeName(RejectCode code) {
  switch (code) {
    case RejectCode::kBadValue:
      return "bad_value";
    case RejectCode::kTooFewFields:
      return "too_few_fields";
    case RejectCode::kTooManyFields:
      return "too_many_fields";
    case RejectCode::kInvalidUtf8:
      return "invalid_utf8";
    case RejectCode::kFieldTooLong:
      return "field_too_long";
    case RejectCode::kMalformedQuote:
      return "malformed_quote";
    case RejectCode::kUnclosedQuote:
      return "unclosed_quote";
    case RejectCode::kInvalidJson:
      return "invalid_json";
    case RejectCode::kNotAnObject:
      return "not_an_object";
    case RejectCode::kNestedTooDeep:
      return "nested_too_deep";
    case RejectCode::kRepeatedKey:
      return "repeated_key";
    case RejectCode::kRecordTooLong:
      return "record_too_long";
  }
  return "";
}

const std::shared_ptr<arrow::Schema>& QuarantineSchema() {
  static const auto kSchema = arrow::schema({
      arrow::field("file", arrow::utf8(), /*nullable=*/false),
      arrow::field("line", arrow::int64(), /*nullable=*/false),
      arrow::field("byte_offset", arrow::int64(), /*nullable=*/false),
      arrow::field("column", arrow::utf8()),
      arrow::field("reason_code", arrow::utf8(), /*nullable=*/false),
      arrow::field("reason", arrow::utf8(), /*nullable=*/false),
      arrow::field("raw", arrow::binary(), /*nullable=*/false),
  });
  return kSchema;
}

const std::shared_ptr<arrow::Schema>& RejectSchema() {
  static const auto kSchema = [] {
    arrow::FieldVector fields = QuarantineSchema()->fields();
    fields.push_back(arrow::field("rows_before", arrow::int64(), /*nullable=*/false));
    return arrow::schema(std::move(fields));
  }();
  return kSchema;
}

RejectBuilder::RejectBuilder(arrow::MemoryPool* pool)
    : file_(pool),
      line_(pool),
      byte_offset_(pool),
      column_(pool),
      code_(pool),
      reason_(pool),
      raw_(pool),
      rows_before_(pool) {}

Status RejectBuilder::Add(const Reject& reject) {
  const std::string_view code = RejectCodeName(reject.code);
  ARROW_RETURN_NOT_OK(file_.Append(reject.file));
  ARROW_RETURN_NOT_OK(line_.Append(reject.line));
  ARROW_RETURN_NOT_OK(byte_offset_.Append(reject.byte_offset));
  ARROW_RETURN_NOT_OK(reject.column.empty() ? column_.AppendNull() : column_.Append(reject.column));
  ARROW_RETURN_NOT_OK(code_.Append(code));
  ARROW_RETURN_NOT_OK(reason_.Append(reject.reason));
  ARROW_RETURN_NOT_OK(raw_.Append(reject.raw));
  ARROW_RETURN_NOT_OK(rows_before_.Append(reject.rows_before));
  bytes_ += static_cast<int64_t>(reject.file.size() + reject.column.size() + code.size() +
                                 reject.reason.size() + reject.raw.size());
  return Status::OK();
}

Result<std::shared_ptr<arrow::RecordBatch>> RejectBuilder::Finish() {
  const int64_t count = rows();
  if (count == 0) return nullptr;
  arrow::ArrayVector columns(8);
  arrow::ArrayBuilder* const builders[] = {&file_, &line_,   &byte_offset_, &column_,
                                           &code_, &reason_, &raw_,         &rows_before_};
  for (size_t i = 0; i < columns.size(); ++i) {
    ARROW_RETURN_NOT_OK(builders[i]->Finish(&columns[i]));
  }
  bytes_ = 0;
  return arrow::RecordBatch::Make(RejectSchema(), count, std::move(columns));
}

}  // namespace headrace
