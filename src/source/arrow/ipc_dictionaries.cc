#include "source/arrow/ipc_dictionaries.h"

#include <arrow/array/concatenate.h>
#include <arrow/array/util.h>

#include "source/arrow/carried_type.h"

namespace headrace {
namespace {

// The type of the values of the wanted column that refers to the dictionary; null when none does.
std::shared_ptr<arrow::DataType> ValueType(const IpcSchema& stored, const std::vector<int>& wanted,
                                           int64_t id) {
  for (const int column : wanted) {
    if (stored.dictionary_ids[column] != id) continue;
    const auto& type = StorageTypeOf(stored.schema->field(column)->type());
    return static_cast<const arrow::DictionaryType&>(*type).value_type();
  }
  return nullptr;
}

}  // namespace

Status AddDictionary(const IpcSchema& stored, const std::vector<int>& wanted,
                     const IpcMessage& message, const IpcBody& body,
                     std::shared_ptr<const IpcDictionaries>* dictionaries) {
  ARROW_ASSIGN_OR_RAISE(const auto head, IpcBatchHead::Parse(message));
  const auto type = ValueType(stored, wanted, head.dictionary_id());
  if (type == nullptr) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(auto values, LoadDictionary(head, body, type));
  IpcDictionaries next = *dictionaries ? **dictionaries : IpcDictionaries();
  auto& entry = next[head.dictionary_id()];
  if (head.is_delta()) {
    if (entry == nullptr) return Status::Invalid("an addition to a dictionary that is not there");
    ARROW_ASSIGN_OR_RAISE(
        const auto joined,
        arrow::Concatenate({arrow::MakeArray(entry), arrow::MakeArray(values)}, body.pool()));
    values = joined->data();
  }
  entry = std::move(values);
  *dictionaries = std::make_shared<const IpcDictionaries>(std::move(next));
  return Status::OK();
}

}  // namespace headrace
