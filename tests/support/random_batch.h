// Random Arrow batches of any type, for property tests.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <cstdint>
#include <memory>
#include <random>

namespace headrace::testing {

// `rows` values of `type`, about `null_share` of them null (0 = no validity bitmap).
std::shared_ptr<arrow::Array> RandomArray(const std::shared_ptr<arrow::DataType>& type,
                                          int64_t rows, double null_share, std::mt19937_64& random);

std::shared_ptr<arrow::RecordBatch> RandomBatch(const std::shared_ptr<arrow::Schema>& schema,
                                                int64_t rows, double null_share,
                                                std::mt19937_64& random);

// One field per type that rows can hold, lists, structs and maps of several depths among them.
std::shared_ptr<arrow::Schema> AllTypesSchema();

// The seed of HEADRACE_SEED or a fresh one; prints it with the command that replays the test.
uint64_t TestSeed();

}  // namespace headrace::testing
