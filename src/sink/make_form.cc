#include "sink/make_form.h"

#include "sink/ipc/ipc_form.h"
#include "sink/parquet/parquet_form.h"
#include "sink/text/text_form.h"

namespace headrace {
namespace {

TextStyle StyleOf(const SinkOptions& options) {
  return {options.format == OutputFormat::kCsv ? TextStyle::Kind::kCsv : TextStyle::Kind::kJson,
          options.delimiter};
}

}  // namespace

Status CheckFormColumns(const SinkOptions& options, const arrow::Schema& stored) {
  switch (options.format) {
    case OutputFormat::kParquet:
      return ParquetLayout::CheckColumns(stored);
    case OutputFormat::kArrow:
      return CheckIpcColumns(stored);
    case OutputFormat::kCsv:
    case OutputFormat::kJsonLines:
      return CheckTextColumns(stored, StyleOf(options).kind);
  }
  return Status::OK();
}

Result<std::shared_ptr<const OutputForm>> MakeForm(const SinkOptions& options,
                                                   const SinkMemory& memory,
                                                   std::shared_ptr<arrow::Schema> stored,
                                                   arrow::MemoryPool* pool) {
  switch (options.format) {
    case OutputFormat::kParquet:
      return MakeParquetForm(std::move(stored), memory.parquet, pool);
    case OutputFormat::kArrow:
      return MakeIpcForm(std::move(stored), options.compression);
    case OutputFormat::kCsv:
    case OutputFormat::kJsonLines:
      break;
  }
  return MakeTextForm(std::move(stored),
                      {StyleOf(options), options.compression, memory.chunk_bytes});
}

}  // namespace headrace
