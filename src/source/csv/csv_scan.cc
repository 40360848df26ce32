#include "source/csv/csv_scan.h"

#include <algorithm>

#include "base/units.h"
#include "expr/errors.h"
#include "source/csv/csv_header.h"
#include "source/csv/csv_source.h"
#include "source/csv/infer_types.h"
#include "source/csv/sniffer.h"
#include "source/find_column.h"

namespace headrace {
namespace {

constexpr int64_t kSampleBytes = 256 * 1024;
constexpr int64_t kOtherSampleBytes = 16 * 1024;  // of files after the first: for their header
constexpr int64_t kHeaderBytesMax = 16 * 1024 * 1024;
constexpr int64_t kRecordBytesLimit = 1LL << 30;  // positions are 32 bits wide

// Role: a CSV input whose dialect and names are known; Type finds the types.
class CsvScan : public Scan {
 public:
  CsvScan(CsvLayout layout, CsvOptions options, ScanContext context,
          std::vector<std::string> evidence)
      : layout_(std::move(layout)),
        options_(std::move(options)),
        context_(std::move(context)),
        evidence_(std::move(evidence)) {}

  const std::vector<std::string>& column_names() const override { return layout_.column_names; }
  std::vector<std::string> evidence() const override { return evidence_; }
  // Counted where types were inferred, guessed before.
  int64_t estimated_rows() const override { return rows_ >= 0 ? rows_ : layout_.sampled_rows; }

  StageNeeds needs(int64_t batch_bytes) const override {
    StageNeeds needs = CsvNeeds(batch_bytes);
    if (PutsAside(context_.bad_rows)) {
      // What stands behind the text of a block where records are filled up is at most kColumnsMax.
      needs.worker_floor_bytes += kRejectWorkerBytes;
      needs.worker_wanted_bytes += kRejectWorkerBytes;
    }
    int64_t stream_bytes = 0;  // one stream is open at a time
    for (const CsvInput& input : layout_.inputs)
      stream_bytes = std::max(stream_bytes, input.text->stream_bytes());
    needs.fixed_floor_bytes += stream_bytes;
    needs.fixed_wanted_bytes += stream_bytes;
    return needs;
  }

  int64_t total_bytes() const override { return StoredBytesOf(layout_.inputs); }

  Result<std::shared_ptr<arrow::Schema>> Type(const ScanRequest& request) override {
    ARROW_ASSIGN_OR_RAISE(columns_, WantedColumns(request));
    ARROW_ASSIGN_OR_RAISE(auto types, GivenTypes());
    std::vector<int> unknown;
    for (int column : columns_) {
      if (types[static_cast<size_t>(column)] == nullptr) unknown.push_back(column);
    }
    if (!unknown.empty()) {
      // Without a predicate only the first rows are given out: types are those of these.
      ARROW_RETURN_NOT_OK(Infer(unknown, request.predicate ? -1 : request.row_limit, &types));
    }
    arrow::FieldVector fields;
    for (int column : columns_) {
      const auto index = static_cast<size_t>(column);
      fields.push_back(arrow::field(layout_.column_names[index], types[index]));
    }
    schema_ = arrow::schema(std::move(fields));
    return schema_;
  }

  Result<std::unique_ptr<Source>> Start(int64_t batch_bytes) override {
    CsvSourceSettings settings;
    settings.limits = Limits(batch_bytes);
    settings.batch_bytes = batch_bytes;
    settings.chunk_rows = context_.chunk_rows;
    settings.field_bytes_max = options_.field_bytes_max;
    settings.bad_rows = context_.bad_rows;
    settings.nulls = Nulls();
    settings.pool = context_.pool;
    settings.cancellation = context_.cancellation;
    ARROW_ASSIGN_OR_RAISE(auto source, CsvSource::Make(layout_, columns_, schema_, settings));
    return std::unique_ptr<Source>(std::move(source));
  }

 private:
  Result<std::vector<int>> WantedColumns(const ScanRequest& request) const {
    std::vector<int> columns;
    if (request.all_columns && request.columns.empty()) {
      for (size_t i = 0; i < layout_.column_names.size(); ++i)
        columns.push_back(static_cast<int>(i));
    }
    for (const std::string& name : request.columns) {
      ARROW_ASSIGN_OR_RAISE(int column,
                            FindColumn(layout_.column_names, layout_.inputs[0].text->path(), name,
                                       ErrorKind::kInvalidPlan, expr::kUnknownColumn));
      columns.push_back(column);
    }
    return columns;
  }

  // By column of the layout; null where the type is to be found.
  Result<std::vector<std::shared_ptr<arrow::DataType>>> GivenTypes() const {
    std::vector<std::shared_ptr<arrow::DataType>> types(layout_.column_names.size());
    if (options_.all_strings) std::fill(types.begin(), types.end(), arrow::utf8());
    for (size_t i = 0; i < types.size(); ++i) {
      if (layout_.columns[0].field_of_column[i] < kMissingField) types[i] = arrow::int64();
    }
    for (const auto& [name, text] : options_.types) {
      ARROW_ASSIGN_OR_RAISE(int column,
                            FindColumn(layout_.column_names, layout_.inputs[0].text->path(), name,
                                       ErrorKind::kInvalidConfig, 163));
      if (layout_.columns[0].field_of_column[static_cast<size_t>(column)] < kMissingField) {
        return PlaceHasItsType(name);
      }
      ARROW_ASSIGN_OR_RAISE(types[static_cast<size_t>(column)], expr::ParseType(text));
    }
    return types;
  }

  Status Infer(const std::vector<int>& columns, int64_t row_limit,
               std::vector<std::shared_ptr<arrow::DataType>>* types) {
    InferenceSettings settings;
    settings.limits = Limits(context_.batch_bytes);
    settings.index_limits = LimitsForBatches(context_.batch_bytes, context_.chunk_rows, 1);
    settings.index_limits.field_bytes_max = options_.field_bytes_max;
    settings.index_limits.bad_rows = context_.bad_rows;
    settings.nulls = Nulls();
    settings.threads = std::max(context_.threads, 1);
    settings.row_limit = row_limit;
    settings.pool = context_.pool;
    settings.cancellation = context_.cancellation;
    settings.on_progress = context_.on_inference_progress;
    settings.total_bytes = total_bytes();
    ARROW_ASSIGN_OR_RAISE(InferenceResult found, InferTypes(layout_, columns, settings));
    rows_ = found.rows;
    evidence_.push_back(fmt::format("types: found over {} {} rows",
                                    found.rows == row_limit ? "the first" : "all",
                                    FormatCount(found.rows)));
    if (found.bad_records > 0) {
      evidence_.push_back(fmt::format("types: without {} records that cannot be rows",
                                      FormatCount(found.bad_records)));
    }
    for (size_t i = 0; i < columns.size(); ++i) {
      auto& type = (*types)[static_cast<size_t>(columns[i])];
      type = found.guesses[i].Resolve();
      const std::string why = found.guesses[i].Explain();
      evidence_.push_back(fmt::format("column {}: {}{}",
                                      layout_.column_names[static_cast<size_t>(columns[i])],
                                      expr::TypeText(*type), why.empty() ? "" : " (" + why + ")"));
    }
    return Status::OK();
  }

  BlockLimits Limits(int64_t batch_bytes) const {
    BlockLimits limits;
    limits.block_bytes = std::clamp<int64_t>(batch_bytes, 1, kRecordBytesLimit);
    limits.record_bytes_max = std::clamp(std::min(options_.field_bytes_max, kRecordBytesLimit) * 2,
                                         limits.block_bytes, kRecordBytesLimit);
    limits.bad_rows = context_.bad_rows;
    return limits;
  }

  NullRule Nulls() const {
    NullRule nulls;
    if (options_.null_values.has_value()) nulls.null_texts = *options_.null_values;
    nulls.quoted_empty_is_null = options_.quoted_empty_is_null;
    return nulls;
  }

  const CsvLayout layout_;
  const CsvOptions options_;
  const ScanContext context_;
  std::vector<std::string> evidence_;
  std::vector<int> columns_;               // wanted, of the layout
  std::shared_ptr<arrow::Schema> schema_;  // of these
  int64_t rows_ = -1;
};

// A sample of at least `bytes` that holds the first record, if it is not absurdly long. Lines
// before it that are skipped or comments may take any room that the pool gives: they do not count.
Result<TextSample> ReadStart(TextInput* input, Dialect dialect, bool newline_known, int64_t bytes,
                             arrow::MemoryPool* pool) {
  while (true) {
    ARROW_ASSIGN_OR_RAISE(TextSample sample, TextSample::Read(input, bytes, pool));
    if (sample.whole() || bytes >= kRecordBytesLimit) return sample;
    if (!newline_known) dialect.newline = FindNewline(sample);
    const int64_t preamble = PreambleBytes(sample, dialect);
    if (preamble > bytes / 2 && preamble < bytes && bytes < preamble + kSampleBytes) {
      bytes = preamble + kSampleBytes;  // as much to look at as without the preamble
      continue;
    }
    if (preamble < bytes) {
      if (bytes - preamble >= kHeaderBytesMax) return sample;
      ARROW_ASSIGN_OR_RAISE(auto records, CutSample(sample, dialect, 2, pool));
      if (!records.records.empty() || records.too_wide) return sample;
    }
    bytes = std::min(bytes * 8, kRecordBytesLimit);
  }
}

// Role: looks at the starts of all files and lays the scan out.
class Opening {
 public:
  Opening(const CsvOptions& options, const CsvScanOptions& scan_options, const ScanContext& context)
      : options_(options),
        scan_options_(scan_options),
        context_(context),
        matcher_(scan_options.schema_mode) {}

  // What is guessed from it holds for all: lines to pass over only where there are no others, whose
  // rows they might be.
  Status AddFirst(const CsvFile& file, bool is_only) {
    CsvOptions options = options_;
    if (!is_only && !options.comment.has_value()) options.comment = '\0';
    if (!is_only && !options.skip_rows.has_value()) options.skip_rows = 0;
    ARROW_ASSIGN_OR_RAISE(auto input, OpenInput(file));
    ARROW_ASSIGN_OR_RAISE(const Dialect given, DialectOfOptions(options_));
    ARROW_ASSIGN_OR_RAISE(TextSample sample, ReadStart(input.get(), given, /*newline_known=*/false,
                                                       kSampleBytes, context_.pool));
    ARROW_ASSIGN_OR_RAISE(SniffResult sniffed, SniffDialect(sample, options, file.path,
                                                            context_.pool, context_.bad_rows));
    layout_.dialect = sniffed.dialect;
    evidence_ = std::move(sniffed.evidence);
    if (input->compression() != Compression::kNone) {
      evidence_.push_back(fmt::format("compression: {}", CompressionName(input->compression())));
    }
    evidence_.push_back(fmt::format("encoding: {} ({})", TextEncodingName(input->encoding()),
                                    input->why_encoding()));
    return Add(std::move(input), sample);
  }

  Status AddOther(const CsvFile& file) {
    ARROW_ASSIGN_OR_RAISE(auto input, OpenInput(file));
    ARROW_ASSIGN_OR_RAISE(TextSample sample,
                          ReadStart(input.get(), layout_.dialect,
                                    /*newline_known=*/true, kOtherSampleBytes, context_.pool));
    return Add(std::move(input), sample);
  }

  Result<std::unique_ptr<Scan>> Finish() {
    ARROW_RETURN_NOT_OK(std::move(matcher_).Finish(scan_options_.places, &layout_));
    return std::make_unique<CsvScan>(std::move(layout_), options_, context_, std::move(evidence_));
  }

 private:
  Result<std::shared_ptr<TextInput>> OpenInput(const CsvFile& file) {
    std::optional<TextEncoding> named;
    if (options_.encoding.has_value()) {
      ARROW_ASSIGN_OR_RAISE(named, ParseTextEncoding(*options_.encoding));
    }
    return TextInput::Make(file.path, file.size_bytes, named,
                           {context_.env, context_.pool, context_.spill_directory,
                            context_.cancellation, context_.threads});
  }

  Status Add(std::shared_ptr<TextInput> input, const TextSample& sample) {
    ARROW_ASSIGN_OR_RAISE(CsvHeader header, ReadHeader(sample, layout_.dialect, context_.bad_rows,
                                                       input->path(), context_.pool));
    if (!header.repair.empty()) {
      evidence_.push_back(fmt::format("header repaired: {}: {}", input->path(), header.repair));
    }
    ARROW_RETURN_NOT_OK(matcher_.Add(header, input->path()));
    AddSampledRows(*input, sample);
    layout_.inputs.push_back({std::move(input), header.data_offset, header.data_line,
                              static_cast<int>(header.names.size())});
    return Status::OK();
  }

  // By line ends, header and quoted ones too: a guess. What is longer than its sample and stored
  // otherwise than as text (compressed, standard input) gives none.
  void AddSampledRows(const TextInput& input, const TextSample& sample) {
    if (layout_.sampled_rows < 0) return;
    const auto lines = std::count(sample.text(), sample.text() + sample.length(),
                                  static_cast<uint8_t>(layout_.dialect.newline));
    if (sample.whole()) {
      layout_.sampled_rows += lines;
    } else if (input.size_bytes() < 0 || input.stream_bytes() > 0 || sample.length() == 0) {
      layout_.sampled_rows = -1;
    } else {
      layout_.sampled_rows += static_cast<int64_t>(static_cast<double>(lines) *
                                                   static_cast<double>(input.size_bytes()) /
                                                   static_cast<double>(sample.length()));
    }
  }

  const CsvOptions& options_;
  const CsvScanOptions& scan_options_;
  const ScanContext& context_;
  ColumnMatcher matcher_;
  CsvLayout layout_;
  std::vector<std::string> evidence_;
};

}  // namespace

StageNeeds CsvNeeds(int64_t batch_bytes) {
  // Per worker: the block's text, an eighth of it for structure bits, half of it for the index, and
  // one batch, whose fixed-width columns and text are each at most a block; an eighth more for size
  // classes. Fixed: the unfinished record after the last block, and the sample at the start (with
  // its own bits), which is gone before the first block is read.
  StageNeeds needs;
  needs.name = "source csv";
  needs.worker_floor_bytes = batch_bytes * 17 / 4 + 64 * 1024;
  needs.worker_wanted_bytes = needs.worker_floor_bytes;
  needs.fixed_floor_bytes = std::max(batch_bytes * 9 / 8, kSampleBytes * 3 / 2) + 64 * 1024;
  needs.fixed_wanted_bytes = needs.fixed_floor_bytes;
  return needs;
}

Result<std::unique_ptr<Scan>> OpenCsvScan(std::vector<CsvFile> files, const CsvOptions& options,
                                          const ScanContext& context,
                                          const CsvScanOptions& scan_options) {
  HEADRACE_CHECK(!files.empty());  // ListInputs refuses that
  if (context.batch_bytes > kRecordBytesLimit) {
    return MakeError(ErrorKind::kInvalidConfig, 167,
                     "a batch of CSV text may have at most {}; lower --batch-size: {} bytes",
                     FormatBytes(kRecordBytesLimit), FormatCount(context.batch_bytes));
  }
  Opening opening(options, scan_options, context);
  ARROW_RETURN_NOT_OK(opening.AddFirst(files[0], files.size() == 1));
  for (size_t i = 1; i < files.size(); ++i) {
    if (context.cancellation != nullptr) ARROW_RETURN_NOT_OK(context.cancellation->Check());
    ARROW_RETURN_NOT_OK(opening.AddOther(files[i]));
  }
  return opening.Finish();
}

}  // namespace headrace
