#include "source/json/json_scan.h"

#include <algorithm>

#include "base/units.h"
#include "expr/errors.h"
#include "source/find_column.h"
#include "source/json/json_given_keys.h"
#include "source/json/json_inference.h"
#include "source/json/json_source.h"

namespace headrace {
namespace {

constexpr int64_t kJsonSampleBytes = 64 * 1024;
constexpr int64_t kRowBytesMaxLeast = 16 << 20;
// What a leaf of the schema takes in a worker even where its values are few.
constexpr int64_t kLeafBytes = 4 * 1024;

std::string_view FramingText(JsonFraming framing) {
  switch (framing) {
    case JsonFraming::kLines:
      return "one object per line";
    case JsonFraming::kDocuments:
      return "objects that may take several lines";
    case JsonFraming::kArray:
      return "an array of objects";
  }
  return "";
}

int64_t LeafCount(const arrow::DataType& type) {
  if (type.num_fields() == 0) return 1;
  int64_t count = 1;
  for (const auto& field : type.fields()) count += LeafCount(*field->type());
  return count;
}

JsonBlockLimits LimitsFor(int64_t batch_bytes, const CsvOptions& options, BadRows bad_rows) {
  JsonBlockLimits limits;
  limits.block_bytes = std::clamp<int64_t>(batch_bytes, 1, kJsonBlockBytesMax);
  limits.row_bytes_max = std::clamp(std::min(options.field_bytes_max, kJsonBlockBytesMax) * 2,
                                    kRowBytesMaxLeast, kJsonBlockBytesMax);
  limits.bad_rows = bad_rows;
  return limits;
}

// Role: JSON rows whose keys are known, and types where they were found with them.
class JsonScan : public Scan {
 public:
  JsonScan(std::vector<JsonInput> inputs, JsonInference found, CsvOptions options,
           ScanContext context, RecordPlaceColumns places, std::vector<std::string> evidence)
      : inputs_(std::move(inputs)),
        found_(std::move(found)),
        options_(std::move(options)),
        context_(std::move(context)),
        places_(std::move(places)),
        evidence_(std::move(evidence)) {
    names_ = found_.given_keys;
    for (const JsonField* field : found_.shape.Fields()) names_.push_back(field->name);
    key_count_ = names_.size();
    for (const std::string& name : {places_.line, places_.offset}) {
      if (!name.empty()) names_.push_back(name);
    }
  }

  const std::vector<std::string>& column_names() const override { return names_; }
  std::vector<std::string> evidence() const override { return evidence_; }
  int64_t estimated_rows() const override { return found_.rows; }

  int64_t total_bytes() const override { return StoredBytesOf(inputs_); }

  StageNeeds needs(int64_t batch_bytes) const override {
    StageNeeds needs = JsonNeeds(batch_bytes);
    int64_t stream_bytes = 0;  // one stream is open at a time
    for (const JsonInput& input : inputs_)
      stream_bytes = std::max(stream_bytes, input.text->stream_bytes());
    needs.fixed_floor_bytes += stream_bytes;
    if (PutsAside(context_.bad_rows)) needs.worker_floor_bytes += kRejectWorkerBytes;
    if (schema_ != nullptr) {
      for (const auto& field : schema_->fields())
        needs.worker_floor_bytes += LeafCount(*field->type()) * kLeafBytes;
    }
    needs.fixed_wanted_bytes = needs.fixed_floor_bytes;
    needs.worker_wanted_bytes = needs.worker_floor_bytes;
    return needs;
  }

  Result<std::shared_ptr<arrow::Schema>> Type(const ScanRequest& request) override {
    std::vector<std::string> wanted = request.columns;
    all_columns_ = request.all_columns;
    if (all_columns_ && wanted.empty()) wanted = names_;
    ARROW_ASSIGN_OR_RAISE(auto types, GivenTypes());
    const auto found = found_.shape.Fields();
    evidence_.push_back(
        found_.given_keys.empty()
            ? fmt::format("types: found over all {} rows", FormatCount(found_.rows))
            : "types: given for all keys that the input begins with; another one is refused");
    if (found_.bad_rows > 0) {
      evidence_.push_back(
          fmt::format("types: without {} rows that cannot be read", FormatCount(found_.bad_rows)));
    }
    arrow::FieldVector fields;
    for (const std::string& name : wanted) {
      ARROW_ASSIGN_OR_RAISE(
          const int column,
          FindColumn(names_, path(), name, ErrorKind::kInvalidPlan, expr::kUnknownColumn));
      const auto index = static_cast<size_t>(column);
      std::shared_ptr<arrow::DataType> type = types[index];
      if (type == nullptr) {
        type = found[index]->shape.Resolve();
        AddEvidence(names_[index], found[index]->shape, *type);
      }
      fields.push_back(arrow::field(names_[index], std::move(type)));
    }
    schema_ = arrow::schema(std::move(fields));
    return schema_;
  }

  Result<std::unique_ptr<Source>> Start(int64_t batch_bytes) override {
    JsonReadingSettings settings;
    settings.limits = LimitsFor(batch_bytes, options_, context_.bad_rows);
    settings.batch_bytes = batch_bytes;
    settings.chunk_rows = context_.chunk_rows;
    settings.field_bytes_max = options_.field_bytes_max;
    settings.bad_rows = context_.bad_rows;
    settings.keys.assign(names_.begin(), names_.begin() + static_cast<ptrdiff_t>(key_count_));
    // A column more is told only to those who asked for all of them.
    settings.only_these_keys = all_columns_ && !found_.given_keys.empty();
    settings.places = places_;
    settings.pool = context_.pool;
    settings.cancellation = context_.cancellation;
    ARROW_ASSIGN_OR_RAISE(auto source, JsonSource::Make(inputs_, schema_, std::move(settings)));
    return std::unique_ptr<Source>(std::move(source));
  }

 private:
  const std::string& path() const { return inputs_[0].text->path(); }

  // By column; null where the type is the one that was found.
  Result<std::vector<std::shared_ptr<arrow::DataType>>> GivenTypes() const {
    std::vector<std::shared_ptr<arrow::DataType>> types(names_.size());
    if (options_.all_strings) std::fill(types.begin(), types.end(), arrow::utf8());
    std::fill(types.begin() + static_cast<ptrdiff_t>(key_count_), types.end(), arrow::int64());
    for (const auto& [name, text] : options_.types) {
      ARROW_ASSIGN_OR_RAISE(const int column,
                            FindColumn(names_, path(), name, ErrorKind::kInvalidConfig, 163));
      if (static_cast<size_t>(column) >= key_count_) return PlaceHasItsType(name);
      ARROW_ASSIGN_OR_RAISE(types[static_cast<size_t>(column)], expr::ParseType(text));
    }
    return types;
  }

  void AddEvidence(const std::string& name, const JsonShape& shape, const arrow::DataType& type) {
    const std::string why = shape.Explain();
    evidence_.push_back(fmt::format("column {}: {}{}", name, expr::TypeText(type),
                                    why.empty() ? "" : " (" + why + ")"));
  }

  const std::vector<JsonInput> inputs_;
  const JsonInference found_;
  const CsvOptions options_;
  const ScanContext context_;
  const RecordPlaceColumns places_;
  std::vector<std::string> evidence_;
  std::vector<std::string> names_;  // keys, then places
  size_t key_count_ = 0;
  bool all_columns_ = true;                // were asked for
  std::shared_ptr<arrow::Schema> schema_;  // of the wanted columns
};

Result<JsonInput> OpenInput(const JsonFile& file, const CsvOptions& options,
                            const ScanContext& context, JsonGivenKeys* given) {
  std::optional<TextEncoding> named;
  if (options.encoding.has_value()) {
    ARROW_ASSIGN_OR_RAISE(named, ParseTextEncoding(*options.encoding));
  }
  JsonInput input;
  ARROW_ASSIGN_OR_RAISE(input.text,
                        TextInput::Make(file.path, file.size_bytes, named,
                                        {context.env, context.pool, context.spill_directory,
                                         context.cancellation, context.threads}));
  ARROW_ASSIGN_OR_RAISE(auto stream, input.text->Open(TextInput::Pass::kReplayable));
  ARROW_ASSIGN_OR_RAISE(auto sample, JsonBlock::Make(kJsonSampleBytes, context.pool));
  ARROW_ASSIGN_OR_RAISE(const int64_t length,
                        ReadFully(stream.get(), kJsonSampleBytes, sample->text()));
  sample->SetLength(length);
  input.framing = DetectJsonFraming(sample->text(), sample->end(), length < kJsonSampleBytes);
  sample->framing = input.framing;
  given->Look(sample.get());
  return input;
}

Result<JsonInference> Infer(const std::vector<JsonInput>& inputs, const CsvOptions& options,
                            const ScanContext& context) {
  JsonInferenceSettings settings;
  settings.limits = LimitsFor(context.batch_bytes, options, context.bad_rows);
  settings.names_only = options.all_strings;
  for (const auto& [name, type] : options.types) settings.given.push_back(name);
  settings.threads = std::max(context.threads, 1);
  settings.pool = context.pool;
  settings.cancellation = context.cancellation;
  settings.on_progress = context.on_inference_progress;
  return InferJson(inputs, settings);
}

// -1 where the size of the text is not known.
int64_t EstimatedRows(const std::vector<JsonInput>& inputs, const JsonGivenKeys& given) {
  int64_t bytes = 0;
  for (const JsonInput& input : inputs) {
    if (input.text->size_bytes() < 0 || input.text->compression() != Compression::kNone) return -1;
    bytes += input.text->size_bytes();
  }
  return given.rows_in(bytes);
}

Result<JsonInference> FindKeys(const std::vector<JsonInput>& inputs, const JsonGivenKeys& given,
                               const CsvOptions& options, const ScanContext& context) {
  // What is put aside must not depend on which types are given: then all rows are looked at first.
  if (!given.are_all() || PutsAside(context.bad_rows)) return Infer(inputs, options, context);
  JsonInference found;
  found.given_keys = given.names();
  found.rows = EstimatedRows(inputs, given);
  return found;
}

}  // namespace

StageNeeds JsonNeeds(int64_t batch_bytes) {
  // Per worker: the block's text, the places of its values and one batch, whose fixed-width columns
  // with these places are at most a block, and whose text is; an eighth more for size classes.
  // Fixed: the unfinished value after the last block, and the sample at the start.
  StageNeeds needs;
  needs.name = "source json";
  needs.worker_floor_bytes = batch_bytes * 17 / 4 + 64 * 1024;
  needs.worker_wanted_bytes = needs.worker_floor_bytes;
  needs.fixed_floor_bytes = std::max(batch_bytes * 9 / 8, 2 * kJsonSampleBytes) + 64 * 1024;
  needs.fixed_wanted_bytes = needs.fixed_floor_bytes;
  return needs;
}

Result<std::unique_ptr<Scan>> OpenJsonScan(std::vector<JsonFile> files, const CsvOptions& options,
                                           const ScanContext& context,
                                           const RecordPlaceColumns& places) {
  HEADRACE_CHECK(!files.empty());  // ListInputs refuses that
  if (context.batch_bytes > kJsonBlockBytesMax) {
    return MakeError(ErrorKind::kInvalidConfig, 167,
                     "a batch of JSON text may have at most {}; lower --batch-size: {} bytes",
                     FormatBytes(kJsonBlockBytesMax), FormatCount(context.batch_bytes));
  }
  std::vector<JsonInput> inputs;
  JsonGivenKeys given(options.types);
  for (const JsonFile& file : files) {
    ARROW_ASSIGN_OR_RAISE(JsonInput input, OpenInput(file, options, context, &given));
    inputs.push_back(std::move(input));
  }
  std::vector<std::string> evidence;
  const TextInput& first = *inputs[0].text;
  evidence.push_back(fmt::format("layout: {}", FramingText(inputs[0].framing)));
  if (first.compression() != Compression::kNone)
    evidence.push_back(fmt::format("compression: {}", CompressionName(first.compression())));
  evidence.push_back(fmt::format("encoding: {}", TextEncodingName(first.encoding())));
  ARROW_ASSIGN_OR_RAISE(JsonInference found, FindKeys(inputs, given, options, context));
  std::vector<std::string> keys = found.given_keys;
  for (const JsonField* field : found.shape.Fields()) keys.push_back(field->name);
  if (keys.empty()) {
    return MakeError(
        ErrorKind::kBadInput, 445,
        "no key was found, so there are no columns; give objects with keys: {}:1 (byte "
        "0): {} rows, {} that cannot be read",
        files[0].path, FormatCount(found.rows), FormatCount(found.bad_rows));
  }
  for (const std::string& key : keys) {
    if (key == places.line || key == places.offset) return PlaceNameIsTaken(key, files[0].path);
  }
  if (!places.line.empty() && places.line == places.offset)
    return PlaceNameIsTaken(places.line, files[0].path);
  return std::make_unique<JsonScan>(std::move(inputs), std::move(found), options, context, places,
                                    std::move(evidence));
}

}  // namespace headrace
