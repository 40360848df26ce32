#include "source/csv/block_reader.h"
#include "source/json/json_column.h"

namespace headrace {

Result<std::unique_ptr<JsonRowColumns>> JsonRowColumns::Make(const arrow::Schema& schema,
                                                             const std::vector<std::string>& known,
                                                             arrow::MemoryPool* pool,
                                                             const std::string& prefix) {
  auto row = std::make_unique<JsonRowColumns>();
  const auto place_of = [&](const std::string& name) -> std::unique_ptr<JsonColumn>* {
    if (row->keys_.Find(name) < 0) {
      row->keys_.Add(name);
      row->columns_.emplace_back();
    }
    return &row->columns_[static_cast<size_t>(row->keys_.Find(name))];
  };
  for (const std::string& name : known) place_of(name);
  for (const auto& field : schema.fields()) {
    const std::string name = prefix.empty() ? field->name() : prefix + "." + field->name();
    ARROW_ASSIGN_OR_RAISE(*place_of(field->name()), MakeJsonColumn(field->type(), name, pool));
    row->order_.push_back(row->keys_.Find(field->name()));
  }
  return row;
}

int64_t JsonRowColumns::row_bytes() const {
  int64_t bytes = 0;
  for (const int key : order_) bytes += columns_[static_cast<size_t>(key)]->value_bytes();
  return bytes;
}

bool JsonRowColumns::TakeMembers(JsonCursor* cursor, JsonTake* take, int64_t row) {
  keys_.Rewind();
  return cursor->Members([&] {
    const uint8_t* const begin = cursor->at;
    const int key = keys_.Read(cursor);
    const uint8_t* const end = cursor->at;
    if (key == -2 || !cursor->Expect(':', "':'")) return false;
    // Whichever value were taken, the other would be lost.
    if (key >= 0 && keys_.repeated()) [[unlikely]]
      return cursor->Fail(JsonProblem::kRepeatedKey, begin, Excerpt(begin, end));
    if (key < 0 && refuses_unknown_) [[unlikely]]
      return cursor->Fail(JsonProblem::kUnknownKey, begin, Excerpt(begin, end));
    JsonColumn* const column = key < 0 ? nullptr : columns_[static_cast<size_t>(key)].get();
    if (column == nullptr) return cursor->SkipValue();
    if (*cursor->at == 'n') return cursor->Scalar();
    if (column->length() < row) {
      take->status = column->PadTo(row);
      if (!take->status.ok()) return false;
    }
    return column->Take(cursor, take);
  });
}

void JsonRowColumns::Truncate(int64_t length) {
  for (const int key : order_) columns_[static_cast<size_t>(key)]->Truncate(length);
}

void JsonRowColumns::Erase(const IndexSpans& spans) {
  for (const int key : order_) columns_[static_cast<size_t>(key)]->Erase(spans);
}

void JsonRowColumns::Clear() {
  for (const int key : order_) columns_[static_cast<size_t>(key)]->Clear();
}

Result<arrow::ArrayVector> JsonRowColumns::Convert(int64_t length, const JsonTake& take,
                                                   JsonBadValue* bad) {
  arrow::ArrayVector arrays;
  for (const int key : order_) {
    ARROW_ASSIGN_OR_RAISE(auto array,
                          columns_[static_cast<size_t>(key)]->Convert(length, take, bad));
    arrays.push_back(std::move(array));
  }
  if (bad->begin != nullptr) arrays.clear();
  return arrays;
}

Status JsonRowColumns::FindBad(int64_t length, const JsonTake& take, JsonBadValues* bad) const {
  for (const int key : order_)
    ARROW_RETURN_NOT_OK(columns_[static_cast<size_t>(key)]->FindBad(length, take, bad));
  return Status::OK();
}

}  // namespace headrace
