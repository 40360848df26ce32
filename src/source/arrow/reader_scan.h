// Arrow data of the calling program as an input: a table, or any stream of record batches.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>

#include "source/scan.h"

namespace headrace {

// Looks at the first two batches, so that the rows of a stream of one batch are known before the
// run is planned. Errors: Source with what the stream fails with; BadInput for columns that share a
// name.
Result<std::unique_ptr<Scan>> OpenReaderScan(std::shared_ptr<arrow::RecordBatchReader> reader,
                                             const ScanContext& context);

}  // namespace headrace
