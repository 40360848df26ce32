// Fuzz target: spill frames. What was written comes back, and what was damaged never does.
//
// Input: how to compress, where to damage, then the frames' bytes.
#include <cstring>
#include <vector>

#include "fuzz/fuzz_check.h"
#include "fuzz/memory_env.h"
#include "spill/spill_area.h"

namespace headrace::fuzz {
namespace {

constexpr int64_t kPoolBytes = 64 << 20;

struct Written {
  SpillFrame frame;
  std::string bytes;
};

void CheckFrames(FuzzInput* input) {
  CountedPool pool(kPoolBytes);
  MemoryEnv env;
  SpillOptions options;
  options.env = &env;
  options.directory = "/spill";
  options.compression = static_cast<SpillCompression>(input->Byte() % 3);
  options.segment_bytes = input->Count(4096);
  const int64_t frame_bytes = input->Count(2048);
  const size_t damaged_at = static_cast<size_t>(input->Count(65'535));
  const uint8_t damage = input->Byte();
  auto area = SpillArea::Open(options).ValueOrDie();
  auto writer = SpillWriter::Make(area.get(), frame_bytes, &pool).ValueOrDie();
  std::vector<Written> frames;
  do {
    const std::string_view first = input->Take(input->Byte());
    const std::string_view second = input->Take(input->Byte());
    const auto view = [](std::string_view text) {
      return BytesView(reinterpret_cast<const uint8_t*>(text.data()), text.size());
    };
    const BytesView pieces[] = {view(first), view(second)};
    const auto frame = writer->Write(pieces);
    FUZZ_CHECK(frame.ok(), "{}", frame.status().ToString());
    frames.push_back({*frame, std::string(first) + std::string(second)});
  } while (!input->Rest().empty());

  const auto come_back = [&](const Written& written) {
    const auto bytes = area->Read(written.frame, &pool);
    return bytes.ok() && (*bytes)->ToString() == written.bytes;
  };
  for (const Written& written : frames) FUZZ_CHECK(come_back(written), "a frame changed");
  // One byte of one segment, the frame's header or its payload.
  const size_t segment = static_cast<size_t>(damage) % env.scratch_files().size();
  std::string& bytes = *env.scratch_files()[segment];
  bytes[damaged_at % bytes.size()] ^= static_cast<char>(damage | 1);
  for (const Written& written : frames) {
    const auto read = area->Read(written.frame, &pool);
    FUZZ_CHECK(!read.ok() || (*read)->ToString() == written.bytes, "a damaged frame was read");
  }
  for (const Written& written : frames) area->Release(written.frame);
}

}  // namespace
}  // namespace headrace::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  headrace::fuzz::FuzzInput input(data, size);
  headrace::fuzz::CheckFrames(&input);
  return 0;
}
