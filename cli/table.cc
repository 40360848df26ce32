#include "cli/table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>

namespace headrace::cli {
namespace {

constexpr int kCellWidthMax = 40;
constexpr int kGap = 2;
constexpr const char* kEllipsis = "…";

struct CodePoint {
  uint32_t value;
  size_t bytes;
};

// The code point at `at`; a byte that is no UTF-8 counts as one character.
CodePoint DecodeAt(const std::string& text, size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const size_t bytes = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
  if (bytes == 1 || at + bytes > text.size()) return {lead, 1};
  uint32_t value = lead & (0xFFu >> (bytes + 1));
  for (size_t i = 1; i < bytes; ++i)
    value = value << 6 | (static_cast<unsigned char>(text[at + i]) & 0x3F);
  return {value, bytes};
}

int WidthOf(uint32_t c) {
  if ((c >= 0x300 && c <= 0x36F) || (c >= 0x200B && c <= 0x200F) || (c >= 0xFE00 && c <= 0xFE0F))
    return 0;
  const bool wide = (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF) ||
                    (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0xF900 && c <= 0xFAFF) ||
                    (c >= 0xFE30 && c <= 0xFE6F) || (c >= 0xFF00 && c <= 0xFF60) ||
                    (c >= 0xFFE0 && c <= 0xFFE6) || (c >= 0x1F300 && c <= 0x1FAFF) ||
                    (c >= 0x20000 && c <= 0x3FFFD);
  return wide ? 2 : 1;
}

std::string Escaped(const std::string& text) {
  std::string shown;
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      shown += "\\n";
    } else if (c == '\r') {
      shown += "\\r";
    } else if (c == '\t') {
      shown += "\\t";
    } else if (byte < 0x20 || byte == 0x7F) {
      shown += fmt::format("\\x{:02x}", byte);
    } else {
      shown += c;
    }
  }
  return shown;
}

std::string CutWithEllipsis(const std::string& text, int width) {
  if (DisplayWidth(text) <= width) return text;
  std::string cut;
  int used = 0;
  for (size_t at = 0; at < text.size();) {
    const CodePoint c = DecodeAt(text, at);
    if (used + WidthOf(c.value) > width - 1) break;
    cut.append(text, at, c.bytes);
    used += WidthOf(c.value);
    at += c.bytes;
  }
  return cut + kEllipsis;
}

bool IsNumeric(const std::string& type) {
  for (const char* prefix : {"int", "uint", "double", "float", "decimal"}) {
    if (type.starts_with(prefix)) return true;
  }
  return false;
}

struct Column {
  std::vector<std::string> cells;  // name, type, then rows; escaped and cut
  int width = 0;
  bool right = false;
};

Column MakeColumn(const PreviewResult& preview, size_t index) {
  Column column;
  column.right = IsNumeric(preview.types[index]);
  column.cells = {preview.names[index], preview.types[index]};
  for (const auto& row : preview.rows) column.cells.push_back(row[index]);
  for (std::string& cell : column.cells) {
    cell = CutWithEllipsis(Escaped(cell), kCellWidthMax);
    column.width = std::max(column.width, DisplayWidth(cell));
  }
  return column;
}

std::string Padded(const std::string& cell, const Column& column) {
  const std::string blanks(static_cast<size_t>(column.width - DisplayWidth(cell)), ' ');
  return column.right ? blanks + cell : cell + blanks;
}

}  // namespace

int DisplayWidth(const std::string& text) {
  int width = 0;
  for (size_t at = 0; at < text.size();) {
    const CodePoint c = DecodeAt(text, at);
    width += WidthOf(c.value);
    at += c.bytes;
  }
  return width;
}

std::string FormatTable(const PreviewResult& preview, int width) {
  std::vector<Column> columns;
  int used = 0;
  while (columns.size() < preview.names.size()) {
    Column column = MakeColumn(preview, columns.size());
    if (!columns.empty() && used + kGap + column.width > width) break;
    used += (columns.empty() ? 0 : kGap) + column.width;
    columns.push_back(std::move(column));
  }
  const auto line = [&](auto cell_of) {
    std::string text;
    for (const Column& column : columns) text += (text.empty() ? "" : "  ") + cell_of(column);
    text.erase(text.find_last_not_of(' ') + 1);
    return text + "\n";
  };
  std::string table;
  for (size_t row = 0; row < preview.rows.size() + 2; ++row) {
    table += line([&](const Column& column) { return Padded(column.cells[row], column); });
    if (row == 1)
      table += line(
          [](const Column& column) { return std::string(static_cast<size_t>(column.width), '-'); });
  }
  if (columns.size() < preview.names.size()) {
    std::vector<std::string> hidden(preview.names.begin() + static_cast<ptrdiff_t>(columns.size()),
                                    preview.names.end());
    table +=
        fmt::format("{} {} more columns: {}\n", kEllipsis, hidden.size(), fmt::join(hidden, ", "));
  }
  return table;
}

}  // namespace headrace::cli
