// One attempt to tell one target of an alert.
#pragma once

#include <atomic>
#include <string>

#include "env/env.h"
#include "headrace/job.h"
#include "observe/alert_rules.h"

namespace headrace {

enum class AttemptResult : uint8_t { kDelivered, kTryAgain, kRefused };

struct Attempt {
  AttemptResult result = AttemptResult::kDelivered;
  std::string why;  // it was not delivered; holds no part of an address
};

// Bounds of one attempt.
struct AttemptLimits {
  double seconds = 5;
  const std::atomic<bool>* stop = nullptr;  // becomes true when nobody waits any more
};

// The alert as one JSON object without line breaks (docs/alerts.md).
std::string AlertJson(const FiredAlert& alert, const RunSnapshot& snapshot);

// Appends one line in one write, so that lines of several processes do not mix.
Attempt AppendToAlertFile(Env* env, const std::string& path, const std::string& json);
// Runs `/bin/sh -c command` with the JSON on its standard input and its output discarded. At the
// time limit it is killed with everything it started.
Attempt RunAlertCommand(const std::string& command, const std::string& json,
                        const AttemptLimits& limits);
// Network errors, 429 and 5xx may be tried again; another status from 300 on is a refusal.
Attempt PostToWebhook(const AlertTarget& target, const std::string& json,
                      const AttemptLimits& limits);

}  // namespace headrace
