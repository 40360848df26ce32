#include "source/arrow/ipc_stream_source.h"

#include <cstring>

#include "source/arrow/ipc_dictionaries.h"

namespace headrace {
namespace {

constexpr const char* kStandardInput = "standard input";

class StreamMorsel : public Morsel {
 public:
  IpcMessage message;
  std::shared_ptr<arrow::Buffer> body;
  std::shared_ptr<const IpcDictionaries> dictionaries;
};

// A stream without a mark is from before Arrow 0.15: what was read for the mark is put back before
// the rest.
class PutBack : public arrow::io::InputStream {
 public:
  PutBack(std::string_view first, arrow::io::InputStream* rest, arrow::MemoryPool* pool)
      : first_(first), rest_(rest), pool_(pool) {}
  Result<int64_t> Read(int64_t length, void* out) override {
    const auto count = std::min<int64_t>(length, static_cast<int64_t>(first_.size()));
    std::memcpy(out, first_.data(), static_cast<size_t>(count));
    first_.remove_prefix(static_cast<size_t>(count));
    if (count == length) return count;
    ARROW_ASSIGN_OR_RAISE(const int64_t more,
                          rest_->Read(length - count, static_cast<char*>(out) + count));
    return count + more;
  }
  Result<std::shared_ptr<arrow::Buffer>> Read(int64_t length) override {
    if (first_.empty()) return rest_->Read(length);
    ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateResizableBuffer(length, pool_));
    ARROW_ASSIGN_OR_RAISE(const int64_t count, Read(length, buffer->mutable_data()));
    ARROW_RETURN_NOT_OK(buffer->Resize(count, /*shrink_to_fit=*/false));
    return std::shared_ptr<arrow::Buffer>(std::move(buffer));
  }
  Result<int64_t> Tell() const override { return rest_->Tell(); }
  Status Close() override { return Status::OK(); }
  bool closed() const override { return false; }

 private:
  std::string_view first_;
  arrow::io::InputStream* rest_;
  arrow::MemoryPool* pool_;
};

}  // namespace

Result<std::shared_ptr<StandardInputStream>> StandardInputStream::Open(Env* env,
                                                                       Cancellation* cancellation,
                                                                       arrow::MemoryPool* pool) {
  auto stream = std::make_shared<StandardInputStream>();
  ARROW_ASSIGN_OR_RAISE(stream->input_, env->OpenStandardInput([cancellation] {
    return cancellation != nullptr && cancellation->cancelled();
  }));
  stream->pool_ = pool;
  return stream;
}

Result<int64_t> StandardInputStream::Read(int64_t length, void* out) {
  int64_t done = 0;
  while (done < length) {
    ARROW_ASSIGN_OR_RAISE(const int64_t count,
                          input_->Read(length - done, static_cast<char*>(out) + done));
    if (count == 0) break;
    done += count;
  }
  position_ += done;
  return done;
}

Result<std::shared_ptr<arrow::Buffer>> StandardInputStream::Read(int64_t length) {
  ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateResizableBuffer(length, pool_));
  ARROW_ASSIGN_OR_RAISE(const int64_t count, Read(length, buffer->mutable_data()));
  if (count < length) ARROW_RETURN_NOT_OK(buffer->Resize(count, /*shrink_to_fit=*/false));
  return std::shared_ptr<arrow::Buffer>(std::move(buffer));
}

Result<IpcStreamStart> OpenIpcStandardInput(Env* env, Cancellation* cancellation,
                                            arrow::MemoryPool* pool) {
  IpcStreamStart start;
  ARROW_ASSIGN_OR_RAISE(start.input, StandardInputStream::Open(env, cancellation, pool));
  ARROW_RETURN_NOT_OK(AtArrowSeam(kStandardInput, "schema", [&]() -> Status {
    char mark[kIpcMagicBytes];
    ARROW_ASSIGN_OR_RAISE(const int64_t count, start.input->Read(sizeof(mark), mark));
    const std::string_view first(mark, static_cast<size_t>(count));
    if (count < kIpcMagicBytes) {
      return MakeError(ErrorKind::kBadInput, 514, "not Arrow data: {}: {} bytes hold no schema",
                       kStandardInput, count);
    }
    // A file's magic stands before a stream like any other.
    const bool is_file = IpcLayoutOf(first) == IpcLayout::kFile;
    PutBack input(is_file ? std::string_view() : first, start.input.get(), pool);
    ARROW_ASSIGN_OR_RAISE(auto stored, IpcSchema::Read(&input, pool));
    start.stored = std::make_shared<const IpcSchema>(std::move(stored));
    return Status::OK();
  }));
  ARROW_RETURN_NOT_OK(AtArrowSeam(kStandardInput, "message 0", [&] {
    return ReadMessageHead(start.input.get()).Value(&start.first);
  }));
  // What stands behind the end is the footer of a file.
  if (!start.first) start.input.reset();
  return start;
}

IpcStreamSource::IpcStreamSource(IpcSourceOptions options, IpcStreamStart start,
                                 std::vector<int> wanted, std::shared_ptr<arrow::Schema> schema)
    : options_(options),
      wanted_(std::move(wanted)),
      schema_(std::move(schema)),
      stream_(std::move(start)),
      dictionaries_(std::make_shared<const IpcDictionaries>()) {}

Result<bool> IpcStreamSource::ReadMessage(IpcMessage* message,
                                          std::shared_ptr<arrow::Buffer>* body) {
  std::optional<IpcMessage> next = std::move(stream_.first);
  stream_.first.reset();
  if (!next) {
    ARROW_ASSIGN_OR_RAISE(next, ReadMessageHead(stream_.input.get()));
  }
  if (!next) return false;
  if (next->kind == IpcMessageKind::kSchema) {
    return Status::Invalid("a second schema in one stream");
  }
  auto read = stream_.input->Read(next->body_bytes);
  if (read.status().IsOutOfMemory()) {
    return read.status().WithMessage("its body takes ", next->body_bytes,
                                     " bytes; raise memory: ", read.status().message());
  }
  ARROW_ASSIGN_OR_RAISE(*body, std::move(read));
  if ((*body)->size() < next->body_bytes) {
    return Status::Invalid("it is cut short: ", (*body)->size(), " of ", next->body_bytes,
                           " bytes of a message are there");
  }
  *message = *std::move(next);
  return true;
}

Result<std::unique_ptr<Morsel>> IpcStreamSource::Next() {
  std::lock_guard lock(mutex_);
  while (!stopped_.load(std::memory_order_relaxed) && stream_.input != nullptr) {
    ARROW_RETURN_NOT_OK(options_.cancellation->Check());
    auto morsel = std::make_unique<StreamMorsel>();
    bool is_batch = false;
    ARROW_RETURN_NOT_OK(AtArrowSeam(
        kStandardInput, fmt::format("record batch {}", next_sequence_), [&]() -> Status {
          ARROW_ASSIGN_OR_RAISE(const bool there, ReadMessage(&morsel->message, &morsel->body));
          if (!there) {
            stream_.input.reset();
            return Status::OK();
          }
          consumed_bytes_.store(*stream_.input->Tell(), std::memory_order_relaxed);
          is_batch = morsel->message.kind == IpcMessageKind::kBatch;
          if (is_batch) return Status::OK();
          return AddDictionary(*stream_.stored, wanted_, morsel->message,
                               IpcBody(morsel->body, options_.pool), &dictionaries_);
        }));
    if (!is_batch) continue;
    morsel->sequence = next_sequence_++;
    morsel->dictionaries = dictionaries_;
    return std::unique_ptr<Morsel>(std::move(morsel));
  }
  return nullptr;
}

Status IpcStreamSource::Read(std::unique_ptr<Morsel> morsel, const EmitBatch& emit) {
  const auto& part = static_cast<const StreamMorsel&>(*morsel);
  Status emitted;
  const Status read =
      AtArrowSeam(kStandardInput, fmt::format("record batch {}", part.sequence), [&]() -> Status {
        ARROW_ASSIGN_OR_RAISE(const auto head, IpcBatchHead::Parse(part.message));
        const IpcBody body(part.body, options_.pool);
        const IpcBatchReader reader(*stream_.stored, wanted_, schema_, options_.batch,
                                    options_.pool);
        return reader.Read(head, body, *part.dictionaries, {0, head.rows()},
                           [&](std::shared_ptr<arrow::RecordBatch> batch) -> Status {
                             emitted = options_.cancellation->Check();
                             if (emitted.ok() && !stopped_.load(std::memory_order_relaxed)) {
                               rows_.fetch_add(batch->num_rows(), std::memory_order_relaxed);
                               emitted = emit(Batch{std::move(batch)});
                             }
                             return emitted.ok() ? emitted : Status::Cancelled("told below");
                           });
      });
  return emitted.ok() ? read : emitted;
}

std::vector<SourceInput> IpcStreamSource::inputs() const {
  return {{"-", consumed_bytes(), rows_.load(std::memory_order_relaxed)}};
}

}  // namespace headrace
