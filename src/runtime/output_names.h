// What the names of output files say: format and compression.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "sink/output_form.h"

namespace headrace {

struct FormatName {
  std::string_view name;  // also the ending
  OutputFormat format;
  char delimiter;  // of kCsv

  bool is_text() const {
    return format == OutputFormat::kCsv || format == OutputFormat::kJsonLines;
  }
  // Whether files of both may stand in one dataset.
  bool is_same(const FormatName& other) const {
    return format == other.format && delimiter == other.delimiter;
  }
};

struct NamedFile {
  const FormatName* format = nullptr;  // null: the ending is that of no format
  std::string_view codec;              // "gzip", "zstd"; "" = no compression by its name
};

// By the ending of `path`.
NamedFile ReadFileName(std::string_view path);
// InvalidConfig for a name that is none.
Result<const FormatName*> FindFormat(std::string_view name);

}  // namespace headrace
