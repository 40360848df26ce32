// SIGINT and SIGTERM: the first asks for a stop, the second leaves at once. SIGPIPE is an ordinary
// write error.
#pragma once

namespace headrace::cli {

void IgnoreBrokenPipes();
// From now on the first signal only sets StopSignal(), for RunControl.stop_signal; the second exits
// with 130 or 143.
void CatchStopSignals();
// 0, or the number of the signal that came first.
const volatile int* StopSignal();

}  // namespace headrace::cli
