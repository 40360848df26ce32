"""Watching runs from outside: the registry, the diagnosis of a killed run, the web page, the page of a report."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from html.parser import HTMLParser
from pathlib import Path

import pytest

PATIENCE_SECONDS = 20
HEADER = b"id,text\n"
ROWS = b"".join(b"%d,some text that takes a few bytes %d\n" % (n, n) for n in range(50_000))


@pytest.fixture
def environment(tmp_path) -> dict[str, str]:
    """A registry of our own, whatever else this user runs."""
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    return {**os.environ, "XDG_RUNTIME_DIR": str(runtime), "TMPDIR": str(tmp_path)}


@pytest.fixture
def ask(headrace_binary, environment, tmp_path):
    """Runs a command to its end and returns what it printed."""

    def run(*arguments: str | Path, exit_code: int = 0, given: str = "") -> str:
        done = subprocess.run(
            [headrace_binary, *map(str, arguments)],
            cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, input=given,
        )  # fmt: skip
        assert done.returncode == exit_code, done.stderr
        return done.stdout if exit_code == 0 else done.stderr

    return run


@pytest.fixture
def start(headrace_binary, environment, tmp_path):
    """Starts a command that goes on until it is stopped; what is still there at the end of the test is killed."""
    started: list[subprocess.Popen] = []

    def run(*arguments: str, **keywords) -> subprocess.Popen:
        process = subprocess.Popen([headrace_binary, *arguments], cwd=tmp_path, env=environment, **keywords)
        started.append(process)
        return process

    yield run
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe:
                with contextlib.suppress(BrokenPipeError):  # what the killed process did not read
                    pipe.close()


@pytest.fixture
def slow_run(start):
    """A run that waits for more of its standard input."""
    process = start(
        "convert", "-", "out", "--from", "csv", "--types", "id:int64,text:string", "--memory", "128MiB",
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    process.stdin.write(HEADER + ROWS)
    process.stdin.flush()
    return process


def wait_for(what, description: str):
    """The first answer of `what` that is true."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if answer := what():
            return answer
        time.sleep(0.1)
    pytest.fail(f"waited {PATIENCE_SECONDS} s for {description}")


def lines_of(text: str, start: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(start)]


def wait_until_seen(ask) -> str:
    return wait_for(lambda: (lines_of(ask("status"), "running") or [""])[0], "the run in headrace status")


def test_a_run_is_seen_while_it_works_and_afterwards(ask, slow_run, tmp_path):
    line = wait_until_seen(ask)
    assert str(tmp_path / "out") in line
    run_id = line.rsplit("run ", 1)[1]
    view = ask("monitor", "--once")
    assert run_id in view and f"process {slow_run.pid}" in view
    assert re.search(r"^memory .*128\.0 MiB", view, re.MULTILINE), view
    assert re.search(r"^pressure +(normal|elevated|high|critical)", view, re.MULTILINE), view
    assert ask("monitor", "--once", "--run", run_id[:20]) != ""
    ask("monitor", "--once", "--run", "nobody", exit_code=2)

    slow_run.stdin.close()
    assert slow_run.wait(timeout=60) == 0, slow_run.stderr.read()
    ended = lines_of(ask("status"), "published")
    assert len(ended) == 1 and "50,000 rows read" in ended[0] and run_id in ended[0]
    assert ask("monitor", "--once").startswith("no run of this user is running now\n")
    of_target = ask("status", "out")
    assert "stands, last published: create" in of_target and run_id in of_target
    assert "no run of this user on it is known" in ask("status", "elsewhere")


def test_a_failed_run_says_so(ask, headrace_binary, environment, tmp_path):
    (tmp_path / "bad.csv").write_text("a\n1\nx\n")
    done = subprocess.run(
        [headrace_binary, "convert", "bad.csv", "bad", "--types", "a:int64"],
        cwd=tmp_path, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 9, done.stderr
    failed = lines_of(ask("status"), "failed")
    assert len(failed) == 1 and re.search(r"with E04\d\d", failed[0]), failed


def test_a_killed_run_is_diagnosed(ask, slow_run, tmp_path):
    wait_until_seen(ask)
    slow_run.send_signal(signal.SIGKILL)
    slow_run.wait()
    told = ask("status")
    assert len(lines_of(told, "died")) == 1, told
    assert len(lines_of(told, "running")) == 0, told
    for part in ("last sample: ", "likely cause: ", "is as it was; the next run on it removes", "what to do: "):
        assert part in told, told
    # What the cause is depends on what else the kernel killed on this machine meanwhile; mostly nothing.
    assert "nothing points to memory" in told or "lack of memory" in told
    kept = ask("status")
    assert [line for line in kept.splitlines() if line.startswith("  ")] == [
        line for line in told.splitlines() if line.startswith("  ")
    ]
    assert "died" in ask("monitor", "--once", "--run", "20")

    (tmp_path / "in.csv").write_bytes(HEADER + b"1,one\n")
    ask("convert", "in.csv", "out")
    assert "unfinished" not in ask("status", "out")


def test_two_runs_are_a_list(ask, start, slow_run):
    other = start("convert", "-", "other", "--from", "csv", "--all-strings", stdin=subprocess.PIPE,
                  stderr=subprocess.DEVNULL)  # fmt: skip
    other.stdin.write(HEADER + ROWS)
    other.stdin.flush()
    wait_for(lambda: len(lines_of(ask("status"), "running")) == 2, "two runs")
    listed = ask("monitor", "--once").splitlines()
    assert len(listed) == 2 and all(line.startswith("running") for line in listed)


def test_lines_into_a_pipe_end_with_the_run(ask, start, slow_run):
    run_id = wait_until_seen(ask).rsplit("run ", 1)[1]
    watcher = start("monitor", "--run", run_id, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    time.sleep(2.5)
    slow_run.stdin.close()
    slow_run.wait(timeout=60)
    said = watcher.communicate(timeout=PATIENCE_SECONDS)[0]
    assert watcher.returncode == 0
    assert 2 <= len(lines_of(said, "running")) <= 20, said
    assert said.splitlines()[-1].startswith("published")


@pytest.fixture
def page_url(start) -> str:
    server = start(
        "monitor", "--serve", "127.0.0.1:0", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    line = server.stdout.readline()
    found = re.search(r"http://127\.0\.0\.1:\d+/", line)
    assert found, f"no address in {line!r}: {server.stderr.read() if server.poll() is not None else ''}"
    yield found.group()
    server.send_signal(signal.SIGINT)
    assert server.wait(timeout=10) == 0, "Ctrl-C is the ordinary end"


def fetch(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode()


class References(HTMLParser):
    """What a page would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attributes):
        self.found += [value for name, value in attributes if name in ("src", "href", "action") and value]


def test_the_web_page_and_its_stream(ask, slow_run, page_url):
    wait_until_seen(ask)
    page = fetch(page_url)
    references = References()
    references.feed(page)
    assert set(references.found) <= {"data:,", "/runs.json"}
    assert "Content-Security-Policy" in page

    runs = json.loads(fetch(page_url + "runs.json"))["runs"]
    assert [run["state"] for run in runs] == ["running"]
    assert runs[0]["process_id"] == slow_run.pid and runs[0]["budget_bytes"] == 128 << 20
    with pytest.raises(urllib.error.HTTPError) as refused:
        fetch(page_url + "etc/passwd")
    assert refused.value.code == 404

    with urllib.request.urlopen(page_url + "events", timeout=10) as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        seen = []
        deadline = time.monotonic() + PATIENCE_SECONDS
        killed = False
        while time.monotonic() < deadline and not (seen and seen[-1][0]["state"] == "died"):
            line = stream.readline().decode()
            if not line.startswith("data: "):
                continue
            seen.append(json.loads(line.removeprefix("data: "))["runs"])
            if len(seen) == 3 and not killed:
                slow_run.kill()
                slow_run.wait()
                killed = True
    assert len(seen) >= 4 and seen[-1][0]["state"] == "died", "the stream did not tell of the death"
    assert seen[2][0]["written_at"] > seen[0][0]["written_at"]
    assert any("likely cause" in line for line in seen[-1][0]["diagnosis"])


def test_only_loopback_is_served(ask):
    for address in ("0.0.0.0:0", "192.0.2.1:80", "nonsense"):
        assert ask("monitor", "--serve", address, exit_code=3).startswith("error E"), address


def test_a_directory_of_somebody_else_is_not_used(ask, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "runtime" / "headrace").symlink_to(tmp_path / "elsewhere")
    (tmp_path / f"headrace-{os.geteuid()}").symlink_to(tmp_path / "elsewhere")
    assert ask("status", exit_code=6).startswith("error E0760")
    (tmp_path / "in.csv").write_bytes(HEADER + b"1,one\n")
    ask("convert", "in.csv", "out")  # a run never fails for that
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_the_report_for_people(ask, tmp_path):
    (tmp_path / "in.csv").write_bytes(HEADER + ROWS)
    ask("convert", "in.csv", "out", "--report", "r.json")
    text = ask("report", "show", "r.json")
    assert text.startswith("published") and "\nStages\n" in text and "\nMemory\n" in text
    ask("report", "show", "r.json", "--html", "r.html")
    page = (tmp_path / "r.html").read_text()
    report = (tmp_path / "r.json").read_text()
    assert ask("report", "show", "-", given=report) == text
    assert ask("report", "show", "-", "--html", "-", given=report) == page
    assert ask("report", "show", "-", exit_code=9).startswith("error E0770")
    references = References()
    references.feed(page)
    assert references.found == ["data:,"] and "<svg" in page and "<script" not in page
    (tmp_path / "cut.json").write_text((tmp_path / "r.json").read_text()[:500])
    assert "cut.json" in ask("report", "show", "cut.json", exit_code=9)


@pytest.fixture
def screenshot(tmp_path):
    """Takes a picture of a URL with headless Chromium, or skips loudly where there is none."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        pytest.skip("SKIPPED: no Chromium here to take a picture with")

    def take(url: str, name: str, width: int, *more: str) -> Path:
        picture = tmp_path / f"{name}.png"
        done = subprocess.run(
            [browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--enable-logging=stderr",
             f"--user-data-dir={tmp_path / 'profile'}", f"--window-size={width},1400", "--timeout=4000",
             f"--screenshot={picture}", *more, url],
            capture_output=True, text=True, timeout=90,
        )  # fmt: skip
        assert picture.exists(), done.stderr[-2000:]
        assert "CONSOLE" not in done.stderr, f"the page complains: {done.stderr[-2000:]}"
        return picture

    return take


def test_the_pages_in_a_browser(ask, slow_run, page_url, screenshot, tmp_path):
    wait_until_seen(ask)
    time.sleep(3)  # a curve of a few points
    (tmp_path / "in.csv").write_bytes(HEADER + ROWS)
    ask("convert", "in.csv", "done", "--report", "r.json")
    ask("report", "show", "r.json", "--html", "r.html")
    sizes = {}
    for page, url in (("monitor", page_url), ("report", (tmp_path / "r.html").as_uri())):
        for look, width, more in (
            ("light", 1100, ()),
            ("dark", 1100, ("--blink-settings=preferredColorScheme=0",)),
            ("phone", 500, ()),
        ):
            picture = screenshot(url, f"{page}-{look}", width, *more)
            sizes[picture.stem] = picture.stat().st_size
            if keep := os.environ.get("HEADRACE_SCREENSHOTS"):
                Path(keep).mkdir(parents=True, exist_ok=True)
                shutil.copy(picture, keep)
    # An empty page of that size is a few kilobytes.
    assert all(size > 15_000 for size in sizes.values()), sizes


@pytest.mark.parametrize("flag", ["--report", "--metrics-file"])
def test_side_files_never_write_over_input_or_output(headrace, tmp_path, flag):
    text = "a,b\n" + "".join(f"{i},x\n" for i in range(1000))
    (tmp_path / "in.csv").write_text(text)
    (tmp_path / "link.csv").symlink_to("in.csv")
    for name in ("in.csv", "./in.csv", "link.csv", "out.parquet"):
        done = headrace("convert", "in.csv", "out.parquet", flag, name)
        assert done.exit_code == 2, f"{name}: {done.stderr}"
        assert not (tmp_path / "out.parquet").exists()
    done = headrace("convert", "*.csv", "out.parquet", flag, "in.csv")
    assert done.exit_code == 2, done.stderr
    done = headrace("convert", "in.csv", "out.parquet", flag, "")
    assert done.exit_code == 2, done.stderr
    assert (tmp_path / "in.csv").read_text() == text


def test_reports_leave_other_files_alone(headrace, tmp_path):
    (tmp_path / "in.csv").write_text("a\n1\n")
    (tmp_path / "r.json.tmp").write_text("mine")
    os.mkfifo(tmp_path / "pipe")
    assert headrace("convert", "in.csv", "out.parquet", "--report", "r.json").exit_code == 0
    assert headrace("report", "show", "r.json", "--html", "/dev/null").exit_code == 0
    assert Path("/dev/null").is_char_device()
    (tmp_path / "folder").mkdir()
    assert headrace("report", "show", "r.json", "--html", "folder").exit_code == 6
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"in.csv", "out.parquet", "r.json", "r.json.tmp", "pipe", "folder"}
    assert (tmp_path / "r.json.tmp").read_text() == "mine"
