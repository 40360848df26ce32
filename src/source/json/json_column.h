// JsonColumn: the values that stand in one place of the rows, on their way to an Arrow array.
//
// Rows are read one by one, but a value is only noted by its place in the text: it is converted
// with all others of its column, by the converters that CSV has.
#pragma once

#include <arrow/array.h>
#include <arrow/memory_pool.h>
#include <arrow/type.h>

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "source/json/json_bad_values.h"
#include "source/json/json_cursor.h"
#include "source/json/json_keys.h"

namespace headrace {

// What values are taken out of, and into.
struct JsonTake {
  const uint8_t* text = nullptr;  // of the block
  int64_t field_bytes_max = 0;
  int64_t bytes = 0;  // that the values taken are going to need
  Status status;      // set where memory is refused
};

// Role: a node of the tree of columns; the root is the row. Values are appended, and truncated
// where a row turns out to be bad. A value that is missing is not appended at all: the next one
// fills up with NULLs before it. Owner: a worker, block after block. Threads: one. Errors: Take
// returns false where the text is broken (the cursor says how) or memory is refused
// (JsonTake::status).
class JsonColumn {
 public:
  virtual ~JsonColumn() = default;
  int64_t length() const { return length_; }
  // Bytes that a value takes, beside its text and the elements of a list.
  virtual int64_t value_bytes() const = 0;
  // Appends the value that begins here, which is not null.
  virtual bool Take(JsonCursor* cursor, JsonTake* take) = 0;
  // Appends NULLs up to `length` values.
  virtual Status PadTo(int64_t length) = 0;
  virtual void Truncate(int64_t length) = 0;
  // Takes values out, which need not be there.
  virtual void Erase(const IndexSpans& spans) = 0;
  virtual void Clear() = 0;
  // An array of the first `length` values, which stay where they are. nullptr when one of them is
  // bad: `bad` is then the first in the text of all that were found with it.
  virtual Result<std::shared_ptr<arrow::Array>> Convert(int64_t length, const JsonTake& take,
                                                        JsonBadValue* bad) = 0;
  // The bad ones of the first `length` values, which have been converted before.
  virtual Status FindBad(int64_t length, const JsonTake& take, JsonBadValues* bad) const = 0;

 protected:
  int64_t length_ = 0;
};

// `name` is for messages. InvalidConfig for a type that text cannot be read as.
Result<std::unique_ptr<JsonColumn>> MakeJsonColumn(const std::shared_ptr<arrow::DataType>& type,
                                                   std::string name, arrow::MemoryPool* pool);
// Values of a type without parts.
Result<std::unique_ptr<JsonColumn>> MakeJsonLeaf(const std::shared_ptr<arrow::DataType>& type,
                                                 std::string name, arrow::MemoryPool* pool);

// Role: the columns of an object by their keys. Owner: the column of the object, or whoever reads
// rows.
class JsonRowColumns {
 public:
  // `known` are further keys, whose values are passed over. `prefix` is for messages.
  static Result<std::unique_ptr<JsonRowColumns>> Make(const arrow::Schema& schema,
                                                      const std::vector<std::string>& known,
                                                      arrow::MemoryPool* pool,
                                                      const std::string& prefix = "");
  // From now on a key that is not known is a fault.
  void RefuseUnknownKeys() { refuses_unknown_ = true; }
  // Bytes that a row takes, beside its texts and the elements of lists.
  int64_t row_bytes() const;
  // Reads the members of an object whose brace is here into the values of row number `row`.
  bool TakeMembers(JsonCursor* cursor, JsonTake* take, int64_t row);
  // Also after a row that failed half-way.
  void Truncate(int64_t length);
  void Erase(const IndexSpans& spans);
  void Clear();
  // The columns in the order of the schema, `length` values each; none when one is bad.
  Result<arrow::ArrayVector> Convert(int64_t length, const JsonTake& take, JsonBadValue* bad);
  Status FindBad(int64_t length, const JsonTake& take, JsonBadValues* bad) const;

 private:
  JsonKeys keys_;
  std::vector<std::unique_ptr<JsonColumn>> columns_;  // by number of the key; null = passed over
  std::vector<int> order_;                            // keys of the schema's fields
  bool refuses_unknown_ = false;
};

}  // namespace headrace
