#include "memory/admission.h"

#include <algorithm>
#include <bit>

#include "base/units.h"

namespace headrace {
namespace {

Status Refuse(const AdmissionRequest& request) {
  std::string items;
  for (const auto& need : request.needs) {
    items += fmt::format(", {} {}", need.name, FormatBytes(need.FloorBytes(1)));
  }
  // What base and slack are larger than the budget by counts too, so go from their sum.
  const int64_t needed = request.base_bytes + request.slack_bytes + FloorSum(request.needs, 1);
  const int64_t rounded_mib = (needed + kMiB - 1) / kMiB;
  return MakeError(
      ErrorKind::kOutOfMemory, 700,
      "the memory budget of {} ({}) is below the floor of this run with one thread: {} "
      "= process base {}, slack {}{}; set --memory to at least {}MiB",
      FormatBytes(request.total_bytes), request.budget_origin, FormatBytes(needed),
      FormatBytes(request.base_bytes), FormatBytes(request.slack_bytes), items, rounded_mib);
}

}  // namespace

Result<Admission> Admit(const AdmissionRequest& request) {
  int threads = std::max(1, request.threads_wanted);
  while (threads > 1 && FloorSum(request.needs, threads) > request.lendable_bytes) --threads;
  const int64_t floors = FloorSum(request.needs, threads);
  if (floors > request.lendable_bytes) return Refuse(request);

  Admission admission;
  admission.threads = threads;
  double wanted_above_floor = 0;
  for (const auto& need : request.needs) {
    wanted_above_floor += static_cast<double>(
        std::max<int64_t>(0, need.WantedBytes(threads) - need.FloorBytes(threads)));
  }
  const double rest = static_cast<double>(request.lendable_bytes - floors);
  const double share = wanted_above_floor > 0 ? std::min(1.0, rest / wanted_above_floor) : 0;
  for (const auto& need : request.needs) {
    const int64_t floor = need.FloorBytes(threads);
    const int64_t above = std::max<int64_t>(0, need.WantedBytes(threads) - floor);
    admission.grants.push_back(
        {need.name, floor, floor + static_cast<int64_t>(static_cast<double>(above) * share)});
  }
  return admission;
}

int64_t ChooseBatchBytes(int64_t lendable_bytes, int threads) {
  constexpr int64_t kMorselsInFlight = 48;
  const int64_t share =
      std::max<int64_t>(1, lendable_bytes / (std::max(1, threads) * kMorselsInFlight));
  return std::clamp<int64_t>(static_cast<int64_t>(std::bit_floor(static_cast<uint64_t>(share))),
                             kBatchBytesMin, kMiB);
}

int64_t SlackBytes(int threads) { return 10 * kMiB + threads * 2 * kMiB; }

}  // namespace headrace
