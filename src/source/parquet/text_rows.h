// TextRows: rows of a column of texts or bytes, in batches bounded by bytes.
#pragma once

#include <arrow/memory_pool.h>
#include <arrow/type.h>

#include <memory>

#include "source/parquet/column_rows.h"
#include "source/parquet/text_pages.h"

namespace headrace {

// `type` is one that TextPages::CanRead says yes to.
std::unique_ptr<ColumnRows> MakeTextRows(std::unique_ptr<TextPages> pages,
                                         std::shared_ptr<arrow::DataType> type,
                                         arrow::MemoryPool* pool);

}  // namespace headrace
