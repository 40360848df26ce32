#include "source/json/json_source.h"

#include "expr/expr.h"
#include "source/csv/block_reader.h"

namespace headrace {
namespace {

struct JsonMorsel : Morsel {
  std::unique_ptr<JsonBlock> block;
};

}  // namespace

JsonSource::JsonSource(std::vector<JsonInput> inputs, std::shared_ptr<arrow::Schema> schema,
                       JsonSourceSettings settings)
    : schema_(std::move(schema)),
      settings_(std::move(settings)),
      reader_(std::move(inputs), settings_.limits, TextInput::Pass::kLast, settings_.pool),
      rows_(reader_.inputs().size()) {}

Result<std::unique_ptr<JsonSource>> JsonSource::Make(std::vector<JsonInput> inputs,
                                                     std::shared_ptr<arrow::Schema> schema,
                                                     JsonSourceSettings settings) {
  std::unique_ptr<JsonSource> source(
      new JsonSource(std::move(inputs), std::move(schema), std::move(settings)));
  // Here, so that a type that text cannot be read as is told before the first row.
  ARROW_ASSIGN_OR_RAISE(auto columns, source->TakeColumns());
  source->free_columns_.push_back(std::move(columns));
  return source;
}

Result<std::unique_ptr<Morsel>> JsonSource::Next() {
  auto morsel = std::make_unique<JsonMorsel>();
  ARROW_ASSIGN_OR_RAISE(morsel->block, reader_.Next(&morsel->sequence));
  if (morsel->block == nullptr) return nullptr;
  morsel->file = morsel->block->file;
  return std::unique_ptr<Morsel>(std::move(morsel));
}

Status JsonSource::Read(std::unique_ptr<Morsel> morsel, const EmitBatch& emit) {
  std::unique_ptr<JsonBlock> block = std::move(static_cast<JsonMorsel*>(morsel.get())->block);
  ARROW_ASSIGN_OR_RAISE(auto columns, TakeColumns());
  ARROW_RETURN_NOT_OK(ReadRows(*block, columns.get(), emit));
  reader_.Recycle(std::move(block));
  std::lock_guard lock(mutex_);
  free_columns_.push_back(std::move(columns));
  return Status::OK();
}

Result<std::unique_ptr<JsonRowColumns>> JsonSource::TakeColumns() {
  {
    std::lock_guard lock(mutex_);
    if (!free_columns_.empty()) {
      auto columns = std::move(free_columns_.back());
      free_columns_.pop_back();
      return columns;
    }
  }
  return JsonRowColumns::Make(*schema_, settings_.keys, settings_.pool);
}

Status JsonSource::ReadRows(const JsonBlock& block, JsonRowColumns* columns,
                            const EmitBatch& emit) {
  JsonTake take;
  take.text = block.text();
  take.field_bytes_max = settings_.field_bytes_max;
  const int64_t row_bytes = columns->row_bytes();
  int64_t count = 0;
  int64_t first = 0;  // row of the block that the batch begins with
  JsonRows rows(block);
  while (rows.Next()) {
    const bool good =
        rows.Read([&](JsonCursor* cursor) { return columns->TakeMembers(cursor, &take, count); });
    if (!good) {
      ARROW_RETURN_NOT_OK(take.status);
      // A bad value in a row before it comes first.
      columns->Truncate(count);
      ARROW_RETURN_NOT_OK(Emit(block, columns, &take, {first, count}, emit));
      return JsonRowError(reader_.inputs(), block, rows);
    }
    ++count;
    take.bytes += row_bytes;
    if (count < settings_.chunk_rows && take.bytes < settings_.batch_bytes) continue;
    ARROW_RETURN_NOT_OK(Emit(block, columns, &take, {first, count}, emit));
    first += count;
    count = 0;
  }
  return Emit(block, columns, &take, {first, count}, emit);
}

Status JsonSource::Emit(const JsonBlock& block, JsonRowColumns* columns, JsonTake* take,
                        RowSpan rows, const EmitBatch& emit) {
  if (rows.count == 0) return Status::OK();
  JsonBadValue bad;
  ARROW_ASSIGN_OR_RAISE(auto arrays, columns->Finish(rows.count, *take, &bad));
  take->bytes = 0;
  if (bad.begin != nullptr) {
    // A limit may be reached by the rows before it, and then it does not matter.
    ARROW_RETURN_NOT_OK(EmitBefore(block, rows.first, bad.begin, emit));
    return BadValueError(block, bad);
  }
  rows_[static_cast<size_t>(block.file)].fetch_add(rows.count, std::memory_order_relaxed);
  return emit(Batch{arrow::RecordBatch::Make(schema_, rows.count, std::move(arrays))});
}

// Reads the rows from `first` up to the one that `bad` stands in once more, into columns of their
// own: those of the worker are in the middle of a batch.
Status JsonSource::EmitBefore(const JsonBlock& block, int64_t first, const uint8_t* bad,
                              const EmitBatch& emit) {
  ARROW_ASSIGN_OR_RAISE(auto columns,
                        JsonRowColumns::Make(*schema_, settings_.keys, settings_.pool));
  JsonTake take;
  take.text = block.text();
  take.field_bytes_max = settings_.field_bytes_max;
  int64_t count = 0;
  JsonRows rows(block);
  for (int64_t row = 0; rows.Next(); ++row) {
    const bool good =
        rows.Read([&](JsonCursor* cursor) { return columns->TakeMembers(cursor, &take, count); });
    ARROW_RETURN_NOT_OK(take.status);
    HEADRACE_CHECK(good);  // it was the first time
    const bool wanted = row >= first && rows.row_end() <= bad;
    if (!wanted) columns->Truncate(count);
    count += wanted;
    if (rows.row_end() > bad) break;
  }
  return Emit(block, columns.get(), &take, {first, count}, emit);
}

Status JsonSource::BadValueError(const JsonBlock& block, const JsonBadValue& bad) const {
  return MakeError(ErrorKind::kBadInput, 401,
                   "a value does not fit the type of its column; give the column another type with "
                   "--types, or read all as text with --all-strings: {}, column {} ({}): '{}': {}",
                   JsonPlace(reader_.inputs(), block, bad.begin), bad.column,
                   expr::TypeText(*bad.type), Excerpt(bad.begin, bad.end), bad.reason);
}

std::vector<SourceInput> JsonSource::inputs() const {
  std::vector<SourceInput> inputs;
  for (size_t i = 0; i < reader_.inputs().size(); ++i) {
    const TextInput& text = *reader_.inputs()[i].text;
    inputs.push_back({text.path(), std::max<int64_t>(text.size_bytes(), 0),
                      rows_[i].load(std::memory_order_relaxed)});
  }
  return inputs;
}

}  // namespace headrace
