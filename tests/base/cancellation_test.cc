#include "base/cancellation.h"

#include <gtest/gtest.h>

#include <thread>

namespace headrace {
namespace {

// A waker takes the mutex of a waiter that asks for the reason while it holds it.
TEST(Cancellation, AskingForTheReasonNeverWaitsForAWaker) {
  for (int round = 0; round < 200; ++round) {
    Cancellation cancellation;
    std::mutex waiters;
    cancellation.AddWaker([&] { std::lock_guard lock(waiters); });
    std::thread waiter([&] {
      Status seen;
      while (seen.ok()) {
        std::lock_guard lock(waiters);
        seen = cancellation.Check();
      }
      EXPECT_EQ(seen.message(), "enough");
    });
    cancellation.Cancel(MakeError(ErrorKind::kCancelled, kInterruptedCode, "enough"));
    waiter.join();
  }
}

}  // namespace
}  // namespace headrace
