#include "source/arrow/ipc_scan.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <unordered_map>

#include "source/arrow/carried_type.h"
#include "source/arrow/ipc_source.h"
#include "source/arrow/ipc_stream_source.h"

namespace headrace {
namespace {

// Of one worker: the range that is loaded, what is made of it, and the batch being passed on.
constexpr int64_t kBatchesPerWorker = 4;
// Batches whose decompressed size is looked up; the largest by what they take in the file.
constexpr size_t kMeasuredBatches = 32;
// What a compressed batch of a stream may take when its size cannot be looked up.
constexpr int64_t kStreamExpansion = 4;

// Sizes that a damaged file claims must not make the sums of what a run needs overflow.
constexpr int64_t kClaimMax = int64_t{1} << 48;

class IpcScan : public Scan {
 public:
  IpcScan(std::vector<InputFile> files, const ScanContext& context)
      : files_(std::move(files)), context_(context) {}

  Status Open();

  const std::vector<std::string>& column_names() const override { return column_names_; }
  StageNeeds needs(int64_t batch_bytes) const override;
  std::vector<std::string> evidence() const override;
  Result<std::shared_ptr<arrow::Schema>> Type(const ScanRequest& request) override;
  Result<std::unique_ptr<Source>> Start(int64_t batch_bytes) override;
  int64_t estimated_rows() const override { return is_stream_ ? -1 : rows_; }
  int64_t total_bytes() const override { return is_stream_ ? -1 : total_bytes_; }

 private:
  Status OpenStream();
  Status OpenFile(int index);
  Status TakeSchema(const arrow::Schema& schema, const std::string& path);
  Status CompareSchema(const arrow::Schema& schema, const std::string& path) const;
  Status MakeRoomForUnit();
  Status MeasureLargest();
  Status MeasureStream();
  std::vector<int> WantedIn(const arrow::Schema& stored) const;

  std::vector<InputFile> files_;
  const ScanContext context_;
  bool is_stream_ = false;
  IpcStreamStart stream_;
  std::vector<std::shared_ptr<const IpcSchema>> stored_;  // by file; equal ones are shared
  std::vector<std::string> column_names_;
  std::vector<IpcUnit> units_;
  std::shared_ptr<arrow::ResizableBuffer> units_charge_;  // for them, who lie outside any pool
  int64_t rows_ = 0;
  int64_t batches_ = 0;
  int64_t total_bytes_ = 0;
  std::shared_ptr<arrow::Schema> wanted_schema_;
  int64_t whole_batch_bytes_ = 0;  // of the largest batch that has to be held whole
  int64_t dictionary_bytes_ = 0;
};

Status IpcScan::Open() {
  is_stream_ = files_.front().path == "-";
  ARROW_RETURN_NOT_OK(is_stream_ ? OpenStream() : Status::OK());
  for (size_t i = 0; i < files_.size() && !is_stream_; ++i) {
    ARROW_RETURN_NOT_OK(context_.cancellation->Check());
    ARROW_RETURN_NOT_OK(OpenFile(static_cast<int>(i)));
  }
  return Status::OK();
}

Status IpcScan::OpenStream() {
  ARROW_ASSIGN_OR_RAISE(stream_,
                        OpenIpcStandardInput(context_.env, context_.cancellation, context_.pool));
  stored_.push_back(stream_.stored);
  return TakeSchema(*stream_.stored->schema, files_.front().path);
}

Status IpcScan::OpenFile(int index) {
  const std::string& path = files_[index].path;
  ARROW_ASSIGN_OR_RAISE(const auto file, IpcFile::Open(context_.env, path, context_.pool));
  const IpcSchema& schema = file->schema();
  ARROW_RETURN_NOT_OK(index == 0 ? TakeSchema(*schema.schema, path)
                                 : CompareSchema(*schema.schema, path));
  const bool shared = index > 0 && stored_.back()->schema->Equals(*schema.schema) &&
                      stored_.back()->dictionary_ids == schema.dictionary_ids;
  stored_.push_back(shared ? stored_.back() : std::make_shared<const IpcSchema>(schema));
  files_[index].size_bytes = file->size_bytes();
  total_bytes_ += file->size_bytes();
  int64_t batches = 0;
  ARROW_RETURN_NOT_OK(file->ForEachBlock([&](const IpcBlock& block) -> Status {
    const bool is_batch = block.kind == IpcMessageKind::kBatch;
    const int64_t batch = is_batch ? batches++ : 0;
    if (!is_batch || block.rows > 0) {
      ARROW_RETURN_NOT_OK(MakeRoomForUnit());
      units_.push_back({index, batch, block});
    }
    if (is_batch && __builtin_add_overflow(rows_, block.rows, &rows_)) {
      return MakeError(ErrorKind::kBadInput, 512,
                       "damaged Arrow data: {}: its batches claim more rows than can be counted",
                       path);
    }
    return Status::OK();
  }));
  batches_ += batches;
  return Status::OK();
}

// A small file can name very many batches.
Status IpcScan::MakeRoomForUnit() {
  if (units_.size() < units_.capacity()) return Status::OK();
  const size_t room = std::max<size_t>(64, 2 * units_.capacity());
  const auto bytes = static_cast<int64_t>((room + units_.capacity()) * sizeof(IpcUnit));
  if (units_charge_ == nullptr) {
    ARROW_ASSIGN_OR_RAISE(units_charge_, arrow::AllocateResizableBuffer(bytes, context_.pool));
  } else {
    ARROW_RETURN_NOT_OK(units_charge_->Resize(bytes));
  }
  units_.reserve(room);
  return Status::OK();
}

Status IpcScan::TakeSchema(const arrow::Schema& schema, const std::string& path) {
  column_names_ = schema.field_names();
  std::unordered_map<std::string, size_t> names;
  for (size_t i = 0; i < column_names_.size(); ++i) {
    const auto [first, is_new] = names.emplace(column_names_[i], i);
    if (is_new) continue;
    return MakeError(ErrorKind::kBadInput, 516,
                     "two columns of one name in Arrow data, rename one: column {} and column {}, "
                     "'{}', in {}",
                     first->second + 1, i + 1, column_names_[i], path);
  }
  return Status::OK();
}

Status IpcScan::CompareSchema(const arrow::Schema& schema, const std::string& path) const {
  const arrow::Schema& first = *stored_.front()->schema;
  const auto missing = [](const std::string& name, const std::string& in,
                          const std::string& not_in) {
    return MakeError(ErrorKind::kBadInput, 517,
                     "column is missing in one of the Arrow files: '{}' is in {}, not in {}", name,
                     in, not_in);
  };
  for (const auto& field : first.fields()) {
    const auto other = schema.GetFieldByName(field->name());
    if (!other) return missing(field->name(), files_.front().path, path);
    if (field->type()->Equals(*other->type())) continue;
    return MakeError(ErrorKind::kBadInput, 518,
                     "column has different types in the Arrow files: '{}' is {} in {}, {} in {}",
                     field->name(), field->type()->ToString(), files_.front().path,
                     other->type()->ToString(), path);
  }
  for (const auto& field : schema.fields()) {
    if (!first.GetFieldByName(field->name())) {
      return missing(field->name(), path, files_.front().path);
    }
  }
  // As many columns of the same names: a name cannot stand there twice.
  HEADRACE_CHECK(schema.num_fields() >= first.num_fields());
  if (schema.num_fields() == first.num_fields()) return Status::OK();
  return MakeError(ErrorKind::kBadInput, 516,
                   "two columns of one name in Arrow data, rename one: in {}", path);
}

StageNeeds IpcScan::needs(int64_t batch_bytes) const {
  StageNeeds needs;
  needs.name = "source arrow";
  const auto columns = static_cast<int64_t>(column_names_.size());
  needs.fixed_floor_bytes = needs.fixed_wanted_bytes =
      dictionary_bytes_ + static_cast<int64_t>(units_.size() * sizeof(IpcUnit)) + 1024 * columns;
  needs.worker_floor_bytes = needs.worker_wanted_bytes =
      whole_batch_bytes_ + kIpcWholeBodyBytes + kBatchesPerWorker * batch_bytes + 1024 * columns;
  return needs;
}

std::vector<std::string> IpcScan::evidence() const {
  if (is_stream_) return {"an Arrow stream of unknown length from standard input"};
  return {
      fmt::format("{} Arrow files, {} record batches, {} rows", files_.size(), batches_, rows_)};
}

Result<std::shared_ptr<arrow::Schema>> IpcScan::Type(const ScanRequest& request) {
  const bool all = request.all_columns && request.columns.empty();
  arrow::FieldVector fields;
  for (const std::string& name : all ? column_names_ : request.columns) {
    const auto stored = stored_.front()->schema->GetFieldByName(name);
    HEADRACE_CHECK(stored != nullptr);  // the plan was checked against column_names()
    auto type = CarriedType(stored->type());
    if (!type.ok()) {
      return MakeError(ErrorKind::kBadInput, 519,
                       "Arrow column of a type that cannot be read; leave it out: column '{}', {} "
                       "in {}",
                       name, type.status().message(), files_.front().path);
    }
    bool nullable = false;
    for (const auto& file : stored_) {
      nullable = nullable || file->schema->GetFieldByName(name)->nullable();
    }
    fields.push_back(arrow::field(name, *std::move(type), nullable));
  }
  wanted_schema_ = arrow::schema(std::move(fields));
  if (!request.predicate && request.row_limit >= 0) {
    int64_t rows = 0;
    std::erase_if(units_, [&](const IpcUnit& unit) {
      const bool beyond = rows >= request.row_limit;
      if (unit.block.kind == IpcMessageKind::kBatch) rows += unit.block.rows;
      return beyond;
    });
  }
  ARROW_RETURN_NOT_OK(is_stream_ ? MeasureStream() : MeasureLargest());
  return wanted_schema_;
}

std::vector<int> IpcScan::WantedIn(const arrow::Schema& stored) const {
  std::vector<int> wanted;
  for (const auto& field : wanted_schema_->fields()) {
    wanted.push_back(stored.GetFieldIndex(field->name()));
  }
  return wanted;
}

// What has to be held whole: batches that are compressed or hold views, and dictionaries.
Status IpcScan::MeasureLargest() {
  std::vector<const IpcUnit*> largest;
  for (const IpcUnit& unit : units_) {
    if (unit.block.kind == IpcMessageKind::kBatch) largest.push_back(&unit);
  }
  const auto by_bytes = [](const IpcUnit* one, const IpcUnit* two) {
    return one->block.bytes > two->block.bytes;
  };
  const size_t count = std::min(largest.size(), kMeasuredBatches);
  std::partial_sort(largest.begin(), largest.begin() + static_cast<ptrdiff_t>(count), largest.end(),
                    by_bytes);
  largest.resize(count);
  for (const IpcUnit& unit : units_) {
    if (unit.block.kind == IpcMessageKind::kDictionary) largest.push_back(&unit);
  }
  std::shared_ptr<IpcFile> file;
  int open = -1;
  for (const IpcUnit* unit : largest) {
    ARROW_RETURN_NOT_OK(context_.cancellation->Check());
    if (open != unit->file) {
      ARROW_ASSIGN_OR_RAISE(file,
                            IpcFile::Open(context_.env, files_[unit->file].path, context_.pool));
      open = unit->file;
    }
    const IpcSchema& stored = *stored_[unit->file];
    ARROW_RETURN_NOT_OK(AtArrowSeam(
        file->path(), fmt::format("message at byte {}", unit->block.offset), [&]() -> Status {
          ARROW_ASSIGN_OR_RAISE(const auto placed, file->ReadHead(unit->block));
          ARROW_ASSIGN_OR_RAISE(const auto head, IpcBatchHead::Parse(placed.message));
          if (unit->block.kind == IpcMessageKind::kDictionary) {
            dictionary_bytes_ += (head.codec() ? kStreamExpansion : 1) * unit->block.bytes;
            return Status::OK();
          }
          const IpcBody body(file->input(), placed.body_offset, context_.pool);
          const IpcBatchReader reader(stored, WantedIn(*stored.schema), wanted_schema_, {},
                                      context_.pool);
          if (reader.CanReadRange(head)) return Status::OK();
          ARROW_ASSIGN_OR_RAISE(const int64_t bytes, reader.MeasureWhole(head, body));
          whole_batch_bytes_ = std::max(whole_batch_bytes_, std::min(bytes, kClaimMax));
          return Status::OK();
        }));
  }
  return Status::OK();
}

Status IpcScan::MeasureStream() {
  if (!stream_.first) return Status::OK();
  return AtArrowSeam("standard input", "message 0", [&]() -> Status {
    ARROW_ASSIGN_OR_RAISE(const auto head, IpcBatchHead::Parse(*stream_.first));
    const int64_t bytes = std::min(stream_.first->body_bytes, kClaimMax);
    if (stream_.first->kind == IpcMessageKind::kDictionary) {
      dictionary_bytes_ = (head.codec() ? kStreamExpansion : 1) * bytes;
    } else {
      whole_batch_bytes_ = (head.codec() ? kStreamExpansion : 2) * bytes;
    }
    return Status::OK();
  });
}

Result<std::unique_ptr<Source>> IpcScan::Start(int64_t batch_bytes) {
  const IpcSourceOptions options{
      context_.env, context_.pool, context_.cancellation, {batch_bytes, context_.chunk_rows}};
  if (is_stream_) {
    auto wanted = WantedIn(*stream_.stored->schema);
    return std::make_unique<IpcStreamSource>(options, std::move(stream_), std::move(wanted),
                                             wanted_schema_);
  }
  std::vector<SourceInput> inputs;
  std::vector<IpcFileColumns> columns;
  for (size_t i = 0; i < files_.size(); ++i) {
    inputs.push_back({files_[i].path, files_[i].size_bytes, 0});
    columns.push_back({stored_[i], WantedIn(*stored_[i]->schema)});
  }
  return std::make_unique<IpcSource>(options, std::move(inputs), std::move(columns), wanted_schema_,
                                     std::move(units_));
}

}  // namespace

Result<std::unique_ptr<Scan>> OpenIpcScan(std::vector<InputFile> files,
                                          const ScanContext& context) {
  auto scan = std::make_unique<IpcScan>(std::move(files), context);
  ARROW_RETURN_NOT_OK(scan->Open());
  return std::unique_ptr<Scan>(std::move(scan));
}

StageNeeds IpcNeeds(int64_t batch_bytes) {
  StageNeeds needs;
  needs.name = "source arrow";
  needs.worker_floor_bytes = needs.worker_wanted_bytes =
      kIpcWholeBodyBytes + kBatchesPerWorker * batch_bytes;
  return needs;
}

}  // namespace headrace
