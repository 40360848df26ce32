#include "expr/expr.h"
#include "pipeline/read_values.h"
#include "pipeline/tables.h"
#include "source/csv/sniffer.h"
#include "source/text/encoding.h"

namespace headrace {
namespace {

// Sets an optional setting through a reader of its plain type.
template <typename T>
Status ReadInto(Status (*read)(const YamlNode&, const ReadContext&, T*), const YamlNode& value,
                const ReadContext& context, std::optional<T>* out) {
  T plain{};
  ARROW_RETURN_NOT_OK(read(value, context, &plain));
  *out = std::move(plain);
  return Status::OK();
}

Status ReadEncoding(const YamlNode& value, const ReadContext& context, CsvOptions* out) {
  // Their other names ("utf8", "cp1252") are understood too.
  if (!ParseTextEncoding(value.text).ok()) {
    ARROW_RETURN_NOT_OK(
        ReadChoice(value, context, {"utf-8", "latin-1", "windows-1252", "utf-16le", "utf-16be"})
            .status());
  }
  return ReadInto(ReadText, value, context, &out->encoding);
}

constexpr Key<CsvOptions> kCsvKeys[] = {
    {{"delimiter", Presence::kOptional, "character or `tab`", "found", "between fields"},
     [](auto& value, auto& context, auto* out) {
       return ReadInto(ReadCharacter, value, context, &out->delimiter);
     }},
    {{"quote", Presence::kOptional, "character or `none`", "found", "around fields"},
     [](auto& value, auto& context, auto* out) {
       return ReadInto(ReadCharacter, value, context, &out->quote);
     }},
    {{"escape", Presence::kOptional, "character or `none`", "found",
      "before a quote inside a quoted field; the quote itself = doubled quotes"},
     [](auto& value, auto& context, auto* out) {
       return ReadInto(ReadCharacter, value, context, &out->escape);
     }},
    {{"comment", Presence::kOptional, "character or `none`", "`none`",
      "lines that begin with it are skipped"},
     [](auto& value, auto& context, auto* out) {
       return ReadInto(ReadCharacter, value, context, &out->comment);
     }},
    {{"header", Presence::kOptional, "boolean", "found",
      "whether the first record names the columns"},
     [](auto& value, auto& context, auto* out) {
       return ReadInto(ReadBoolean, value, context, &out->header);
     }},
    {{"skip_rows", Presence::kOptional, "count", "found",
      "lines before the header that are no data"},
     [](auto& value, auto& context, auto* out) {
       return ReadCount(value, context, 0, &out->skip_rows.emplace(0));
     }},
    {{"null_values", Presence::kOptional, "list of texts", "`[\"\"]`",
      "unquoted fields that mean NULL"},
     [](auto& value, auto& context, auto* out) {
       return ReadInto(ReadTextList, value, context, &out->null_values);
     }},
    {{"quoted_empty", Presence::kOptional, "`empty` or `null`", "`empty`",
      "what `\"\"` is in a text column; in other columns it is NULL. Write `\"null\"` in quotes"},
     [](auto& value, auto& context, auto* out) {
       ARROW_ASSIGN_OR_RAISE(size_t choice, ReadChoice(value, context, {"empty", "null"}));
       out->quoted_empty_is_null = choice == 1;
       return Status::OK();
     }},
    {{"encoding", Presence::kOptional, "name", "found",
      "`utf-8`, `latin-1`, `windows-1252`, `utf-16le`, `utf-16be`; a byte order mark wins"},
     ReadEncoding},
    {{"all_strings", Presence::kOptional, "boolean", "`false`",
      "every column is text; nothing is inferred"},
     [](auto& value, auto& context, auto* out) {
       return ReadBoolean(value, context, &out->all_strings);
     }},
    {{"field_size_max", Presence::kOptional, "size", "`256MiB`", "a longer field is a bad row"},
     [](auto& value, auto& context, auto* out) {
       return ReadBytes(value, context, &out->field_bytes_max);
     }},
};

Status ReadTypes(const YamlNode& value, const ReadContext& context, InputSpec* out) {
  ARROW_RETURN_NOT_OK(ReadTextPairs(value, context, &out->csv.types));
  for (size_t i = 0; i < value.entries.size(); ++i) {
    const auto& [key, text] = value.entries[i];
    const Status parsed = expr::ParseType(text.text).status();
    if (!parsed.ok()) {
      return ConfigError(context.file, text, 140, "type of column '{}': {}", key.text,
                         parsed.message());
    }
  }
  return Status::OK();
}

Status ReadPaths(const YamlNode& value, const ReadContext& context, InputSpec* out) {
  if (!out->paths.empty()) {
    return ConfigError(context.file, value, 141, "a source has either path or paths; remove one");
  }
  ARROW_RETURN_NOT_OK(ReadTextList(value, context, &out->paths));
  for (const std::string& path : out->paths) {
    if (path.empty()) return ConfigError(context.file, value, 141, "a path is empty");
    const std::string scheme = UrlScheme(path);
    if (!scheme.empty()) {
      return ConfigError(
          context.file, value, 119,
          "reading {}:// is not available in this version; fetch the file first and give its "
          "path: {}",
          scheme, path);
    }
  }
  return out->paths.empty() ? ConfigError(context.file, value, 141, "the list of paths is empty")
                            : Status::OK();
}

Status ReadFormat(const YamlNode& value, const ReadContext& context, InputSpec* out) {
  ARROW_RETURN_NOT_OK(
      ReadChoice(value, context, {"csv", "tsv", "jsonl", "ndjson", "json", "parquet", "arrow"})
          .status());
  return ReadText(value, context, &out->format);
}

Status ReadCsv(const YamlNode& value, const ReadContext& context, InputSpec* out) {
  ARROW_RETURN_NOT_OK(ReadMap(value, "csv", kCsvKeys, context, &out->csv));
  const Status dialect = DialectOfOptions(out->csv).status();
  if (dialect.ok()) return Status::OK();
  return ConfigError(context.file, ValueOrMap(value, "delimiter"), GetErrorCode(dialect), "{}",
                     dialect.message());
}

// Of a column that is added to those of the files.
template <std::string InputSpec::* name>
Status ReadColumnName(const YamlNode& value, const ReadContext& context, InputSpec* out) {
  ARROW_RETURN_NOT_OK(ReadText(value, context, &(out->*name)));
  return (out->*name).empty() ? ConfigError(context.file, value, 141, "a column needs a name")
                              : Status::OK();
}

constexpr Key<InputSpec> kSourceKeys[] = {
    {{"id", Presence::kOptional, "name", "", "what the report calls the source"},
     [](auto& value, auto& context, auto* out) { return ReadText(value, context, &out->id); }},
    {{"path", Presence::kOptional, "path", "",
      "a file, a glob (`*` `?` `[...]` `**`), a directory or `-`"},
     ReadPaths},
    {{"paths", Presence::kOptional, "list of paths", "", "several of them, read in this order"},
     ReadPaths},
    {{"format", Presence::kOptional, "name", "by name and content",
      "`csv`, `tsv`, `jsonl`, `json`, `parquet` or `arrow`"},
     ReadFormat},
    {{"types", Presence::kOptional, "map of column: type", "inferred",
      "types of CSV and JSON columns; a type with a comma stands in quotes: `\"decimal(12,2)\"`"},
     ReadTypes},
    {{"schema_mode", Presence::kOptional, "`strict` or `union`", "`strict`",
      "several files: all have the same columns; or columns by name, NULL where a file lacks one"},
     [](auto& value, auto& context, auto* out) {
       ARROW_ASSIGN_OR_RAISE(size_t choice, ReadChoice(value, context, {"strict", "union"}));
       out->schema_mode = choice == 0 ? SchemaMode::kStrict : SchemaMode::kUnion;
       return Status::OK();
     }},
    {{"file_column", Presence::kOptional, "name", "",
      "adds a column with the path of the file that a row comes from"},
     ReadColumnName<&InputSpec::file_column>},
    {{"line_column", Presence::kOptional, "name", "",
      "adds a column with the line that a text record begins in, from 1"},
     ReadColumnName<&InputSpec::line_column>},
    {{"offset_column", Presence::kOptional, "name", "",
      "adds a column with the offset of a text record's first byte in its file"},
     ReadColumnName<&InputSpec::offset_column>},
    {{"csv", Presence::kOptional, "map", "", "how CSV text is read (see below)"}, ReadCsv},
    LaterKey<InputSpec>("http", "sources over http; fetch the files first and give their path"),
    LaterKey<InputSpec>("schema", "column contracts; use types"),
    LaterKey<InputSpec>("on_schema_change", "column contracts"),
};

}  // namespace

Status ReadSources(const YamlNode& value, const ReadContext& context, std::vector<InputSpec>* out) {
  if (value.kind != YamlNode::Kind::kSequence || value.items.empty()) {
    return ConfigError(context.file, value, 141, "sources must be a list with one source");
  }
  if (value.items.size() > 1) {
    return ConfigError(
        context.file, value.items[1], 119,
        "a second source is not available in this version (it has no join or union); remove it");
  }
  InputSpec input;
  ARROW_RETURN_NOT_OK(ReadMap(value.items.front(), "source", kSourceKeys, context, &input));
  if (input.paths.empty()) {
    return ConfigError(context.file, value.items.front(), 141,
                       "source needs the key 'path' or 'paths'");
  }
  out->push_back(std::move(input));
  return Status::OK();
}

SectionDoc SourceSection() {
  return {"sources", "A list with one source. Relative paths start at the working directory.",
          DocsOf(kSourceKeys)};
}
SectionDoc CsvSection() {
  return {"sources[].csv",
          "What is not given is found in the file; `headrace preview` shows what was found.",
          DocsOf(kCsvKeys)};
}

}  // namespace headrace
