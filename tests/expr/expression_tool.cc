// expression_tool INPUT.arrow OUTPUT.arrow < expressions: evaluates one expression per line on the
// rows of an Arrow IPC file. Prints "ok <type>" or "error <message>" per line; the values of those
// that are ok become the columns e0, e1, ... (numbered by line) of the output file.
#include <arrow/io/file.h>
#include <arrow/ipc/reader.h>
#include <arrow/ipc/writer.h>
#include <arrow/table.h>

#include <iostream>

#include "expr/expr.h"

namespace headrace::expr {
namespace {

Result<std::shared_ptr<arrow::RecordBatch>> ReadRows(const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::ReadableFile::Open(path));
  ARROW_ASSIGN_OR_RAISE(auto reader, arrow::ipc::RecordBatchFileReader::Open(file));
  return reader->ReadRecordBatch(0);
}

Result<std::shared_ptr<arrow::Array>> Compute(const std::string& text,
                                              const arrow::RecordBatch& rows) {
  ARROW_ASSIGN_OR_RAISE(auto tree, Parse(text));
  ARROW_ASSIGN_OR_RAISE(auto bound, Bind(tree, *rows.schema()));
  ARROW_ASSIGN_OR_RAISE(auto values, Evaluate(*bound, rows, arrow::default_memory_pool()));
  ARROW_RETURN_NOT_OK(values->ValidateFull());
  return values;
}

Status Main(const std::string& input, const std::string& output) {
  ARROW_ASSIGN_OR_RAISE(auto rows, ReadRows(input));
  arrow::FieldVector fields;
  arrow::ArrayVector columns;
  std::string line;
  for (int number = 0; std::getline(std::cin, line); ++number) {
    auto values = Compute(line, *rows);
    if (!values.ok()) {
      std::cout << "error " << FormatError(values.status()) << "\n";
      continue;
    }
    std::cout << "ok " << TypeText(*(*values)->type()) << "\n";
    fields.push_back(arrow::field("e" + std::to_string(number), (*values)->type()));
    columns.push_back(*values);
  }
  auto out = arrow::RecordBatch::Make(arrow::schema(fields), rows->num_rows(), columns);
  ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::FileOutputStream::Open(output));
  ARROW_ASSIGN_OR_RAISE(auto writer, arrow::ipc::MakeFileWriter(file, out->schema()));
  ARROW_RETURN_NOT_OK(writer->WriteRecordBatch(*out));
  ARROW_RETURN_NOT_OK(writer->Close());
  return file->Close();
}

}  // namespace
}  // namespace headrace::expr

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: expression_tool INPUT.arrow OUTPUT.arrow < expressions\n";
    return 2;
  }
  const auto status = headrace::expr::Main(argv[1], argv[2]);
  if (!status.ok()) std::cerr << headrace::FormatError(status) << "\n";
  return status.ok() ? 0 : 1;
}
