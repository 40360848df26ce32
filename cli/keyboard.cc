#include "cli/keyboard.h"

#include <poll.h>
#include <unistd.h>

#include "cli/console.h"

namespace headrace::cli {

Keyboard::Keyboard() {
  // Of a process in the background the terminal is another's.
  if (!IsTerminal(STDIN_FILENO) || tcgetpgrp(STDIN_FILENO) != getpgrp()) return;
  if (tcgetattr(STDIN_FILENO, &before_) != 0) return;
  termios keys = before_;
  keys.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  is_terminal_ = tcsetattr(STDIN_FILENO, TCSANOW, &keys) == 0;
}

Keyboard::~Keyboard() {
  if (is_terminal_) tcsetattr(STDIN_FILENO, TCSANOW, &before_);
}

bool Keyboard::WaitForKey(char key, std::chrono::milliseconds time) {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  const int ready = poll(&input, is_terminal_ ? 1 : 0, static_cast<int>(time.count()));
  if (ready <= 0 || !is_terminal_) return false;
  char pressed = 0;
  // A terminal that went away (end of input) would be ready again at once, for ever.
  if (read(STDIN_FILENO, &pressed, 1) != 1) return true;
  return pressed == key;
}

}  // namespace headrace::cli
