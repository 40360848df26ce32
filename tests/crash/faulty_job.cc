// Runs a pipeline file and refuses one of its requests for memory.
//
//   faulty_job grow|new N PIPELINE.yaml
//
// "grow" refuses the N-th grow of a reservation, "new" lets the N-th call of operator new throw
// std::bad_alloc; N counts from 1, 0 refuses nothing. Prints one line of JSON: what was seen, the
// error and the row account. The exit code is that of the command; a process that an exception
// ends has none.
#include <fmt/format.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>

#include "env/env.h"
#include "pipeline/pipeline_file.h"
#include "runtime/job_run.h"
#include "runtime/resources.h"

namespace {

std::atomic<bool> allocations_are_counted{false};
std::atomic<int64_t> allocations{0};
int64_t refused_allocation = 0;

void* Allocate(size_t size, size_t alignment) {
  if (allocations_are_counted.load(std::memory_order_relaxed) &&
      allocations.fetch_add(1, std::memory_order_relaxed) + 1 == refused_allocation) {
    return nullptr;
  }
  if (size == 0) size = 1;
  return alignment <= alignof(std::max_align_t)
             ? std::malloc(size)
             : std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

void* AllocateOrThrow(size_t size, size_t alignment) {
  void* memory = Allocate(size, alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

constexpr size_t kPlain = alignof(std::max_align_t);

}  // namespace

void* operator new(size_t size) { return AllocateOrThrow(size, kPlain); }
void* operator new[](size_t size) { return AllocateOrThrow(size, kPlain); }
void* operator new(size_t size, std::align_val_t alignment) {
  return AllocateOrThrow(size, static_cast<size_t>(alignment));
}
void* operator new[](size_t size, std::align_val_t alignment) {
  return AllocateOrThrow(size, static_cast<size_t>(alignment));
}
void* operator new(size_t size, const std::nothrow_t&) noexcept { return Allocate(size, kPlain); }
void* operator new[](size_t size, const std::nothrow_t&) noexcept { return Allocate(size, kPlain); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }

namespace headrace {
namespace {

Status Run(const JobSpec& job, JobControl control, RunReport* report) {
  JobRun run(job, std::move(control));
  const Status status = run.Execute();
  allocations_are_counted = false;
  *report = run.report();
  return status;
}

int RunFaultyJob(const std::string& what, int64_t number, const std::string& pipeline) {
  RunReport report;
  Status status = PrepareProcess(ProcessOwner::kHost);
  Result<JobSpec> job = LoadPipeline(Env::Default(), pipeline);
  if (status.ok()) status = job.status();
  if (status.ok()) {
    JobControl control;
    if (what == "grow") control.refused_grow = number;
    if (what == "new") {
      refused_allocation = number;
      allocations_are_counted = true;
    }
    status = Run(*job, std::move(control), &report);
  }
  if (!status.ok()) std::fprintf(stderr, "%s\n", FormatError(status).c_str());
  std::printf("%s\n", fmt::format("{{\"allocations\": {}, \"refused_grants\": {}, \"rows_in\": {}, "
                                  "\"rows_out\": {}, \"rows_filtered\": {}, \"rows_limited\": {}, "
                                  "\"rows_rejected\": {}}}",
                                  allocations.load(), report.memory.refused_grants, report.rows_in,
                                  report.rows_out, report.rows_filtered, report.rows_limited,
                                  report.rows_rejected)
                          .c_str());
  return status.ok() ? 0 : ExitCode(status);
}

}  // namespace
}  // namespace headrace

int main(int argc, char** argv) {
  const bool known =
      argc == 4 && (std::strcmp(argv[1], "grow") == 0 || std::strcmp(argv[1], "new") == 0);
  if (!known) {
    std::fprintf(stderr, "usage: faulty_job grow|new N PIPELINE.yaml\n");
    return 2;
  }
  return headrace::RunFaultyJob(argv[1], std::strtoll(argv[2], nullptr, 10), argv[3]);
}
