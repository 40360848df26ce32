// Short ways to write jobs for plan tests.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "plan/bound_plan.h"
#include "plan/logical_plan.h"

namespace headrace {

inline Step Filter(std::string predicate) { return {FilterStep{std::move(predicate)}, ""}; }
inline Step Derive(std::vector<std::pair<std::string, std::string>> columns) {
  return {DeriveStep{std::move(columns)}, ""};
}
inline Step Select(std::vector<std::string> columns) {
  return {SelectStep{std::move(columns)}, ""};
}
inline Step Drop(std::vector<std::string> columns) { return {DropStep{std::move(columns)}, ""}; }
inline Step Rename(std::vector<std::pair<std::string, std::string>> columns) {
  return {RenameStep{std::move(columns)}, ""};
}
inline Step Cast(std::vector<std::pair<std::string, std::string>> columns) {
  return {CastStep{std::move(columns)}, ""};
}
inline Step FillNull(std::vector<std::pair<std::string, std::string>> columns) {
  return {FillNullStep{std::move(columns)}, ""};
}
inline Step Limit(int64_t rows) { return {LimitStep{rows}, ""}; }

inline JobSpec Job(std::vector<Step> steps, std::vector<std::string> partition_by = {}) {
  JobSpec job;
  job.steps = std::move(steps);
  job.output.path = "out";
  job.output.partition_by = std::move(partition_by);
  return job;
}

inline const std::vector<std::string>& SourceColumns() {
  static const std::vector<std::string> columns = {"id", "fare", "distance", "day", "zone"};
  return columns;
}

inline std::shared_ptr<arrow::Schema> SourceSchema() {
  return arrow::schema({arrow::field("id", arrow::int64()),
                        arrow::field("fare", arrow::decimal128(8, 2)),
                        arrow::field("distance", arrow::float64()),
                        arrow::field("day", arrow::date32()), arrow::field("zone", arrow::utf8())});
}

inline std::string MessageOf(const JobSpec& job) {
  auto plan = BuildPlan(job, SourceColumns());
  if (!plan.ok()) return plan.status().message();
  return BindPlan(*plan, SourceSchema()).status().message();
}

}  // namespace headrace
