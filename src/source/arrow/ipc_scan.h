// Opens Arrow files and streams (IPC) as a Scan.
#pragma once

#include <memory>
#include <vector>

#include "source/listing.h"
#include "source/scan.h"

namespace headrace {

// Reads every file's schema and the heads of its messages, and checks that all files have the same
// columns (in any order) of the same types. "-" is a stream, or a file that is read as one. Types:
// see CarriedType; others are refused only where they are wanted. Errors: BadInput naming the file
// (and the column that differs); Source when a file cannot be opened.
Result<std::unique_ptr<Scan>> OpenIpcScan(std::vector<InputFile> files, const ScanContext& context);

// Floor and wish of an Arrow scan of usual batches, before a file is opened.
StageNeeds IpcNeeds(int64_t batch_bytes);

}  // namespace headrace
