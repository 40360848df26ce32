"""Runs one command as the child of a process so small that the child's peak is its own. Used by tools/measure.py.

A child starts life with the peak memory of whoever forked it, so a measurement taken from a large test runner tells the
runner's size. This file is started with `python -I -S` (about 9 MB) and writes one line of JSON with what wait4 said.

    launcher.py RESULT TIMEOUT_SECONDS CGROUP_PROCS_FILE|- COMMAND...
"""

import os
import signal
import sys
import time


def run_child(procs_file, command):
    try:
        if procs_file != "-":
            with open(procs_file, "w") as file:
                file.write(str(os.getpid()))
        os.execvp(command[0], command)
    except OSError as error:
        os.write(2, f"launcher: cannot start {command[0]}: {error}\n".encode())
    finally:
        os._exit(127)


def main():
    result, timeout, procs_file, command = sys.argv[1], float(sys.argv[2]), sys.argv[3], sys.argv[4:]
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        run_child(procs_file, command)
    timed_out = False

    def kill_child(signum, frame):
        nonlocal timed_out
        timed_out = signum == signal.SIGALRM
        os.kill(child, signal.SIGKILL)

    def pass_on(signum, frame):
        os.kill(child, signum)

    signal.signal(signal.SIGALRM, kill_child)
    signal.signal(signal.SIGINT, pass_on)
    signal.signal(signal.SIGTERM, pass_on)
    if timeout > 0:
        signal.setitimer(signal.ITIMER_REAL, timeout)
    _, status, usage = os.wait4(child, 0)
    wall = time.monotonic() - started

    import json  # only now: until here nothing may grow

    exit_code = os.waitstatus_to_exitcode(status)
    values = {
        "exit_code": exit_code,
        "timed_out": timed_out,
        "wall_seconds": wall,
        "user_seconds": usage.ru_utime,
        "system_seconds": usage.ru_stime,
        "peak_rss_bytes": usage.ru_maxrss * 1024,
        "read_blocks": usage.ru_inblock,
        "written_blocks": usage.ru_oublock,
    }
    with open(result, "w") as file:
        json.dump(values, file)


main()
