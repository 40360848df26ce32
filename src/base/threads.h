// Starting threads where the system may refuse one.
#pragma once

#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace headrace {

// Adds a thread that runs `body`. False when the system gives no more threads (EAGAIN: a process
// limit or a container's): the caller goes on with those it has.
template <typename Body>
bool StartThread(std::vector<std::thread>* threads, Body body) {
  threads->reserve(threads->size() + 1);
  try {
    threads->emplace_back(std::move(body));
  } catch (const std::system_error&) {
    return false;
  }
  return true;
}

}  // namespace headrace
