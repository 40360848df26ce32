#include "base/turn_gate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace headrace {
namespace {

TEST(TurnGate, LetsThreadsThroughInOrder) {
  Cancellation cancellation;
  TurnGate gate(&cancellation);
  std::atomic<int64_t> next{0};
  std::vector<int64_t> order;
  std::vector<std::thread> threads;
  for (int worker = 0; worker < 8; ++worker) {
    threads.emplace_back([&] {
      for (;;) {
        const int64_t sequence = next.fetch_add(1);
        if (sequence >= 2000) return;
        if (sequence % 3 != 0) {  // every third one skips with Leave alone
          ASSERT_TRUE(gate.Enter(sequence).ok());
          ASSERT_TRUE(gate.Enter(sequence).ok());
          order.push_back(sequence);
        }
        ASSERT_TRUE(gate.Leave(sequence).ok());
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
  EXPECT_EQ(gate.current(), 2000);
}

TEST(TurnGate, CancellationWakesWaiters) {
  Cancellation cancellation;
  TurnGate gate(&cancellation);
  std::thread waiter([&] { EXPECT_TRUE(gate.Enter(5).IsCancelled()); });
  cancellation.Cancel(MakeError(ErrorKind::kCancelled, 130, "stop"));
  waiter.join();
  EXPECT_EQ(cancellation.Check().message(), "stop");
}

TEST(Cancellation, FirstReasonWins) {
  Cancellation cancellation;
  cancellation.Cancel(Status::Invalid("first"));
  cancellation.Cancel(Status::Invalid("second"));
  EXPECT_EQ(cancellation.Check().message(), "first");
}

}  // namespace
}  // namespace headrace
