// Bounds on what is being encoded: how many cut row groups wait for their bytes, and the encoders
// that turn them.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "base/cancellation.h"
#include "base/turn_gate.h"
#include "sink/output_form.h"

namespace headrace {

// Role: counts the pieces of work (cut row groups, rows on their way to the spill) that hold memory
// outside of what is still being filled. A worker that finds no slot first does the work it holds
// itself; only then may it wait, and then only for work that workers of earlier sequence numbers
// are doing, so nobody waits in a circle. Threads: all methods from any thread. Errors: the reason
// of a cancelled run.
class EncodeSlots {
 public:
  EncodeSlots(int count, Cancellation* cancellation);
  ~EncodeSlots();

  bool TryTake();
  Status Take();  // waits
  void Release();

 private:
  Cancellation* cancellation_;
  int64_t waker_;
  std::mutex mutex_;
  std::condition_variable released_;
  int free_;
};

// Role: the work that comes up while a morsel is inside the gate, to be done by its worker once
// outside, so that workers encode side by side. Every piece holds a slot until it is done; without
// a free one the worker does its oldest piece at once. Owner: the sink. Threads: Add, RunOldest and
// RunAll only inside the gate; EndTurn from any thread.
template <typename Work>
class GateWork {
 public:
  GateWork(int slots, Cancellation* cancellation, std::function<Status(Work)> run)
      : slots_(slots, cancellation), run_(std::move(run)) {}

  Status Add(Work work) {
    while (!slots_.TryTake()) {
      if (!pending_.empty()) {
        ARROW_RETURN_NOT_OK(RunOldest());
        continue;
      }
      ARROW_RETURN_NOT_OK(slots_.Take());
      break;
    }
    pending_.push_back(std::move(work));
    return Status::OK();
  }

  bool empty() const { return pending_.empty(); }

  // What is left when no morsel is.
  Status RunAll() {
    while (!pending_.empty()) ARROW_RETURN_NOT_OK(RunOldest());
    return Status::OK();
  }

  Status RunOldest() {
    Work oldest = std::move(pending_.front());
    pending_.pop_front();
    return RunOne(std::move(oldest));
  }

  // The end of a morsel: ends its turn, then does what is left of its work outside.
  Status EndTurn(TurnGate* gate, int64_t sequence) {
    ARROW_RETURN_NOT_OK(gate->Enter(sequence));
    std::deque<Work> taken = std::exchange(pending_, {});
    ARROW_RETURN_NOT_OK(gate->Leave(sequence));
    while (!taken.empty()) {
      Work oldest = std::move(taken.front());
      taken.pop_front();
      ARROW_RETURN_NOT_OK(RunOne(std::move(oldest)));
    }
    return Status::OK();
  }

 private:
  Status RunOne(Work work) {
    ARROW_RETURN_NOT_OK(run_(std::move(work)));
    slots_.Release();
    return Status::OK();
  }

  EncodeSlots slots_;
  const std::function<Status(Work)> run_;
  std::deque<Work> pending_;
};

// Role: lends encoders, made on demand, one per caller at a time; they keep their codecs and
// scratch buffers. Threads: all methods from any thread. Errors: as ChunkEncoder.
class EncoderPool {
 public:
  EncoderPool(std::shared_ptr<const OutputForm> form, arrow::MemoryPool* pool)
      : form_(std::move(form)), pool_(pool) {}

  Status Encode(BatchVector batches, const UseChunk& use);

 private:
  const std::shared_ptr<const OutputForm> form_;
  arrow::MemoryPool* pool_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<ChunkEncoder>> idle_;
};

}  // namespace headrace
