// JsonGivenKeys: are the types of all keys known, so that the input need not be looked through?
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "source/json/json_block.h"
#include "source/json/json_keys.h"

namespace headrace {

// Role: looks at the rows that the inputs begin with. Where these have exactly the keys that types
// are given for, the columns are known without a pass over the whole input; a row that has another
// key is then a bad one. Owner: the opening of a scan. Threads: one.
class JsonGivenKeys {
 public:
  explicit JsonGivenKeys(const std::vector<std::pair<std::string, std::string>>& types);

  // The start of an input, which may end within a row. Bad rows are passed over: they are told of
  // where they are read.
  void Look(JsonBlock* start);
  bool are_all() const { return only_given_ && !names_.empty() && names_.size() == seen_.size(); }
  // In the order in which the input first has them.
  const std::vector<std::string>& names() const { return names_; }
  // About so many rows are in so many bytes of text.
  int64_t rows_in(int64_t bytes) const;

 private:
  bool ReadKeys(JsonCursor* cursor);

  JsonKeys keys_;
  std::vector<bool> seen_;  // by number of the key
  std::vector<std::string> names_;
  bool only_given_ = true;
  int64_t rows_ = 0;
  int64_t bytes_ = 0;
};

}  // namespace headrace
