// The files of a dataset that stands already, and what their footers say.
#pragma once

#include <arrow/memory_pool.h>
#include <arrow/type.h>

#include <memory>
#include <string>
#include <vector>

#include "env/env.h"
#include "source/listing.h"

namespace headrace {

// The dataset's files as readers find them (hidden names left out); none where the directory is
// empty.
Result<std::vector<InputFile>> ListDatasetFiles(Env* env, const std::string& dataset);

// Whether a file is Parquet by its name: .parquet, or no ending at all, as some writers give none.
bool IsParquetName(const std::string& path);

// At most `files_max` of `files`, which are sorted by path: the newer half by their time of change,
// the others spread evenly over the paths, so that both the last run and every corner of the
// dataset are seen.
Result<std::vector<InputFile>> SampleFiles(Env* env, std::vector<InputFile> files,
                                           size_t files_max);

// The columns of a file as its Parquet schema alone says them, without what one library or another
// keeps beside it: string for every text, the value type for dictionaries. Errors: as
// ParquetFile::Open.
Result<std::shared_ptr<arrow::Schema>> ReadStoredColumns(Env* env, const std::string& path,
                                                         arrow::MemoryPool* pool);

// The columns of an Arrow IPC file. Errors: Source naming the file.
Result<std::shared_ptr<arrow::Schema>> ReadArrowColumns(Env* env, const std::string& path,
                                                        arrow::MemoryPool* pool);

}  // namespace headrace
