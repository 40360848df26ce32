#include "sink/parquet/long_text_pages.h"

#include <arrow/util/bit_util.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

namespace headrace {
namespace {

using Pieces = std::vector<std::shared_ptr<arrow::Buffer>>;

constexpr int64_t kPieceBytes = int64_t{1} << 20;

// The levels of a column without repetition as runs of one value each: the hybrid form without its
// packed half. Runs are long or the page has few rows.
std::string LevelRuns(const arrow::Array& rows) {
  std::string runs(4, '\0');
  for (int64_t begin = 0; begin < rows.length();) {
    const bool present = rows.IsValid(begin);
    int64_t end = begin + 1;
    while (end < rows.length() && rows.IsValid(end) == present) ++end;
    for (auto head = static_cast<uint64_t>(end - begin) << 1;;) {
      runs.push_back(static_cast<char>((head & 0x7f) | (head > 0x7f ? 0x80 : 0)));
      if ((head >>= 7) == 0) break;
    }
    runs.push_back(present ? '\1' : '\0');
    begin = end;
  }
  const auto length = arrow::bit_util::ToLittleEndian(static_cast<uint32_t>(runs.size() - 4));
  std::memcpy(runs.data(), &length, sizeof(length));
  return runs;
}

// Role: takes a page's plain bytes in order and gives its stored bytes.
class PageBody {
 public:
  virtual ~PageBody() = default;
  virtual Status Append(std::string_view bytes) = 0;
  virtual Result<Pieces> Finish() = 0;
};

class StreamedBody : public PageBody {
 public:
  StreamedBody(std::shared_ptr<arrow::util::Compressor> compressor, arrow::MemoryPool* pool)
      : compressor_(std::move(compressor)), pool_(pool) {}

  Status Append(std::string_view bytes) override {
    while (!bytes.empty()) {
      ARROW_RETURN_NOT_OK(EnsureRoom());
      ARROW_ASSIGN_OR_RAISE(
          const auto step,
          compressor_->Compress(static_cast<int64_t>(bytes.size()),
                                reinterpret_cast<const uint8_t*>(bytes.data()), room(), out()));
      bytes.remove_prefix(static_cast<size_t>(step.bytes_read));
      used_ += step.bytes_written;
      if (step.bytes_read == 0 && step.bytes_written == 0) ARROW_RETURN_NOT_OK(NextPiece());
    }
    return Status::OK();
  }

  Result<Pieces> Finish() override {
    while (true) {
      ARROW_RETURN_NOT_OK(EnsureRoom());
      ARROW_ASSIGN_OR_RAISE(const auto step, compressor_->End(room(), out()));
      used_ += step.bytes_written;
      if (!step.should_retry) break;
      ARROW_RETURN_NOT_OK(NextPiece());
    }
    ARROW_RETURN_NOT_OK(NextPiece());
    return std::move(pieces_);
  }

 private:
  int64_t room() const { return piece_->size() - used_; }
  uint8_t* out() const { return piece_->mutable_data() + used_; }

  Status EnsureRoom() {
    if (piece_ != nullptr && room() > 0) return Status::OK();
    if (piece_ != nullptr) ARROW_RETURN_NOT_OK(NextPiece());
    used_ = 0;
    return arrow::AllocateResizableBuffer(kPieceBytes, pool_).Value(&piece_);
  }

  // What is full goes to the pieces; the next one is made when it is needed.
  Status NextPiece() {
    ARROW_RETURN_NOT_OK(piece_->Resize(used_, /*shrink_to_fit=*/true));
    if (used_ > 0) pieces_.push_back(std::move(piece_));
    piece_.reset();
    return Status::OK();
  }

  std::shared_ptr<arrow::util::Compressor> compressor_;
  arrow::MemoryPool* pool_;
  Pieces pieces_;
  std::unique_ptr<arrow::ResizableBuffer> piece_;
  int64_t used_ = 0;
};

class WholeBody : public PageBody {
 public:
  static Result<std::unique_ptr<WholeBody>> Make(int64_t bytes, const PageScratch& scratch) {
    auto body = std::make_unique<WholeBody>();
    body->scratch_ = &scratch;
    ARROW_ASSIGN_OR_RAISE(body->plain_, arrow::AllocateBuffer(bytes, scratch.pool));
    return body;
  }

  Status Append(std::string_view bytes) override {
    std::memcpy(plain_->mutable_data() + at_, bytes.data(), bytes.size());
    at_ += static_cast<int64_t>(bytes.size());
    return Status::OK();
  }

  Result<Pieces> Finish() override {
    if (scratch_->codec == nullptr) return Pieces{std::move(plain_)};
    const int64_t bound = scratch_->codec->MaxCompressedBytes(at_);
    ARROW_ASSIGN_OR_RAISE(auto stored, arrow::AllocateResizableBuffer(bound, scratch_->pool));
    ARROW_ASSIGN_OR_RAISE(
        const int64_t size,
        scratch_->codec->Compress(plain_->data(), at_, stored->mutable_data(), bound));
    plain_.reset();
    ARROW_RETURN_NOT_OK(stored->Resize(size, /*shrink_to_fit=*/true));
    return Pieces{std::move(stored)};
  }

 private:
  const PageScratch* scratch_ = nullptr;
  std::shared_ptr<arrow::Buffer> plain_;
  int64_t at_ = 0;
};

Result<std::unique_ptr<PageBody>> MakeBody(int64_t bytes, const PageScratch& scratch) {
  if (scratch.stream_codec != nullptr) {
    auto compressor = scratch.stream_codec->MakeCompressor();
    if (compressor.ok()) {
      return std::make_unique<StreamedBody>(std::move(compressor).ValueUnsafe(), scratch.pool);
    }
    // Snappy and LZ4 have no form in pieces that a page may have.
    if (!compressor.status().IsNotImplemented()) return compressor.status();
  }
  return WholeBody::Make(bytes, scratch);
}

template <typename Texts>
Status ForEachValue(const Texts& rows, const std::function<Status(std::string_view)>& use) {
  for (int64_t i = 0; i < rows.length(); ++i) {
    if (rows.IsValid(i)) ARROW_RETURN_NOT_OK(use(rows.GetView(i)));
  }
  return Status::OK();
}

Status ForEachText(const arrow::Array& rows, const std::function<Status(std::string_view)>& use) {
  return arrow::is_binary_like(rows.type_id())
             ? ForEachValue(static_cast<const arrow::BinaryArray&>(rows), use)
             : ForEachValue(static_cast<const arrow::LargeBinaryArray&>(rows), use);
}

}  // namespace

Status LongTextPages::Add(const arrow::Array& rows, bool nullable) {
  const std::string levels = nullable ? LevelRuns(rows) : std::string();
  auto bytes = static_cast<int64_t>(levels.size());
  ARROW_RETURN_NOT_OK(ForEachText(rows, [&](std::string_view text) {
    bytes += static_cast<int64_t>(sizeof(uint32_t) + text.size());
    return Status::OK();
  }));
  ARROW_ASSIGN_OR_RAISE(const auto body, MakeBody(bytes, *scratch_));
  ARROW_RETURN_NOT_OK(body->Append(levels));
  ARROW_RETURN_NOT_OK(ForEachText(rows, [&](std::string_view text) -> Status {
    const auto length = arrow::bit_util::ToLittleEndian(static_cast<uint32_t>(text.size()));
    ARROW_RETURN_NOT_OK(body->Append({reinterpret_cast<const char*>(&length), sizeof(length)}));
    return body->Append(text);
  }));
  ARROW_ASSIGN_OR_RAISE(auto pieces, body->Finish());
  writer_.KeepPlainPage(rows.length(), bytes, std::move(pieces));
  return Status::OK();
}

}  // namespace headrace
