#include "source/json/json_given_keys.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "source/json/json_rows.h"
#include "source/json/json_splitter.h"

namespace headrace {
namespace {

// Bytes of the text that hold whole rows; blanks out what stands between elements of an array.
int64_t WholeRowBytes(JsonBlock* start) {
  if (start->framing != JsonFraming::kLines) {
    JsonSplitter splitter(start->framing);
    splitter.Scan(start->text(), 0, start->length);
    return splitter.whole_bytes();
  }
  const void* const newline = ::memrchr(start->text(), '\n', static_cast<size_t>(start->length));
  return newline == nullptr ? 0 : static_cast<const uint8_t*>(newline) + 1 - start->text();
}

}  // namespace

JsonGivenKeys::JsonGivenKeys(const std::vector<std::pair<std::string, std::string>>& types) {
  for (const auto& [name, type] : types) {
    if (keys_.Find(name) < 0) keys_.Add(name);
  }
  seen_.resize(static_cast<size_t>(keys_.size()));
}

void JsonGivenKeys::Look(JsonBlock* start) {
  if (!only_given_) return;
  start->SetLength(WholeRowBytes(start));
  bytes_ += start->length;
  JsonRows rows(*start, std::numeric_limits<int64_t>::max());
  while (only_given_ && rows.Next()) {
    if (!rows.Read([&](JsonCursor* cursor) { return ReadKeys(cursor); })) rows.Skip();
    ++rows_;
  }
}

bool JsonGivenKeys::ReadKeys(JsonCursor* cursor) {
  keys_.Rewind();
  return cursor->Members([&] {
    const int key = keys_.Read(cursor);
    if (key == -1) only_given_ = false;
    if (key >= 0 && !seen_[static_cast<size_t>(key)]) {
      seen_[static_cast<size_t>(key)] = true;
      names_.push_back(keys_.name(key));
    }
    return key != -2 && cursor->Expect(':', "':'") && cursor->SkipValue();
  });
}

int64_t JsonGivenKeys::rows_in(int64_t bytes) const {
  const double share =
      static_cast<double>(bytes) / static_cast<double>(std::max<int64_t>(bytes_, 1));
  return static_cast<int64_t>(static_cast<double>(rows_) * share);
}

}  // namespace headrace
