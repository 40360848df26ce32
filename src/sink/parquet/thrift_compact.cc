#include "sink/parquet/thrift_compact.h"

namespace headrace {
namespace {

uint64_t ZigZag(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
}

// Walks over serialized values without keeping them.
class Skipper {
 public:
  explicit Skipper(std::string_view bytes) : bytes_(bytes) {}
  size_t at() const { return at_; }
  bool failed() const { return failed_; }

  uint8_t Byte() {
    if (at_ >= bytes_.size()) {
      failed_ = true;
      return 0;
    }
    return static_cast<uint8_t>(bytes_[at_++]);
  }

  uint64_t Varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const uint8_t byte = Byte();
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) break;
    }
    return value;
  }

  void Value(int type) {
    switch (type) {
      case 1:
      case 2:
        return;
      case 3:
        Byte();
        return;
      case 4:
      case 5:
      case 6:
        Varint();
        return;
      case 7:
        Advance(8);
        return;
      case 8:
        Advance(Varint());
        return;
      case 9:
      case 10:
        List();
        return;
      case 12:
        while (!failed_ && Field() != 0) {
        }
        return;
      default:
        failed_ = true;
    }
  }

  // Skips one field; 0 at the end of the struct, else the header byte's type.
  int Field() {
    const uint8_t header = Byte();
    const int type = header & 0x0f;
    if (type == 0) return 0;
    if ((header >> 4) == 0) Varint();
    Value(type);
    return type;
  }

 private:
  void Advance(uint64_t count) {
    if (count > bytes_.size() - at_) {
      failed_ = true;
    } else {
      at_ += count;
    }
  }

  void List() {
    const uint8_t header = Byte();
    const int type = header & 0x0f;
    const uint64_t size = (header >> 4) == 15 ? Varint() : header >> 4;
    for (uint64_t i = 0; i < size && !failed_; ++i) {
      if (type == 1 || type == 2) {
        Byte();  // inside a list a boolean takes a byte
      } else {
        Value(type);
      }
    }
  }

  std::string_view bytes_;
  size_t at_ = 0;
  bool failed_ = false;
};

}  // namespace

void CompactWriter::Varint(uint64_t value) {
  while (value >= 0x80) {
    out_->push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out_->push_back(static_cast<char>(value));
}

void CompactWriter::Header(int id, CompactType type) {
  const int delta = id - last_id_;
  HEADRACE_CHECK(delta >= 1 && delta <= 15);
  out_->push_back(static_cast<char>(delta << 4 | static_cast<int>(type)));
  last_id_ = id;
}

void CompactWriter::Push() {
  outer_ids_.push_back(last_id_);
  last_id_ = 0;
}

void CompactWriter::Int32(int id, int32_t value) {
  Header(id, CompactType::kInt32);
  Varint(ZigZag(value));
}

void CompactWriter::Int64(int id, int64_t value) {
  Header(id, CompactType::kInt64);
  Varint(ZigZag(value));
}

void CompactWriter::Binary(int id, std::string_view value) {
  Header(id, CompactType::kBinary);
  BinaryElement(value);
}

void CompactWriter::Bool(int id, bool value) {
  Header(id, value ? CompactType::kTrue : CompactType::kFalse);
}

void CompactWriter::BeginStruct(int id) {
  Header(id, CompactType::kStruct);
  Push();
}

void CompactWriter::BeginList(int id, CompactType element, int64_t size) {
  Header(id, CompactType::kList);
  const auto type = static_cast<int>(element);
  if (size < 15) {
    out_->push_back(static_cast<char>(size << 4 | type));
  } else {
    out_->push_back(static_cast<char>(0xf0 | type));
    Varint(static_cast<uint64_t>(size));
  }
}

void CompactWriter::Int32Element(int32_t value) { Varint(ZigZag(value)); }

void CompactWriter::BinaryElement(std::string_view value) {
  Varint(value.size());
  out_->append(value);
}

void CompactWriter::BeginStructElement() { Push(); }

void CompactWriter::EndStruct() {
  out_->push_back(0);
  if (!outer_ids_.empty()) {
    last_id_ = outer_ids_.back();
    outer_ids_.pop_back();
  }
}

Result<std::vector<CompactField>> ListCompactFields(std::string_view bytes) {
  std::vector<CompactField> fields;
  Skipper skipper(bytes);
  int id = 0;
  for (;;) {
    const size_t begin = skipper.at();
    const uint8_t header = begin < bytes.size() ? static_cast<uint8_t>(bytes[begin]) : 0;
    const int type = skipper.Field();
    if (skipper.failed()) break;
    if (type == 0) return fields;
    if ((header >> 4) == 0) break;  // a long-form id: no struct of ours has one
    id += header >> 4;
    fields.push_back({id, begin, skipper.at()});
  }
  return MakeError(ErrorKind::kInternal, 901,
                   "serialized metadata cannot be read back at byte {} of {}", skipper.at(),
                   bytes.size());
}

}  // namespace headrace
