"""tools/check_layers.py finds what it is there to find, and nothing else, in small made-up trees."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EDGES = "# comment\nbase:\nmemory: base\nsource: base memory\nsink: base\npipeline: base source\ncli:\n"


def run_checker(root: Path) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, ROOT / "tools/check_layers.py", "--root", root], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout


@pytest.fixture
def tree(tmp_path):
    """A function that writes files into an otherwise clean tree and returns what the checker says."""
    for folder in ("src", "cmake", "include/headrace", "cli", "tests"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "cmake/room_edges.txt").write_text(EDGES)

    def check(files: dict[str, str], edges: str = EDGES) -> tuple[int, str]:
        (tmp_path / "cmake/room_edges.txt").write_text(edges)
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return run_checker(tmp_path)

    return check


@pytest.mark.parametrize(
    ("path", "include"),
    [
        ("src/memory/budget.cc", '"base/status.h"'),
        ("src/memory/budget.cc", '"memory/budget.h"'),
        ("src/memory/budget.cc", "<arrow/memory_pool.h>"),
        ("src/source/scan.cc", "<parquet/file_reader.h>"),
        ("src/pipeline/file.cc", "<yaml-cpp/yaml.h>"),
        ("src/source/scan.cc", '"headrace/job.h"'),
        ("cli/main.cc", '"headrace/run.h"'),
        ("cli/main.cc", "<CLI/CLI.hpp>"),
        ("cli/main.cc", '"cli/flags.h"'),
        ("tests/source/scan_test.cc", "<parquet/file_reader.h>"),
    ],
)
def test_allowed_includes(tree, path, include):
    assert tree({path: f"#include {include}\n"}) == (0, "check_layers: 0 errors, 0 warnings\n")


@pytest.mark.parametrize(
    ("path", "include", "part"),
    [
        ("src/base/status.cc", '"memory/budget.h"', "room base may not include room memory"),
        ("src/sink/sink.cc", '"memory/budget.h"', "allowed: base"),
        ("src/memory/budget.cc", "<parquet/types.h>", "confined to sink, source"),
        ("src/source/scan.cc", '  "yaml-cpp/yaml.h"', "confined to pipeline"),
        ("src/sink/sink.cc", "<CLI/CLI.hpp>", "confined to cli"),
        ("src/sink/sink.cc", "<curl/curl.h>", "confined to fetch"),
        ("cli/main.cc", '"base/status.h"', "cli/ may not include the room base"),
        ("cli/main.cc", "<parquet/types.h>", "confined to"),
    ],
)
def test_forbidden_includes(tree, path, include, part):
    code, text = tree({path: f"// first line\n#include {include}\n"})
    assert code == 1
    assert f"{path}:2: error: " in text and part in text


def test_public_headers_stay_public(tree):
    code, text = tree({"include/headrace/run.h": '#pragma once\n#include "base/status.h"\n'})
    assert code == 1 and "a public header may not include" in text
    assert tree({"include/headrace/run.h": '#pragma once\n#include "headrace/job.h"\n'})[0] == 0


def test_room_without_edges_and_cycles(tree):
    code, text = tree({"src/unheard/of.cc": "\n"})
    assert code == 1 and "src/unheard" in text
    code, text = tree({}, edges="base: memory\nmemory: base\ncli:\n")
    assert code == 1 and "cycle among the rooms base, memory" in text
    code, text = tree({}, edges="base: nowhere\n")
    assert code == 1 and "nowhere" in text


def test_sizes(tree):
    code, text = tree({"src/base/long.cc": "int x;\n" * 401})
    assert code == 1 and "source file of 401 lines" in text
    assert tree({"src/base/long.cc": "int x;\n" * 400})[0] == 0
    code, text = tree({"src/base/long.h": "#pragma once\n" + "int x;\n" * 250})
    assert code == 1 and "header of 251 lines" in text


def test_long_function_is_a_warning(tree):
    body = "int Sum(int a,\n        int b) {\n" + "  a += b;\n" * 121 + "}\n"
    code, text = tree({"src/base/sum.cc": body})
    assert code == 0 and "warning: function of" in text


def test_header_needs_pragma_once(tree):
    code, text = tree({"src/base/a.h": "int x;\n"})
    assert code == 1 and "#pragma once" in text


def test_this_project_is_clean():
    code, text = run_checker(ROOT)
    assert code == 0, text
