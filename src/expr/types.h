// The type system of expressions: which types there are, and which one two values meet in.
#pragma once

#include <arrow/type.h>

#include <memory>

#include "base/status.h"

namespace headrace::expr {

using TypePtr = std::shared_ptr<arrow::DataType>;

const TypePtr& TimestampType();    // microseconds, no zone
const TypePtr& TimestampTzType();  // microseconds, stored in UTC
const TypePtr& TimeType();         // microseconds of the day

bool IsInteger(const arrow::DataType& type);
bool IsUnsigned(const arrow::DataType& type);
bool IsReal(const arrow::DataType& type);  // float or double
bool IsDecimal(const arrow::DataType& type);
bool IsNumeric(const arrow::DataType& type);
bool IsTimestamp(const arrow::DataType& type);  // with or without zone
bool IsDate(const arrow::DataType& type);       // days
bool IsTemporal(const arrow::DataType& type);   // date, timestamps, time
bool IsNull(const arrow::DataType& type);
// One of the types expressions compute with.
bool IsSupported(const arrow::DataType& type);

// What a column of a wider set of Arrow types is read as: large and view strings as string,
// dictionaries as their values, other time units as microseconds. Null when there is no such
// reading; the type itself when it is supported.
TypePtr NormalType(const TypePtr& type);

// Decimal that holds every value of an integer type: int32 -> decimal(10,0). Decimals give
// themselves.
TypePtr DecimalFor(const arrow::DataType& type);
int Precision(const arrow::DataType& decimal);
int Scale(const arrow::DataType& decimal);

// Type that both meet in, as ANSI Spark: wider integer, integer and decimal -> decimal, float and
// anything else numeric -> double, date and timestamp -> timestamp, null and T -> T. Null pointer
// when there is none (string and number, timestamp and timestamptz), or when a decimal would need
// more than 38 digits.
TypePtr CommonType(const TypePtr& left, const TypePtr& right);

}  // namespace headrace::expr
