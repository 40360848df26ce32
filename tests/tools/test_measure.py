"""The measuring tool measures the command and not itself."""

import sys

import measure
import pytest

MIB = 1 << 20


def python(code: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", code]


def test_peak_is_the_childs_own():
    ballast = bytearray(300 * MIB)
    for at in range(0, len(ballast), 4096):
        ballast[at] = 1
    small = measure.run(python("pass"))
    assert small.exit_code == 0
    assert small.peak_rss_bytes < 40 * MIB, "the parent's memory leaked into the measurement"
    large = measure.run(python("x = bytearray(100 << 20); x[::4096] = b'1' * len(x[::4096])"))
    assert 100 * MIB < large.peak_rss_bytes < 160 * MIB
    assert len(ballast) == 300 * MIB


def test_output_exit_code_and_signals():
    done = measure.run(python("import sys; print('out'); print('a\\nlast', file=sys.stderr); sys.exit(7)"))
    assert (done.exit_code, done.stdout, done.error_line) == (7, "out\n", "last")
    done = measure.run(python("import os; os.kill(os.getpid(), 9)"))
    assert done.exit_code == -9
    assert measure.run(["/nonexistent/command"]).exit_code == 127


def test_timeout_kills():
    done = measure.run(python("import time; time.sleep(60)"), timeout_seconds=0.3)
    assert done.timed_out and done.exit_code == -9 and done.wall_seconds < 10


def test_cpu_seconds():
    done = measure.run(python("import time\nwhile time.process_time() < 0.3: pass"))
    assert 0.25 < done.cpu_seconds < 3


def test_cgroup_limit_holds():
    try:
        with measure.memory_cgroup(64 * MIB) as group:
            inside = measure.run(python("bytearray(16 << 20)"), cgroup=group)
            assert inside.exit_code == 0 and inside.oom_kills == 0
            beyond = measure.run(python("x = bytearray(200 << 20); x[::4096] = b'1' * len(x[::4096])"), cgroup=group)
            assert beyond.exit_code == -9 and beyond.oom_kills >= 1
        assert not group.path.exists()
    except measure.CgroupUnavailable as reason:
        pytest.skip(f"SKIPPED: {reason}")


@pytest.mark.parametrize(
    ("text", "value"), [("512MiB", 512 * MIB), ("1GB", 10**9), ("4096", 4096), ("1.5GiB", 3 << 29), ("64kb", 64000)]
)
def test_parse_bytes(text, value):
    assert measure.parse_bytes(text) == value


@pytest.mark.parametrize("text", ["", "MiB", "12 parsecs"])
def test_parse_bytes_refuses(text):
    with pytest.raises(ValueError):
        measure.parse_bytes(text)
