#include "source/csv/csv_source.h"

#include <algorithm>

#include "expr/expr.h"

namespace headrace {
namespace {

struct CsvMorsel : Morsel {
  std::unique_ptr<TextBlock> block;
};

}  // namespace

IndexLimits LimitsForBatches(int64_t batch_bytes, int64_t chunk_rows, int64_t fixed_bytes_per_row) {
  IndexLimits limits;
  limits.positions_max = std::max<int64_t>(batch_bytes / 8, 4096);
  limits.rows_max =
      std::clamp<int64_t>(batch_bytes / std::max<int64_t>(fixed_bytes_per_row, 1), 1, chunk_rows);
  return limits;
}

CsvSource::CsvSource(CsvLayout layout, std::vector<int> columns, const CsvSourceSettings& settings)
    : layout_(std::move(layout)),
      columns_(std::move(columns)),
      settings_(settings),
      reader_(layout_.inputs, layout_.dialect, settings.limits, TextInput::Pass::kLast,
              settings.pool),
      rows_(layout_.inputs.size()) {}

Result<std::unique_ptr<CsvSource>> CsvSource::Make(CsvLayout layout, std::vector<int> columns,
                                                   std::shared_ptr<arrow::Schema> schema,
                                                   const CsvSourceSettings& settings) {
  std::unique_ptr<CsvSource> source(new CsvSource(std::move(layout), std::move(columns), settings));
  int64_t fixed_bytes = 0;
  for (const auto& field : schema->fields()) {
    auto converter = MakeColumnConverter(field->type(), source->layout_.dialect, settings.nulls);
    if (!converter.ok()) return WithContext(converter.status(), "column " + field->name());
    source->converters_.push_back(converter.MoveValueUnsafe());
    fixed_bytes += FixedBytesPerRow(*field->type());
  }
  source->schema_ = std::move(schema);
  source->index_limits_ = LimitsForBatches(settings.batch_bytes, settings.chunk_rows, fixed_bytes);
  return source;
}

Result<std::unique_ptr<Morsel>> CsvSource::Next() {
  auto morsel = std::make_unique<CsvMorsel>();
  ARROW_ASSIGN_OR_RAISE(morsel->block, reader_.Next(&morsel->sequence));
  if (morsel->block == nullptr) return nullptr;
  morsel->file = morsel->block->file;
  return std::unique_ptr<Morsel>(std::move(morsel));
}

Status CsvSource::Read(std::unique_ptr<Morsel> morsel, const EmitBatch& emit) {
  std::unique_ptr<TextBlock> block = std::move(static_cast<CsvMorsel*>(morsel.get())->block);
  ARROW_RETURN_NOT_OK(CheckUtf8(layout_, *block));
  const size_t file = static_cast<size_t>(block->file);
  RecordIndexer indexer(block.get(), layout_.dialect, layout_.columns[file].field_count,
                        index_limits_);
  RecordRange range;
  while (true) {
    ARROW_ASSIGN_OR_RAISE(bool more, indexer.Next(&range));
    if (!more) break;
    if (block->scan.record_end > settings_.field_bytes_max)
      ARROW_RETURN_NOT_OK(CheckFieldLengths(*block, range));
    ARROW_ASSIGN_OR_RAISE(auto columns, ConvertRange(*block, range));
    rows_[file].fetch_add(range.rows, std::memory_order_relaxed);
    ARROW_RETURN_NOT_OK(emit(Batch{std::move(columns)}));
  }
  if (const auto& ragged = indexer.ragged())
    return RaggedError(layout_, *block, ragged->position, ragged->fields);
  reader_.Recycle(std::move(block));
  return Status::OK();
}

Result<std::shared_ptr<arrow::RecordBatch>> CsvSource::ConvertRange(
    const TextBlock& block, const RecordRange& range) const {
  const CsvFileColumns& file = layout_.columns[static_cast<size_t>(block.file)];
  arrow::ArrayVector arrays(columns_.size());
  BadField first_bad;
  size_t bad_column = 0;
  for (size_t i = 0; i < columns_.size(); ++i) {
    BadField bad;
    const int field = file.field_of_column[static_cast<size_t>(columns_[i])];
    ARROW_ASSIGN_OR_RAISE(arrays[i], converters_[i]->Convert(range, field, settings_.pool, &bad));
    // Of several bad fields the first in the file is reported, whatever the order of columns.
    if (bad.row >= 0 && (first_bad.row < 0 || bad.begin < first_bad.begin)) {
      first_bad = bad;
      bad_column = i;
    }
  }
  if (first_bad.row >= 0) return BadFieldError(block, bad_column, first_bad);
  return arrow::RecordBatch::Make(schema_, range.rows, std::move(arrays));
}

Status CsvSource::CheckFieldLengths(const TextBlock& block, const RecordRange& range) const {
  for (int64_t row = 0; row < range.rows; ++row) {
    for (int column = 0; column < range.columns; ++column) {
      const uint32_t* at = range.index + row * range.stride + column;
      const int64_t length = static_cast<uint32_t>(at[1] - at[0] - 1);
      if (length <= settings_.field_bytes_max) continue;
      return MakeError(ErrorKind::kBadInput, 405,
                       "a field is longer than allowed; is a quote never closed?: {}: field {}: {} "
                       "bytes, the limit is {}",
                       PlaceOf(layout_, block, static_cast<uint32_t>(at[0] + 1)), column + 1,
                       length, settings_.field_bytes_max);
    }
  }
  return Status::OK();
}

Status CsvSource::BadFieldError(const TextBlock& block, size_t column, const BadField& bad) const {
  const auto& field = schema_->field(static_cast<int>(column));
  return MakeError(ErrorKind::kBadInput, 401,
                   "a value does not fit the type of its column; give the column another type with "
                   "--types, or read all "
                   "as text with --all-strings: {}, column {} ({}): '{}': {}",
                   PlaceOf(layout_, block, bad.begin - block.text()), field->name(),
                   expr::TypeText(*field->type()), Excerpt(bad.begin, bad.end), bad.reason);
}

std::vector<SourceInput> CsvSource::inputs() const {
  std::vector<SourceInput> inputs;
  for (size_t i = 0; i < layout_.inputs.size(); ++i) {
    const TextInput& text = *layout_.inputs[i].text;
    inputs.push_back({text.path(), std::max<int64_t>(text.size_bytes(), 0),
                      rows_[i].load(std::memory_order_relaxed)});
  }
  return inputs;
}

int64_t CsvSource::total_bytes() const {
  int64_t total = 0;
  for (const CsvInput& input : layout_.inputs) {
    if (input.text->size_bytes() < 0) return -1;
    total += input.text->size_bytes();
  }
  return total;
}

}  // namespace headrace
