// InputCounts: what a source has given out of each of its inputs.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <vector>

#include "source/source.h"

namespace headrace {

// Role: counts rows, rejects and repaired rows by input. Owner: a source of text. Threads: any.
class InputCounts {
 public:
  explicit InputCounts(size_t inputs) : rows_(inputs), rejects_(inputs), repaired_(inputs) {}

  void Add(int input, const Batch& batch) {
    const auto index = static_cast<size_t>(input);
    rows_[index].fetch_add(batch.rows(), std::memory_order_relaxed);
    if (batch.rejects != nullptr)
      rejects_[index].fetch_add(batch.rejects->num_rows(), std::memory_order_relaxed);
  }
  void AddRepairs(int input, const RepairCounts& rows) {
    auto& counts = repaired_[static_cast<size_t>(input)];
    for (size_t kind = 0; kind < kRepairKinds; ++kind)
      counts[kind].fetch_add(rows[kind], std::memory_order_relaxed);
  }
  // `inputs` have a `text`.
  template <class Input>
  std::vector<SourceInput> With(const std::vector<Input>& inputs) const {
    std::vector<SourceInput> counted;
    for (size_t i = 0; i < inputs.size(); ++i) {
      counted.push_back({inputs[i].text->path(), std::max<int64_t>(inputs[i].text->size_bytes(), 0),
                         rows_[i].load(std::memory_order_relaxed),
                         rejects_[i].load(std::memory_order_relaxed)});
      for (size_t kind = 0; kind < kRepairKinds; ++kind)
        counted.back().repaired[kind] = repaired_[i][kind].load(std::memory_order_relaxed);
    }
    return counted;
  }

 private:
  std::vector<std::atomic<int64_t>> rows_;
  std::vector<std::atomic<int64_t>> rejects_;
  std::vector<std::array<std::atomic<int64_t>, kRepairKinds>> repaired_;
};

}  // namespace headrace
