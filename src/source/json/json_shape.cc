#include "source/json/json_shape.h"

#include <algorithm>
#include <bit>
#include <tuple>

#include "source/csv/block_reader.h"
#include "source/json/json_block_reader.h"

namespace headrace {
namespace {

constexpr uint16_t kNumberBits = kInt64Bit | kDoubleBit | kDecimalBit;
constexpr uint16_t kTextBits = kDateBit | kTimestampBit | kTimestampTzBit | kTimeBit;

TypeWitness WitnessAt(const JsonBlock& block, const uint8_t* begin, const uint8_t* end) {
  return {block.file, block.offset + (begin - block.text()), JsonLine(block, begin),
          Excerpt(begin, end, 30)};
}

// Of an object or an array: as much as a message shows.
const uint8_t* BeginningOf(const uint8_t* begin, const JsonCursor& cursor) {
  return std::find(begin, std::min(begin + 40, cursor.end), '\n');
}

// A long name counts as several keys.
int KeysIn(const std::string& name) { return 1 + static_cast<int>(name.size() / 256); }

bool IsBefore(const JsonField& a, const JsonField& b) {
  return std::tie(a.file, a.offset) < std::tie(b.file, b.offset);
}

}  // namespace

JsonShape::JsonShape() = default;
JsonShape::~JsonShape() = default;
JsonShape::JsonShape(JsonShape&&) noexcept = default;

bool JsonShape::Observe(JsonCursor* cursor, Observer* observer) {
  switch (*cursor->at) {
    case '"':
      return ObserveText(cursor, observer);
    case '{':
      return ObserveObject(cursor, observer);
    case '[':
      return ObserveArray(cursor, observer);
    default:
      return ObserveScalar(cursor, observer);
  }
}

// Called for every first value of a kind.
void JsonShape::See(Kind kind, const uint8_t* begin, const JsonCursor& cursor,
                    const Observer& observer) {
  kinds_ |= kind;
  first_.resize(kKinds);
  first_[static_cast<size_t>(std::countr_zero<uint8_t>(kind))] = WitnessAt(
      *observer.block, begin, cursor.at != begin ? cursor.at : BeginningOf(begin, cursor));
}

// Only a text without escapes can be a date or a time.
bool JsonShape::ObserveText(JsonCursor* cursor, Observer* observer) {
  JsonString text;
  const uint8_t* const begin = cursor->at;
  if (!cursor->String(&text)) return false;
  if ((kinds_ & kText) == 0) [[unlikely]] {
    See(kText, begin, *cursor, *observer);
    texts_ = std::make_unique<TypeGuess>(kTextBits);
  }
  if (texts_->only_string()) return true;
  if (texts_->Observe(text.begin, text.escaped ? text.begin : text.end))
    texts_->AddWitness(WitnessAt(*observer->block, text.begin, text.end));
  return true;
}

bool JsonShape::ObserveScalar(JsonCursor* cursor, Observer* observer) {
  const uint8_t* const begin = cursor->at;
  if (!cursor->Scalar()) return false;
  if (*begin == 'n') return true;
  const Kind kind = *begin == 't' || *begin == 'f' ? kBool : kNumber;
  if ((kinds_ & kind) == 0) [[unlikely]] {
    See(kind, begin, *cursor, *observer);
    if (kind == kNumber) numbers_ = std::make_unique<TypeGuess>(kNumberBits);
  }
  if (kind == kBool || numbers_->only_string()) return true;
  if (numbers_->Observe(begin, cursor->at)) [[unlikely]]
    numbers_->AddWitness(WitnessAt(*observer->block, begin, cursor->at));
  return true;
}

bool JsonShape::ObserveObject(JsonCursor* cursor, Observer* observer) {
  if ((kinds_ & kObject) == 0) [[unlikely]] {
    See(kObject, cursor->at, *cursor, *observer);
    if (keys_ == nullptr) keys_ = std::make_unique<JsonKeys>();
  }
  keys_->Rewind();
  return cursor->Members([&] {
    JsonField* const field = FindField(cursor, observer);
    if (field == nullptr || !cursor->Expect(':', "':'")) return false;
    return field->given ? cursor->SkipValue() : field->shape.Observe(cursor, observer);
  });
}

JsonField* JsonShape::FindField(JsonCursor* cursor, Observer* observer) {
  const uint8_t* const begin = cursor->at;
  int index = keys_->Read(cursor);
  if (index >= 0) {
    JsonField* const field = fields_[static_cast<size_t>(index)].get();
    if (field->file >= 0) [[likely]]
      return field;
  }
  if (index == -2) return nullptr;
  if (index == -1) {
    observer->keys += KeysIn(keys_->unknown());
    if (observer->keys > kJsonKeysMax)
      return cursor->Fail(JsonProblem::kTooManyKeys, begin, ""), nullptr;
    index = keys_->Add(keys_->unknown());
    fields_.push_back(std::make_unique<JsonField>());
    fields_.back()->name = keys_->name(index);
    fields_.back()->given = fields_given_;
    keys_->Follow(index);
  }
  JsonField* const field = fields_[static_cast<size_t>(index)].get();
  field->file = observer->block->file;
  field->offset = observer->block->offset + (begin - observer->block->text());
  return field;
}

bool JsonShape::ObserveArray(JsonCursor* cursor, Observer* observer) {
  if ((kinds_ & kArray) == 0) [[unlikely]] {
    See(kArray, cursor->at, *cursor, *observer);
    element_ = std::make_unique<JsonShape>();
  }
  return cursor->Elements([&] { return element_->Observe(cursor, observer); });
}

void JsonShape::AddGivenField(const std::string& name) {
  if (keys_ == nullptr) keys_ = std::make_unique<JsonKeys>();
  keys_->Add(name);
  fields_.push_back(std::make_unique<JsonField>());
  fields_.back()->name = name;
  fields_.back()->given = true;
}

void JsonShape::Merge(JsonShape* other, int* keys) {
  kinds_ |= other->kinds_;
  if (first_.empty()) {
    first_ = std::move(other->first_);
  } else {
    for (size_t i = 0; i < other->first_.size(); ++i) {
      const TypeWitness& theirs = other->first_[i];
      if (theirs.file >= 0 && (first_[i].file < 0 || theirs.Before(first_[i]))) first_[i] = theirs;
    }
  }
  const auto merge_guess = [](std::unique_ptr<TypeGuess>* ours,
                              std::unique_ptr<TypeGuess>* theirs) {
    if (*ours == nullptr) {
      *ours = std::move(*theirs);
    } else if (*theirs != nullptr) {
      (*ours)->Merge(**theirs);
    }
  };
  merge_guess(&numbers_, &other->numbers_);
  merge_guess(&texts_, &other->texts_);
  if (other->element_ != nullptr) {
    if (element_ == nullptr) element_ = std::make_unique<JsonShape>();
    element_->Merge(other->element_.get(), keys);
  }
  for (const auto& theirs : other->fields_) {
    if (keys_ == nullptr) keys_ = std::make_unique<JsonKeys>();
    int index = keys_->Find(theirs->name);
    if (index < 0) {
      *keys += KeysIn(theirs->name);
      index = keys_->Add(theirs->name);
      fields_.push_back(std::make_unique<JsonField>());
      fields_.back()->name = theirs->name;
      fields_.back()->given = theirs->given;
    }
    JsonField* const ours = fields_[static_cast<size_t>(index)].get();
    if (theirs->file >= 0 && (ours->file < 0 || IsBefore(*theirs, *ours))) {
      ours->file = theirs->file;
      ours->offset = theirs->offset;
    }
    ours->shape.Merge(&theirs->shape, keys);
  }
}

std::vector<const JsonField*> JsonShape::Fields() const {
  std::vector<const JsonField*> fields;
  for (const auto& field : fields_) {
    if (field->file >= 0) fields.push_back(field.get());
  }
  std::sort(fields.begin(), fields.end(),
            [](const JsonField* a, const JsonField* b) { return IsBefore(*a, *b); });
  return fields;
}

std::shared_ptr<arrow::DataType> JsonShape::Resolve() const {
  switch (kinds_) {
    case kBool:
      return arrow::boolean();
    case kNumber:
      return numbers_->Resolve();
    case kText:
      return texts_->Resolve();
    case kArray:
      return arrow::list(element_->Resolve());
    case kObject: {
      arrow::FieldVector fields;
      for (const JsonField* field : Fields())
        fields.push_back(arrow::field(field->name, field->shape.Resolve()));
      // An object without any key would be a struct without fields, which Parquet cannot hold.
      return fields.empty() ? arrow::utf8() : arrow::struct_(std::move(fields));
    }
    default:  // nothing but nulls, or of several kinds
      return arrow::utf8();
  }
}

std::string JsonShape::Explain() const {
  if (kinds_ == 0) return "no values";
  if (kinds_ == kNumber) return numbers_->Explain();
  if (kinds_ == kText) return texts_->Explain();
  if (!is_mixed()) return "";
  // The kind that came last made it text.
  const TypeWitness* last = nullptr;
  for (const TypeWitness& witness : first_) {
    if (witness.file >= 0 && (last == nullptr || last->Before(witness))) last = &witness;
  }
  return fmt::format("line {} holds {}", last->line, last->text);
}

const JsonShape* JsonShape::Largest(const std::string& path, std::string* largest_path) const {
  const JsonShape* largest = this;
  *largest_path = path;
  const auto look = [&](const JsonShape& shape, const std::string& its_path) {
    std::string found_path;
    const JsonShape* found = shape.Largest(its_path, &found_path);
    if (found->fields_.size() <= largest->fields_.size()) return;
    largest = found;
    *largest_path = std::move(found_path);
  };
  for (const auto& field : fields_)
    look(field->shape, path.empty() ? field->name : path + "." + field->name);
  if (element_ != nullptr) look(*element_, path + "[]");
  return largest;
}

std::string JsonShape::LargestObject() const {
  std::string path;
  const size_t count = Largest("", &path)->fields_.size();
  return path.empty() ? fmt::format("the rows have {} of them", count)
                      : fmt::format("the object '{}' has {} of them", path, count);
}

}  // namespace headrace
