// Changing a system call of a traced thread while it is stopped at its entry or at its end. The
// register layout is the only thing here that differs between architectures.
#pragma once

#include <elf.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

#include <cstdint>

namespace headrace {

#if defined(__x86_64__)

using StoppedRegisters = user_regs_struct;

inline void SetLengthArgument(StoppedRegisters* registers, uint64_t length) {
  registers->rdx = length;
}
inline void SetResult(StoppedRegisters* registers, int64_t result) {
  registers->rax = static_cast<uint64_t>(result);
}
// At the entry: a number that is no call, so that nothing happens.
inline bool SkipCall(pid_t thread, StoppedRegisters* registers) {
  registers->orig_rax = static_cast<uint64_t>(-1);
  iovec all = {registers, sizeof(*registers)};
  return ::ptrace(PTRACE_SETREGSET, thread, NT_PRSTATUS, &all) == 0;
}

#elif defined(__aarch64__)

using StoppedRegisters = user_regs_struct;

inline void SetLengthArgument(StoppedRegisters* registers, uint64_t length) {
  registers->regs[2] = length;
}
inline void SetResult(StoppedRegisters* registers, int64_t result) {
  registers->regs[0] = static_cast<uint64_t>(result);
}
inline bool SkipCall(pid_t thread, StoppedRegisters* registers) {
  int number = -1;
  iovec one = {&number, sizeof(number)};
  return ::ptrace(PTRACE_SETREGSET, thread, NT_ARM_SYSTEM_CALL, &one) == 0;
}

#else
#error "the registers of a system call are not known for this architecture"
#endif

inline bool ReadRegisters(pid_t thread, StoppedRegisters* registers) {
  iovec all = {registers, sizeof(*registers)};
  return ::ptrace(PTRACE_GETREGSET, thread, NT_PRSTATUS, &all) == 0;
}
inline bool WriteRegisters(pid_t thread, StoppedRegisters* registers) {
  iovec all = {registers, sizeof(*registers)};
  return ::ptrace(PTRACE_SETREGSET, thread, NT_PRSTATUS, &all) == 0;
}

}  // namespace headrace
