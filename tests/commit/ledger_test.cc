// The newest record of a ledger, whatever stands before and after it.
#include "commit/ledger.h"

#include <gtest/gtest.h>

#include "commit/errors.h"
#include "support/fault_env.h"

namespace headrace {
namespace {

constexpr char kLedger[] = "/data/ledger";

class LedgerTest : public ::testing::Test {
 protected:
  LedgerTest() { model_.CreateDirectory("/data"); }
  static std::string Line(const std::string& run_id, size_t padding = 0) {
    JournalRecord record;
    record.run_id = run_id;
    record.new_inode = 1;
    record.plan_hash = std::string(padding, 'x');
    return FormatJournal(record) + "\n";
  }
  void Write(const std::string& text) {
    auto file = env_.OpenForWrite(kLedger, OpenMode::kTruncate).ValueOrDie();
    ASSERT_TRUE(file->Append(text.data(), static_cast<int64_t>(text.size())).ok());
  }
  std::string Last() {
    const std::optional<JournalRecord> record = LastLedgerRecord(&env_, kLedger).ValueOrDie();
    return record ? record->run_id : "none";
  }

  ModelFileSystem model_;
  FaultEnv env_{&model_};
};

TEST_F(LedgerTest, TheLastWholeLineThatIsARecord) {
  EXPECT_EQ(Last(), "none");
  const std::string half = Line("run-9").substr(0, 20);
  const std::pair<std::string, std::string> cases[] = {
      {"", "none"},
      {"\n", "none"},
      {"\n\n", "none"},
      {half, "none"},
      {half + "\n", "none"},
      {Line("run-1"), "run-1"},
      {"\n" + Line("run-1") + "\n", "run-1"},
      {Line("run-1") + Line("run-2"), "run-2"},
      {Line("run-1") + half, "run-1"},
      {Line("run-1") + half + "\n", "run-1"},
      {half + "\n" + Line("run-2"), "run-2"},
      {Line("run-1") + std::string(300'000, '\0'), "run-1"},
  };
  for (const auto& [text, expected] : cases) {
    Write(text);
    EXPECT_EQ(Last(), expected) << text.substr(0, 200);
  }
}

TEST_F(LedgerTest, LinesLongerThanAChunk) {
  for (const size_t padding : {60'000, 65'000, 66'000, 200'000, 1'000'000}) {
    Write(Line("run-1", padding));
    EXPECT_EQ(Last(), "run-1") << padding;
    Write(Line("run-1") + Line("run-2", padding) + "cut short");
    EXPECT_EQ(Last(), "run-2") << padding;
  }
}

TEST_F(LedgerTest, ALongHistoryIsNotRead) {
  std::string history;
  while (history.size() < 4 << 20) history += Line("run-1", 1000);
  Write(history + Line("run-2"));
  env_.SetPlan({});
  EXPECT_EQ(Last(), "run-2");
  EXPECT_LE(env_.call_count(EnvCall::kRead), 3);
}

TEST_F(LedgerTest, RecordsAmongForeignLines) {
  const std::string half = Line("run-9").substr(0, 20);
  Write("\n" + Line("run-1") + "not ours\n[1, 2]\n" + half + "\n" + Line("run-2", 200'000) + half);
  std::vector<std::string> runs;
  ASSERT_TRUE(ForEachLedgerRecord(&env_, kLedger, RecordParts::kWithoutLists,
                                  [&](const JournalRecord& record) {
                                    runs.push_back(record.run_id);
                                    return true;
                                  })
                  .ok());
  EXPECT_EQ(runs, (std::vector<std::string>{"run-1", "run-2"}));
  EXPECT_TRUE(LedgerHas(&env_, kLedger, "run-2").ValueOrDie());
  EXPECT_FALSE(LedgerHas(&env_, kLedger, "run-9").ValueOrDie());
}

// Somebody's file under our name must not fill the memory.
TEST_F(LedgerTest, ALineTooLongToBeARecordIsPassedOver) {
  Write(Line("run-1") + std::string((64 << 20) + 100'000, 'x') + "\n" + Line("run-2"));
  EXPECT_TRUE(LedgerHas(&env_, kLedger, "run-1").ValueOrDie());
  EXPECT_TRUE(LedgerHas(&env_, kLedger, "run-2").ValueOrDie());
  EXPECT_EQ(Last(), "run-2");
}

TEST_F(LedgerTest, ListsAreLeftOutOnDemand) {
  JournalRecord record;
  record.run_id = "run-1";
  record.new_inode = 1;
  record.retained_as = "x";
  record.info.rows = 5;
  record.info.partitions = {"inputs", "partitions"};
  record.info.inputs = {{"partitions", 1, 2}, {"a", 3, 4}};
  record.notes = {"inputs"};
  const auto head = ParseJournal(FormatJournal(record), RecordParts::kWithoutLists);
  ASSERT_TRUE(head.has_value());
  EXPECT_EQ(head->info.rows, 5);
  EXPECT_EQ(head->retained_as, "x");
  EXPECT_EQ(head->notes, record.notes);
  EXPECT_TRUE(head->info.inputs.empty() && head->info.partitions.empty());
  EXPECT_EQ(ParseJournal(FormatJournal(record))->info.inputs.size(), 2u);
}

TEST_F(LedgerTest, OneRunAmongManyByTheBeginningOfItsId) {
  constexpr int kRuns = 100'000;
  std::string text;
  for (int i = 0; i < kRuns; ++i) {
    text += fmt::format("{{\"version\":1,\"run_id\":\"run-{:06}\",\"new_inode\":1}}\n", i);
  }
  Write(text);
  EXPECT_EQ(ResolveRun(&env_, kLedger, "run-012345").ValueOrDie(), "run-012345");
  EXPECT_EQ(GetErrorCode(ResolveRun(&env_, kLedger, "run-01234").status()), kRunAmbiguous);
  EXPECT_EQ(GetErrorCode(ResolveRun(&env_, kLedger, "run-1234567").status()), kRunUnknown);
  EXPECT_EQ(Last(), "run-099999");
}

}  // namespace
}  // namespace headrace
