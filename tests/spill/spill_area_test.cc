#include "spill/spill_area.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <random>
#include <thread>

#include "support/random_batch.h"

namespace headrace {
namespace {

class SpillAreaTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "headrace-spill-test-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
    options_.env = Env::Default();
    options_.directory = directory_;
  }
  void TearDown() override { ASSERT_TRUE(Env::Default()->RemoveTree(directory_).ok()); }

  std::vector<uint8_t> Bytes(size_t count, int distinct, std::mt19937_64& random) {
    std::vector<uint8_t> bytes(count);
    for (auto& byte : bytes) byte = static_cast<uint8_t>(random() % distinct);
    return bytes;
  }
  // As if killed: no destructors.
  void SpillAndDie() {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      auto area = SpillArea::Open(options_).ValueOrDie();
      auto writer = SpillWriter::Make(area.get(), 64, pool_).ValueOrDie();
      const uint8_t byte = 7;
      const BytesView piece(&byte, 1);
      ::_exit(writer->Write({&piece, 1}).ok() ? 42 : 1);
    }
    int exit_status = 0;
    ASSERT_EQ(::waitpid(child, &exit_status, 0), child);
    ASSERT_EQ(WEXITSTATUS(exit_status), 42);
  }
  size_t EntryCount() { return Env::Default()->List(directory_).ValueOrDie().size(); }

  std::string directory_;
  SpillOptions options_;
  arrow::MemoryPool* pool_ = arrow::system_memory_pool();
};

TEST_F(SpillAreaTest, FramesComeBackWhateverTheirSizeAndCompression) {
  std::mt19937_64 random(testing::TestSeed());
  for (const auto compression :
       {SpillCompression::kNone, SpillCompression::kLz4, SpillCompression::kZstd}) {
    options_.compression = compression;
    options_.segment_bytes = 100'000;
    auto area = SpillArea::Open(options_).ValueOrDie();
    auto writer = SpillWriter::Make(area.get(), 4096, pool_).ValueOrDie();
    std::vector<std::pair<SpillFrame, std::vector<uint8_t>>> frames;
    for (int i = 0; i < 200; ++i) {
      auto one = Bytes(random() % 6000, i % 2 == 0 ? 3 : 256, random);
      auto two = Bytes(random() % 100, 256, random);
      const BytesView pieces[] = {one, two};
      frames.emplace_back(writer->Write(pieces).ValueOrDie(), one);
      frames.back().second.insert(frames.back().second.end(), two.begin(), two.end());
    }
    EXPECT_GT(area->used_bytes(), 0);
    for (const auto& [frame, expected] : frames) {
      auto bytes = area->Read(frame, pool_).ValueOrDie();
      ASSERT_EQ(std::vector<uint8_t>(bytes->data(), bytes->data() + bytes->size()), expected);
      area->Release(frame);
    }
    EXPECT_LE(area->used_bytes(), options_.segment_bytes + 6200);
    EXPECT_GT(area->peak_bytes(), area->used_bytes());
  }
  EXPECT_EQ(EntryCount(), 0u);
}

// The compressor leaves its table on the stack, and in one of some thousand frames it looked like a
// checksum's state that had been set up already.
TEST_F(SpillAreaTest, ChecksumsDoNotDependOnWhatTheStackHeld) {
  std::mt19937_64 random(testing::TestSeed());
  options_.segment_bytes = 1 << 20;
  auto area = SpillArea::Open(options_).ValueOrDie();
  auto writer = SpillWriter::Make(area.get(), 4096, pool_).ValueOrDie();
  for (int i = 0; i < 50'000; ++i) {
    const auto bytes = Bytes(600, 3, random);
    const BytesView pieces[] = {bytes};
    const SpillFrame frame = writer->Write(pieces).ValueOrDie();
    ASSERT_TRUE(area->Read(frame, pool_).ok()) << "frame " << i;
    area->Release(frame);
  }
}

TEST_F(SpillAreaTest, NothingIsCreatedBeforeTheFirstFrame) {
  options_.directory = directory_ + "/made/later";
  auto area = SpillArea::Open(options_).ValueOrDie();
  EXPECT_EQ(EntryCount(), 0u);
  auto writer = SpillWriter::Make(area.get(), 64, pool_).ValueOrDie();
  const uint8_t byte = 7;
  const BytesView piece(&byte, 1);
  ASSERT_TRUE(writer->Write({&piece, 1}).ok());
  EXPECT_EQ(EntryCount(), 1u);
}

TEST_F(SpillAreaTest, ASegmentGivesItsBytesBackOnce) {
  options_.segment_bytes = 1;  // one frame fills it
  options_.compression = SpillCompression::kNone;
  auto area = SpillArea::Open(options_).ValueOrDie();
  auto writer = SpillWriter::Make(area.get(), 4096, pool_).ValueOrDie();
  const std::vector<uint8_t> bytes(4000);
  const BytesView piece(bytes);
  for (int round = 0; round < 3; ++round) {
    const SpillFrame frame = writer->Write({&piece, 1}).ValueOrDie();
    EXPECT_EQ(area->used_bytes(), frame.stored_bytes) << round;
    area->Release(frame);
    EXPECT_EQ(area->used_bytes(), 0) << round;
  }
  EXPECT_LT(area->peak_bytes(), 2 * 4000);
}

TEST_F(SpillAreaTest, WhatTheAreaMadeGoesWithItUnlessOthersUseIt) {
  const uint8_t byte = 7;
  const BytesView piece(&byte, 1);
  const auto open = [&] {
    auto area = SpillArea::Open(options_).ValueOrDie();
    auto writer = SpillWriter::Make(area.get(), 64, pool_).ValueOrDie();
    EXPECT_TRUE(writer->Write({&piece, 1}).ok());
    return area;
  };
  const auto stands = [&] {
    return Env::Default()->Stat(options_.directory).ValueOrDie().has_value();
  };
  open();
  EXPECT_TRUE(stands()) << "it was there before";
  options_.directory = directory_ + "/side/spill";
  auto first = open();
  auto second = open();
  first.reset();
  EXPECT_TRUE(stands()) << "the second one uses it";
  second.reset();
  ASSERT_TRUE(Env::Default()->RemoveDirectory(options_.directory).ok());
  open();
  EXPECT_FALSE(stands());
  EXPECT_EQ(EntryCount(), 1u) << "the directory above is not the area's business";
}

TEST_F(SpillAreaTest, TheDiskBudgetIsAnOrdinaryErrorWithCounts) {
  options_.bytes_max = 10'000;
  options_.compression = SpillCompression::kNone;
  auto area = SpillArea::Open(options_).ValueOrDie();
  auto writer = SpillWriter::Make(area.get(), 4096, pool_).ValueOrDie();
  const std::vector<uint8_t> bytes(4000);
  const BytesView piece(bytes);
  ASSERT_TRUE(writer->Write({&piece, 1}).ok());
  ASSERT_TRUE(writer->Write({&piece, 1}).ok());
  const Status full = writer->Write({&piece, 1}).status();
  EXPECT_EQ(GetErrorKind(full), ErrorKind::kOutOfDisk);
  EXPECT_THAT(full.message(), ::testing::HasSubstr("9.8 KiB allowed"));
}

TEST_F(SpillAreaTest, DirectoriesOfDeadOwnersAreReclaimedAndLiveOnesKept) {
  SpillAndDie();
  ASSERT_EQ(EntryCount(), 2u) << "directory and lock of the dead process";

  auto live = SpillArea::Open(options_).ValueOrDie();
  EXPECT_EQ(EntryCount(), 0u);
  auto writer = SpillWriter::Make(live.get(), 64, pool_).ValueOrDie();
  const uint8_t byte = 7;
  const BytesView piece(&byte, 1);
  const SpillFrame frame = writer->Write({&piece, 1}).ValueOrDie();
  auto second = SpillArea::Open(options_).ValueOrDie();
  EXPECT_EQ(EntryCount(), 2u) << "the live area stays";
  EXPECT_TRUE(live->Read(frame, pool_).ok());
}

TEST_F(SpillAreaTest, ADirectoryOfOurOwnGoesWithTheDeadOwner) {
  options_.directory = directory_ + "/spill";
  SpillAndDie();
  ASSERT_TRUE(SpillArea::Open(options_).ok());
  ASSERT_EQ(EntryCount(), 1u) << "who knows who made it";
  options_.place = SpillPlace::kOurs;
  ASSERT_TRUE(SpillArea::Open(options_).ok());
  EXPECT_EQ(EntryCount(), 0u);
  SpillAndDie();
  ASSERT_TRUE(SpillArea::Open(options_).ok());
  EXPECT_EQ(EntryCount(), 0u);
}

// The descriptor of the only scratch file that this process has open below `directory`.
int ScratchDescriptor(const std::string& directory) {
  for (int descriptor = 3; descriptor < 256; ++descriptor) {
    char target[4096] = {};
    const std::string link = "/proc/self/fd/" + std::to_string(descriptor);
    if (::readlink(link.c_str(), target, sizeof(target) - 1) <= 0) continue;
    const std::string_view path = target;
    if (path.find(directory) != path.npos && path.ends_with("(deleted)")) return descriptor;
  }
  return -1;
}

TEST_F(SpillAreaTest, AFlippedBitAnywhereIsFound) {
  auto area = SpillArea::Open(options_).ValueOrDie();
  auto writer = SpillWriter::Make(area.get(), 64, pool_).ValueOrDie();
  std::vector<uint8_t> bytes(40, 9);
  const BytesView piece(bytes);
  const SpillFrame frame = writer->Write({&piece, 1}).ValueOrDie();
  const int descriptor = ScratchDescriptor(directory_);
  ASSERT_GE(descriptor, 0);
  for (int64_t at = 0; at < frame.stored_bytes; ++at) {
    if (at >= 4 && at < 8)
      continue;  // whether it is compressed: any value that is not 0 means the same
    uint8_t byte = 0;
    ASSERT_EQ(::pread(descriptor, &byte, 1, at), 1);
    byte ^= 0x10;
    ASSERT_EQ(::pwrite(descriptor, &byte, 1, at), 1);
    EXPECT_EQ(GetErrorKind(area->Read(frame, pool_).status()), ErrorKind::kInternal) << at;
    byte ^= 0x10;
    ASSERT_EQ(::pwrite(descriptor, &byte, 1, at), 1);
  }
  EXPECT_TRUE(area->Read(frame, pool_).ok());
}

TEST_F(SpillAreaTest, ThreadsWriteSideBySide) {
  options_.segment_bytes = 50'000;
  auto area = SpillArea::Open(options_).ValueOrDie();
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      auto writer = SpillWriter::Make(area.get(), 2048, pool_).ValueOrDie();
      for (int i = 0; i < 200; ++i) {
        const std::vector<uint8_t> bytes(static_cast<size_t>(i * 7 + 1), static_cast<uint8_t>(t));
        const BytesView piece(bytes);
        const SpillFrame frame = writer->Write({&piece, 1}).ValueOrDie();
        auto back = area->Read(frame, pool_).ValueOrDie();
        if (std::memcmp(back->data(), bytes.data(), bytes.size()) != 0) ++wrong;
        area->Release(frame);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace headrace
