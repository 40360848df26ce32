#include "cli/signals.h"

#include <signal.h>
#include <unistd.h>

namespace headrace::cli {
namespace {

volatile int g_stop_signal = 0;
static_assert(sizeof(sig_atomic_t) == sizeof(int), "a signal handler writes g_stop_signal whole");

void OnStopSignal(int number) {
  // Leaving without clean-up is safe: nothing is visible before the one rename of a publish, and
  // the next run recovers.
  if (g_stop_signal != 0) _exit(128 + number);
  g_stop_signal = number;
}

}  // namespace

void IgnoreBrokenPipes() { signal(SIGPIPE, SIG_IGN); }

void CatchStopSignals() {
  struct sigaction action = {};
  action.sa_handler = OnStopSignal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

const volatile int* StopSignal() { return &g_stop_signal; }

}  // namespace headrace::cli
