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
              settings.cancellation, settings.pool),
      counts_(layout_.inputs.size()) {}

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
  source->index_limits_.field_bytes_max = settings.field_bytes_max;
  source->index_limits_.bad_rows = settings.bad_rows;
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
  const UnderWay under_way = std::move(block->under_way);
  const CsvFileColumns& file = layout_.columns[static_cast<size_t>(block->file)];
  Reading reading{*block,
                  RecordIndexer(block.get(), layout_.dialect, file.field_count, index_limits_),
                  FilledColumns(*block, layout_.dialect.newline),
                  CheckedColumns(file),
                  GoodRowsConverter(reading.columns, settings_.pool),
                  emit};
  CsvRejects rejects(layout_, *block, *schema_, reading.columns, settings_.field_bytes_max,
                     settings_.pool);
  RecordRange range;
  while (true) {
    ARROW_ASSIGN_OR_RAISE(bool more, reading.indexer.Next(&range));
    if (!more) break;
    ARROW_RETURN_NOT_OK(settings_.bad_rows == BadRows::kFail
                            ? EmitOrFail(&reading, range)
                            : EmitWithRejects(&reading, range, &rejects));
  }
  reader_.Recycle(std::move(block));
  return Status::OK();
}

std::vector<CheckedColumn> CsvSource::CheckedColumns(const CsvFileColumns& file) const {
  std::vector<CheckedColumn> columns;
  for (size_t i = 0; i < columns_.size(); ++i) {
    columns.push_back(
        {converters_[i].get(), file.field_of_column[static_cast<size_t>(columns_[i])]});
  }
  return columns;
}

Status CsvSource::Emit(const Reading& reading, Batch batch) {
  counts_.Add(reading.block.file, batch);
  return reading.emit(std::move(batch));
}

Status CsvSource::EmitOrFail(Reading* reading, RecordRange range) {
  const auto& bad_records = reading->indexer.bad();
  BadRecord first;
  bool is_good = bad_records.empty();
  if (!is_good) {
    first = bad_records.front();
    range.rows = first.row;
  }
  BadRecord bad;
  ARROW_ASSIGN_OR_RAISE(auto rows, Convert(reading, range, &bad));
  if (rows == nullptr) {
    first = bad;
    is_good = false;
    range.rows = bad.row;
    ARROW_ASSIGN_OR_RAISE(rows, Convert(reading, range, &bad));
  }
  // A limit may be reached by the rows before it, and then it does not matter.
  if (rows->num_rows() > 0) ARROW_RETURN_NOT_OK(Emit(*reading, Batch{std::move(rows)}));
  return is_good ? Status::OK() : ErrorOf(reading->block, first);
}

Status CsvSource::EmitWithRejects(Reading* reading, RecordRange range, CsvRejects* rejects) {
  ARROW_ASSIGN_OR_RAISE(auto arrays, reading->good_rows.Convert(&reading->indexer, &range));
  ARROW_RETURN_NOT_OK(Fill(reading, range, &arrays));
  counts_.AddRepairs(reading->block.file, reading->indexer.CountRepairs(range));
  auto rows = arrow::RecordBatch::Make(schema_, range.rows, std::move(arrays));
  if (reading->indexer.bad().empty()) return Emit(*reading, Batch{std::move(rows)});
  return EmitInOrder(*reading, std::move(rows), rejects);
}

Status CsvSource::EmitInOrder(const Reading& reading, std::shared_ptr<arrow::RecordBatch> rows,
                              CsvRejects* rejects) {
  int64_t begin = 0;
  for (const BadRecord& record : reading.indexer.bad()) {
    ARROW_RETURN_NOT_OK(rejects->Add(record, record.row - begin));
    if (rejects->builder()->bytes() < kRejectBytesMax) continue;
    Batch batch{rows->Slice(begin, record.row - begin)};
    ARROW_ASSIGN_OR_RAISE(batch.rejects, rejects->builder()->Finish());
    ARROW_RETURN_NOT_OK(Emit(reading, std::move(batch)));
    begin = record.row;
  }
  Batch batch{begin == 0 ? std::move(rows) : rows->Slice(begin)};
  ARROW_ASSIGN_OR_RAISE(batch.rejects, rejects->builder()->Finish());
  return Emit(reading, std::move(batch));
}

Result<std::shared_ptr<arrow::RecordBatch>> CsvSource::Convert(Reading* reading,
                                                               const RecordRange& range,
                                                               BadRecord* bad) const {
  const std::vector<CheckedColumn>& columns = reading->columns;
  arrow::ArrayVector arrays(columns.size());
  BadPlaces found;
  BadPlaces::Place first{-1, nullptr, nullptr};
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].field < 0) continue;
    found.places.clear();
    ARROW_ASSIGN_OR_RAISE(arrays[i], columns[i].converter->ConvertOrFind(range, columns[i].field,
                                                                         settings_.pool, &found));
    // Of several bad fields the first in the file is told, whatever the order of columns.
    if (found.places.empty()) continue;
    const BadPlaces::Place& place = found.places.front();
    if (first.row >= 0 && place.begin >= first.begin) continue;
    bad->number = static_cast<int32_t>(i);
    first = place;
  }
  if (first.row < 0) {
    ARROW_RETURN_NOT_OK(Fill(reading, range, &arrays));
    return arrow::RecordBatch::Make(schema_, range.rows, std::move(arrays));
  }
  bad->at = static_cast<uint32_t>(first.begin - range.text);
  bad->length = static_cast<uint32_t>(first.end - first.begin);
  bad->row = static_cast<int32_t>(first.row);
  return nullptr;
}

Status CsvSource::Fill(Reading* reading, const RecordRange& range,
                       arrow::ArrayVector* arrays) const {
  for (size_t i = 0; i < arrays->size(); ++i) {
    const int field = reading->columns[i].field;
    if (field >= 0) continue;
    const auto& type = schema_->field(static_cast<int>(i))->type();
    ARROW_ASSIGN_OR_RAISE((*arrays)[i], reading->filled.Make(field, range, type, settings_.pool));
  }
  return Status::OK();
}

Status CsvSource::ErrorOf(const TextBlock& block, const BadRecord& bad) const {
  if (bad.code != RejectCode::kBadValue)
    return BadRecordError(layout_, block, bad, settings_.field_bytes_max);
  const auto& field = schema_->field(bad.number);
  const uint8_t* const value = block.text() + bad.at;
  std::string reason;
  converters_[static_cast<size_t>(bad.number)]->Explain(value, value + bad.length, &reason);
  return MakeError(ErrorKind::kBadInput, 401,
                   "a value does not fit the type of its column; give the column another type with "
                   "--types, or read all as text with --all-strings: {}, column {} ({}): '{}': {}",
                   PlaceOf(layout_, block, bad.at), field->name(), expr::TypeText(*field->type()),
                   Excerpt(value, value + bad.length), reason);
}

}  // namespace headrace
