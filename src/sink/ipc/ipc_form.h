// Arrow IPC files as an output form: one record batch per chunk.
#pragma once

#include <memory>

#include "sink/output_form.h"

namespace headrace {

// Errors: InvalidPlan for a column whose type such a file could hold only with dictionaries beside
// the rows.
Status CheckIpcColumns(const arrow::Schema& schema);
Result<std::shared_ptr<const OutputForm>> MakeIpcForm(std::shared_ptr<arrow::Schema> schema,
                                                      const OutputCompression& compression);

}  // namespace headrace
