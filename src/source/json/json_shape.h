// JsonShape: what is known of the values that stand in one place of all rows.
#pragma once

#include <arrow/type.h>

#include <memory>
#include <string>
#include <vector>

#include "source/csv/type_guess.h"
#include "source/json/json_block.h"
#include "source/json/json_keys.h"

namespace headrace {

// All levels together. Schemas, names and encoders live outside the pools and are bounded by this.
inline constexpr int kJsonKeysMax = 10'000;
// What a key takes while types are found.
inline constexpr int64_t kJsonKeyBytes = 2048;

struct JsonField;

// Role: a node of the tree of shapes; the root is the row. Merging is commutative, so blocks may be
// looked at in any order and by several workers, each with a tree of its own. What a node could be
// is kept for every kind of value that was seen, so that the number of keys does not depend on the
// order either. Threads: one.
class JsonShape {
 public:
  JsonShape();
  ~JsonShape();
  JsonShape(JsonShape&&) noexcept;

  // Whoever looks at a block: where it stands, and how many keys were found so far.
  struct Observer {
    const JsonBlock* block = nullptr;
    int keys = 0;  // of the whole tree
  };
  // Takes the value that begins here; false where the text is broken, or there are too many keys.
  bool Observe(JsonCursor* cursor, Observer* observer);
  // Takes what another worker saw; `keys` counts those that are new here.
  void Merge(JsonShape* other, int* keys);

  // A key that is known beforehand: its values are checked, and nothing more is asked.
  void AddGivenField(const std::string& name);
  // All keys of this object are such.
  void SetGiven() { fields_given_ = true; }
  // Fields of an object in the order in which the input first has them; given ones that it has not
  // are left out.
  std::vector<const JsonField*> Fields() const;
  // The narrowest type that loses nothing. Text where kinds are mixed and where nothing was seen.
  std::shared_ptr<arrow::DataType> Resolve() const;
  // "line 7 holds 'x'": why a text is not something else; "" when nothing was ruled out.
  std::string Explain() const;
  // "the object at a.b has 9,000": the object with the most keys.
  std::string LargestObject() const;

 private:
  enum Kind : uint8_t { kBool = 1, kNumber = 2, kText = 4, kObject = 8, kArray = 16 };
  static constexpr int kKinds = 5;

  void See(Kind kind, const uint8_t* begin, const JsonCursor& cursor, const Observer& observer);
  bool ObserveText(JsonCursor* cursor, Observer* observer);
  bool ObserveScalar(JsonCursor* cursor, Observer* observer);
  bool ObserveObject(JsonCursor* cursor, Observer* observer);
  bool ObserveArray(JsonCursor* cursor, Observer* observer);
  JsonField* FindField(JsonCursor* cursor, Observer* observer);
  const JsonShape* Largest(const std::string& path, std::string* largest_path) const;
  bool is_mixed() const { return (kinds_ & (kinds_ - 1)) != 0; }

  uint8_t kinds_ = 0;
  std::vector<TypeWitness> first_;  // of a kind, by the number of its bit; once one was seen
  std::unique_ptr<TypeGuess> numbers_;
  std::unique_ptr<TypeGuess> texts_;
  std::unique_ptr<JsonKeys> keys_;
  std::vector<std::unique_ptr<JsonField>> fields_;  // by number of the key
  std::unique_ptr<JsonShape> element_;
  bool fields_given_ = false;
};

struct JsonField {
  std::string name;
  int file = -1;  // where the key first stands; -1 = nowhere
  int64_t offset = 0;
  bool given = false;
  JsonShape shape;
};

}  // namespace headrace
