// HiveScan: puts the columns of directories beside those of any scan of files.
#pragma once

#include <memory>

#include "source/hive.h"
#include "source/scan.h"

namespace headrace {

// `inner` reads the files in the order of `hive.values`. A column that the files hold under the
// name of a directory's key gives way to the directory's. Morsels of files that the filter rules
// out by their directory are dropped unread.
std::unique_ptr<Scan> MakeHiveScan(std::unique_ptr<Scan> inner, HiveColumns hive,
                                   const ScanContext& context);

}  // namespace headrace
