// The files of a dataset that stands already.
#include "source/dataset_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temporary_directory.h"

namespace headrace {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> NamesOf(const std::vector<InputFile>& files) {
  std::vector<std::string> names;
  for (const InputFile& file : files) names.push_back(BaseName(file.path));
  return names;
}

TEST(DatasetFilesTest, ListsWhatReadersSee) {
  TemporaryDirectory directory;
  for (const char* name : {"k=1/a.parquet", "k=1/000000_0", "k=1/notes.txt", "_SUCCESS",
                           "k=2/.a.parquet.crc", "_old/b.parquet"}) {
    directory.Put(name, "x");
  }
  const auto files = ListDatasetFiles(Env::Default(), directory.path()).ValueOrDie();
  EXPECT_THAT(NamesOf(files), ElementsAre("000000_0", "a.parquet", "notes.txt"));
  EXPECT_TRUE(IsParquetName(files[0].path) && IsParquetName(files[1].path));
  EXPECT_FALSE(IsParquetName(files[2].path));
  ASSERT_EQ(files[0].hive.size(), 1u);
  EXPECT_EQ(files[0].hive[0].key, "k");
}

TEST(DatasetFilesTest, AnEmptyDirectoryHasNone) {
  TemporaryDirectory directory;
  EXPECT_THAT(ListDatasetFiles(Env::Default(), directory.path()).ValueOrDie(), IsEmpty());
}

TEST(DatasetFilesTest, ASampleHasTheNewestAndIsSpread) {
  TemporaryDirectory directory;
  const auto now = std::filesystem::file_time_type::clock::now();
  for (int i = 0; i < 100; ++i) {
    const std::string name = fmt::format("{:02}.parquet", i);
    directory.Put(name, "x");
    // 40, 41 and 42 are the newest, the others age by their name.
    const int minutes = i >= 40 && i <= 42 ? 0 : 10 + i;
    std::filesystem::last_write_time(directory / name, now - std::chrono::minutes(minutes));
  }
  const auto all = ListDatasetFiles(Env::Default(), directory.path()).ValueOrDie();
  ASSERT_EQ(all.size(), 100u);
  const auto sample = SampleFiles(Env::Default(), all, 6).ValueOrDie();
  EXPECT_THAT(NamesOf(sample), ElementsAre("00.parquet", "32.parquet", "40.parquet", "41.parquet",
                                           "42.parquet", "67.parquet"));
  EXPECT_EQ(SampleFiles(Env::Default(), all, 100).ValueOrDie().size(), 100u);
}

}  // namespace
}  // namespace headrace
