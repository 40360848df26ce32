// JsonKeys: the keys of one kind of object, found fast where they come in the usual order.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "source/csv/number_text.h"
#include "source/json/json_cursor.h"

namespace headrace {

// Role: numbers the keys of an object from 0 on, in the order of Add. Owner: a node of a tree that
// one worker walks. Threads: one.
class JsonKeys {
 public:
  // Reads the key here; its number, -1 for one that is not known (its name is `unknown()` then), -2
  // where the text is broken.
  int Read(JsonCursor* cursor) {
    if (next_ < keys_.size()) {
      Key& key = keys_[next_];
      if (key.Matches(cursor->at)) [[likely]] {
        cursor->at += key.quoted_bytes;
        Mark(&key);
        return static_cast<int>(next_++);
      }
    }
    return ReadSlow(cursor);
  }
  // An object begins: the next key is likely the first one.
  void Rewind() {
    next_ = 0;
    ++object_;
  }
  // The known key that was read last stands in its object for the second time.
  bool repeated() const { return repeated_; }
  // The next key is likely the one behind this.
  void Follow(int index) { next_ = static_cast<size_t>(index) + 1; }
  int Add(std::string name);
  // -1 = not there.
  int Find(const std::string& name) const;
  int size() const { return static_cast<int>(keys_.size()); }
  const std::string& name(int index) const { return keys_[static_cast<size_t>(index)].name; }
  const std::string& unknown() const { return unknown_; }

 private:
  struct Key {
    std::string name;
    std::vector<uint64_t> quoted;  // as it is written in quotes, in words
    uint64_t last_mask = 0;        // of the last word
    int64_t quoted_bytes = 0;      // 0 = it cannot be written as it is
    int64_t object = 0;            // the last one that it was read in

    bool Matches(const uint8_t* text) const {
      const size_t last = quoted.size() - 1;
      for (size_t i = 0; i < last; ++i) {
        if (LoadWord(text + i * 8) != quoted[i]) return false;
      }
      return ((LoadWord(text + last * 8) ^ quoted[last]) & last_mask) == 0;
    }
  };
  void Mark(Key* key) {
    repeated_ = key->object == object_;
    key->object = object_;
  }
  int ReadSlow(JsonCursor* cursor);

  std::vector<Key> keys_;
  std::unordered_map<std::string, int> by_name_;
  size_t next_ = 0;
  int64_t object_ = 0;  // counts objects from 1 on
  bool repeated_ = false;
  std::string unknown_;
};

}  // namespace headrace
