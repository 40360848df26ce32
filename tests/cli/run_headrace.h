// Runs the command inside the test, with what it prints captured.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "cli/commands.h"

namespace headrace::cli {

struct Output {
  int exit_code;
  std::string out;
  std::string err;
};

inline Output Headrace(const std::vector<std::string>& words) {
  std::vector<const char*> argv{"headrace"};
  for (const std::string& word : words) argv.push_back(word.c_str());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const int exit_code = RunCommandLine(static_cast<int>(argv.size()), argv.data());
  std::string out = testing::internal::GetCapturedStdout();
  return {exit_code, std::move(out), testing::internal::GetCapturedStderr()};
}

}  // namespace headrace::cli
