// The compact form in which Parquet writes its page headers and its footer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace headrace {

enum class CompactType : uint8_t {
  kTrue = 1,
  kFalse = 2,
  kInt32 = 5,
  kInt64 = 6,
  kBinary = 8,
  kList = 9,
  kStruct = 12
};

// Role: appends structs, fields and lists to a string. Fields of a struct must come in ascending
// order of their ids. Threads: one.
class CompactWriter {
 public:
  explicit CompactWriter(std::string* out) : out_(out) {}

  void Int32(int id, int32_t value);
  void Int64(int id, int64_t value);
  void Binary(int id, std::string_view value);
  void Bool(int id, bool value);
  void BeginStruct(int id);
  void BeginList(int id, CompactType element, int64_t size);
  // Elements of a list.
  void Int32Element(int32_t value);
  void BinaryElement(std::string_view value);
  void BeginStructElement();
  // All elements of a list, already in the compact form.
  void Elements(std::string_view bytes) { out_->append(bytes); }
  // Ends a struct begun as a field or as an element, or the outermost one.
  void EndStruct();

 private:
  void Header(int id, CompactType type);
  void Varint(uint64_t value);
  void Push();

  std::string* out_;
  int last_id_ = 0;
  std::vector<int> outer_ids_;
};

// Where a field of the outermost struct stands in serialized bytes: from its header to the end of
// its value.
struct CompactField {
  int id = 0;
  size_t begin = 0;
  size_t end = 0;
};
// The fields of a serialized struct in order. Internal error when the bytes are no such struct.
Result<std::vector<CompactField>> ListCompactFields(std::string_view bytes);

}  // namespace headrace
