// Parse, bind and evaluate in one step, for tests of the expr room.
#pragma once

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "expr/expr.h"

namespace headrace::expr {

inline Result<std::shared_ptr<arrow::Array>> Run(std::string_view text,
                                                 const arrow::RecordBatch& batch) {
  ARROW_ASSIGN_OR_RAISE(auto tree, Parse(text));
  ARROW_ASSIGN_OR_RAISE(auto bound, Bind(tree, *batch.schema()));
  ARROW_ASSIGN_OR_RAISE(auto out, Evaluate(*bound, batch, arrow::default_memory_pool()));
  ARROW_RETURN_NOT_OK(out->ValidateFull());
  if (!out->type()->Equals(*TypeOf(*bound)) || out->length() != batch.num_rows()) {
    return Status::UnknownError("the result is ", out->type()->ToString(), "[", out->length(),
                                "], planned was ", TypeOf(*bound)->ToString(), "[",
                                batch.num_rows(), "]");
  }
  return out;
}

inline std::shared_ptr<arrow::RecordBatch> OneRow() {
  return arrow::RecordBatch::Make(arrow::schema(arrow::FieldVector{}), 1, arrow::ArrayVector{});
}

// Every value by CAST(x AS string), "NULL" for NULL; one "error: ..." line when it fails.
inline std::vector<std::string> Texts(std::string_view text, const arrow::RecordBatch& batch) {
  auto values = Run(text, batch);
  if (!values.ok()) return {"error: " + values.status().message()};
  if ((*values)->type_id() == arrow::Type::NA)
    return std::vector<std::string>((*values)->length(), "NULL");
  auto cast = CastColumn(*values, arrow::utf8(), arrow::default_memory_pool());
  if (!cast.ok()) return {"error: " + cast.status().message()};
  std::vector<std::string> out;
  const auto& strings = static_cast<const arrow::StringArray&>(**cast);
  for (int64_t i = 0; i < strings.length(); ++i)
    out.push_back(strings.IsNull(i) ? "NULL" : strings.GetString(i));
  return out;
}

inline std::string One(std::string_view text) { return Texts(text, *OneRow()).front(); }

// Type of a constant expression as text, or "error: ...".
inline std::string TypeOfText(std::string_view text) {
  auto tree = Parse(text);
  if (!tree.ok()) return "error: " + tree.status().message();
  auto bound = Bind(*tree, *OneRow()->schema());
  return bound.ok() ? TypeText(*TypeOf(**bound)) : "error: " + bound.status().message();
}

}  // namespace headrace::expr
