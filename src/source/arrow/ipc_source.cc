#include "source/arrow/ipc_source.h"

#include <algorithm>

#include "source/arrow/ipc_dictionaries.h"

namespace headrace {
namespace {

class IpcMorsel : public Morsel {
 public:
  std::shared_ptr<IpcFile> opened;
  std::shared_ptr<const PlacedMessage> batch;
  std::shared_ptr<const IpcBatchHead> head;
  std::shared_ptr<const IpcDictionaries> dictionaries;
  RowRange rows;
  std::string place;
  int64_t bytes = 0;  // of the input, for progress
};

}  // namespace

IpcSource::IpcSource(IpcSourceOptions options, std::vector<SourceInput> inputs,
                     std::vector<IpcFileColumns> columns, std::shared_ptr<arrow::Schema> schema,
                     std::vector<IpcUnit> units)
    : options_(options),
      inputs_(std::move(inputs)),
      columns_(std::move(columns)),
      schema_(std::move(schema)),
      units_(std::move(units)),
      rows_(inputs_.size()) {
  for (const IpcUnit& unit : units_) total_bytes_ += unit.block.bytes;
}

IpcBatchReader IpcSource::ReaderOf(int file) const {
  return {*columns_[file].stored, columns_[file].wanted, schema_, options_.batch, options_.pool};
}

std::string IpcSource::PlaceOf(const IpcUnit& unit) const {
  return unit.block.kind == IpcMessageKind::kDictionary
             ? fmt::format("dictionary at byte {}", unit.block.offset)
             : fmt::format("record batch {}", unit.index);
}

Status IpcSource::OpenFile(int index) {
  if (open_index_ == index) return Status::OK();
  open_file_.reset();
  open_index_ = -1;
  ARROW_ASSIGN_OR_RAISE(open_file_,
                        IpcFile::Open(options_.env, inputs_[index].path, options_.pool));
  if (!open_file_->schema().schema->Equals(*columns_[index].stored->schema)) {
    return MakeError(ErrorKind::kBadInput, 512,
                     "damaged Arrow data: {}, schema: it changed while it was read",
                     open_file_->path());
  }
  open_index_ = index;
  dictionaries_ = std::make_shared<const IpcDictionaries>();
  return Status::OK();
}

Status IpcSource::TakeDictionary(const IpcUnit& unit) {
  const IpcFileColumns& columns = columns_[unit.file];
  ARROW_RETURN_NOT_OK(AtArrowSeam(open_file_->path(), PlaceOf(unit), [&]() -> Status {
    ARROW_ASSIGN_OR_RAISE(const auto placed, open_file_->ReadHead(unit.block));
    const IpcBody body(open_file_->input(), placed.body_offset, options_.pool);
    return AddDictionary(*columns.stored, columns.wanted, placed.message, body, &dictionaries_);
  }));
  consumed_bytes_.fetch_add(unit.block.bytes, std::memory_order_relaxed);
  return Status::OK();
}

Status IpcSource::BeginBatch(const IpcUnit& unit) {
  return AtArrowSeam(open_file_->path(), PlaceOf(unit), [&]() -> Status {
    ARROW_ASSIGN_OR_RAISE(auto placed, open_file_->ReadHead(unit.block));
    batch_ = std::make_shared<const PlacedMessage>(std::move(placed));
    ARROW_ASSIGN_OR_RAISE(auto head, IpcBatchHead::Parse(batch_->message));
    head_ = std::make_shared<const IpcBatchHead>(std::move(head));
    at_ = 0;
    morsel_rows_ = head_->rows();
    const IpcBatchReader reader = ReaderOf(unit.file);
    if (batch_->message.body_bytes <= kIpcWholeBodyBytes || !reader.CanReadRange(*head_)) {
      return Status::OK();
    }
    const IpcBody body(open_file_->input(), batch_->body_offset, options_.pool);
    ARROW_ASSIGN_OR_RAISE(const int64_t bytes, reader.MeasureWhole(*head_, body));
    const int64_t row_bytes = std::max<int64_t>(1, bytes / std::max<int64_t>(1, head_->rows()));
    morsel_rows_ = std::clamp<int64_t>(options_.batch.bytes / row_bytes, 1, options_.batch.rows);
    return Status::OK();
  });
}

Result<std::unique_ptr<Morsel>> IpcSource::Next() {
  std::lock_guard lock(mutex_);
  while (batch_ == nullptr) {
    ARROW_RETURN_NOT_OK(options_.cancellation->Check());
    if (next_unit_ == units_.size() || stopped_.load(std::memory_order_relaxed)) {
      open_file_.reset();
      open_index_ = -1;
      return nullptr;
    }
    const IpcUnit& unit = units_[next_unit_];
    ARROW_RETURN_NOT_OK(OpenFile(unit.file));
    if (unit.block.kind == IpcMessageKind::kBatch) {
      ARROW_RETURN_NOT_OK(BeginBatch(unit));
      break;
    }
    ARROW_RETURN_NOT_OK(TakeDictionary(unit));
    ++next_unit_;
  }
  if (stopped_.load(std::memory_order_relaxed)) return nullptr;
  const IpcUnit& unit = units_[next_unit_];
  auto morsel = std::make_unique<IpcMorsel>();
  morsel->sequence = next_sequence_++;
  morsel->file = unit.file;
  morsel->opened = open_file_;
  morsel->batch = batch_;
  morsel->head = head_;
  morsel->dictionaries = dictionaries_;
  morsel->rows = {at_, std::min(at_ + morsel_rows_, head_->rows())};
  morsel->place = PlaceOf(unit);
  at_ = morsel->rows.end;
  if (at_ == head_->rows()) {
    morsel->bytes = unit.block.bytes;
    batch_.reset();
    head_.reset();
    ++next_unit_;
  }
  return std::unique_ptr<Morsel>(std::move(morsel));
}

Status IpcSource::Read(std::unique_ptr<Morsel> morsel, const EmitBatch& emit) {
  const auto& part = static_cast<const IpcMorsel&>(*morsel);
  const PlacedMessage& placed = *part.batch;
  Status emitted;
  const Status read = AtArrowSeam(part.opened->path(), part.place, [&]() -> Status {
    std::shared_ptr<arrow::Buffer> memory;
    if (placed.message.body_bytes <= kIpcWholeBodyBytes) {
      ARROW_ASSIGN_OR_RAISE(
          memory, part.opened->input()->ReadAt(placed.body_offset, placed.message.body_bytes));
      if (memory->size() < placed.message.body_bytes) {
        return Status::Invalid("the file became shorter while it was read");
      }
    }
    const IpcBody body = memory ? IpcBody(std::move(memory), options_.pool)
                                : IpcBody(part.opened->input(), placed.body_offset, options_.pool);
    return ReaderOf(part.file).Read(
        *part.head, body, *part.dictionaries, part.rows,
        [&](std::shared_ptr<arrow::RecordBatch> batch) -> Status {
          emitted = Emit(std::move(batch), part.file, emit);
          return emitted.ok() ? emitted : Status::Cancelled("told by whoever took the batch");
        });
  });
  ARROW_RETURN_NOT_OK(emitted);
  ARROW_RETURN_NOT_OK(read);
  consumed_bytes_.fetch_add(part.bytes, std::memory_order_relaxed);
  return Status::OK();
}

Status IpcSource::Emit(std::shared_ptr<arrow::RecordBatch> batch, int file, const EmitBatch& emit) {
  ARROW_RETURN_NOT_OK(options_.cancellation->Check());
  if (stopped_.load(std::memory_order_relaxed)) return Status::OK();
  rows_[file].fetch_add(batch->num_rows(), std::memory_order_relaxed);
  return emit(Batch{std::move(batch)});
}

std::vector<SourceInput> IpcSource::inputs() const {
  std::vector<SourceInput> inputs = inputs_;
  for (size_t i = 0; i < inputs.size(); ++i) {
    inputs[i].rows = rows_[i].load(std::memory_order_relaxed);
  }
  return inputs;
}

}  // namespace headrace
