// What the fake of headrace/run.h was asked for, and what it answers.
#pragma once

#include "headrace/run.h"

namespace headrace {

struct FakeRun {
  JobSpec job;  // of the last call
  int64_t preview_rows = 0;
  arrow::Status status;  // what RunJob, ExplainJob, PreviewJob and LoadPipelineFile fail with
  RunReport report;
  JobSpec pipeline;        // what LoadPipelineFile gives
  int raise_signal = 0;    // RunJob raises it and waits for the stop flag
  int progress_calls = 0;  // RunJob reports progress so many times
};

FakeRun& TheFakeRun();

}  // namespace headrace
