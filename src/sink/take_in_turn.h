// What every sink does with the slices of a batch.
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/turn_gate.h"

namespace headrace {

// Makes each of at least one slice ready (`make_ready(slice)`, a Result) and takes it in
// (`take_in(ready)`, a Status) inside the turn of `sequence`, which stays entered. The first slice,
// which is usually all, is made ready before the turn has come. `make_ready` may take the slice
// away.
template <class MakeReady, class TakeIn>
Status TakeInTurn(std::vector<std::shared_ptr<arrow::RecordBatch>> slices, TurnGate* gate,
                  int64_t sequence, const MakeReady& make_ready, const TakeIn& take_in) {
  ARROW_ASSIGN_OR_RAISE(auto first, make_ready(std::move(slices[0])));
  ARROW_RETURN_NOT_OK(gate->Enter(sequence));
  ARROW_RETURN_NOT_OK(take_in(std::move(first)));
  for (size_t i = 1; i < slices.size(); ++i) {
    ARROW_ASSIGN_OR_RAISE(auto next, make_ready(std::move(slices[i])));
    ARROW_RETURN_NOT_OK(take_in(std::move(next)));
  }
  return Status::OK();
}

}  // namespace headrace
