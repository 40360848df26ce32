// What a stage must have and would like to have, said before the run starts.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace headrace {

// floor(threads) = fixed_floor_bytes + threads * worker_floor_bytes. With less than that a stage
// cannot carry one batch of the maximum size through; the run is refused with an itemised list.
// `wanted` likewise is where more stops helping.
struct StageNeeds {
  std::string name;
  int64_t fixed_floor_bytes = 0;
  int64_t worker_floor_bytes = 0;
  int64_t fixed_wanted_bytes = 0;
  int64_t worker_wanted_bytes = 0;

  int64_t FloorBytes(int threads) const { return fixed_floor_bytes + threads * worker_floor_bytes; }
  int64_t WantedBytes(int threads) const {
    return fixed_wanted_bytes + threads * worker_wanted_bytes;
  }
};

// What all stages of a run need together.
inline int64_t FloorSum(const std::vector<StageNeeds>& needs, int threads) {
  int64_t sum = 0;
  for (const StageNeeds& need : needs) sum += need.FloorBytes(threads);
  return sum;
}

}  // namespace headrace
