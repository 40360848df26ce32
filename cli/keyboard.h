// Single keys from a terminal, without waiting for the end of a line.
#pragma once

#include <termios.h>

#include <chrono>

namespace headrace::cli {

// Role: while it lives, keys of the terminal on standard input come at once and are not shown;
// elsewhere nothing is read. Owner: one command. Threads: one. Errors: none; without a terminal it
// only waits.
class Keyboard {
 public:
  Keyboard();
  ~Keyboard();
  Keyboard(const Keyboard&) = delete;
  Keyboard& operator=(const Keyboard&) = delete;

  // Waits for `time`, less when a signal comes. True when `key` was pressed.
  bool WaitForKey(char key, std::chrono::milliseconds time);

 private:
  termios before_ = {};
  bool is_terminal_ = false;
};

}  // namespace headrace::cli
