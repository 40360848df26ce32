#include "source/json/json_keys.h"

#include <cstring>

namespace headrace {

int JsonKeys::Add(std::string name) {
  Key key;
  bool plain = true;
  for (const char c : name) plain &= c != '"' && c != '\\' && static_cast<unsigned char>(c) >= ' ';
  const std::string quoted = '"' + name + '"';
  key.quoted.resize((quoted.size() + 7) / 8);
  std::memcpy(key.quoted.data(), quoted.data(), quoted.size());
  const size_t in_last = quoted.size() - (key.quoted.size() - 1) * 8;
  key.last_mask = in_last == 8 ? ~uint64_t{0} : (uint64_t{1} << 8 * in_last) - 1;
  key.quoted_bytes = static_cast<int64_t>(quoted.size());
  // Text that needs an escape is never found as it is; no text begins with a 0 byte.
  if (!plain) key.quoted.assign(1, 0), key.last_mask = 0xff;
  const int index = size();
  by_name_.emplace(name, index);
  key.name = std::move(name);
  keys_.push_back(std::move(key));
  return index;
}

int JsonKeys::ReadSlow(JsonCursor* cursor) {
  JsonString text;
  if (!cursor->String(&text)) return -2;
  unknown_.resize(static_cast<size_t>(text.end - text.begin));
  uint8_t* const first = reinterpret_cast<uint8_t*>(unknown_.data());
  if (text.escaped) {
    unknown_.resize(static_cast<size_t>(DecodeJsonString(text, first) - first));
  } else {
    std::memcpy(first, text.begin, unknown_.size());
  }
  const int index = Find(unknown_);
  if (index >= 0) {
    Follow(index);
    Mark(&keys_[static_cast<size_t>(index)]);
  }
  return index;
}

int JsonKeys::Find(const std::string& name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? -1 : found->second;
}

}  // namespace headrace
