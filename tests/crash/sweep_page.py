"""The page "How publishing is tested", written from a run of the sweep."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from crash_point import Counts
from model_sweep import ModelResult, Mutant
from scenarios import Scenario

INTRODUCTION = """\
# How publishing is tested

<!-- This page is written by `make crash-docs`; do not edit it by hand. -->

The promise: a reader of the target sees the whole old or the whole new content, whatever happens; what was
acknowledged is there; the next run cleans up by itself. The [protocol](publishing.md) is tested by interrupting it at
every call.

    make crash SECONDS=3600 SEED=7     the long form: every point once, then again with other seeds until the time is up
    make crash-short                   the short form, part of `make test`
    make crash-docs                    the short form, and this page from it

**On a model** (`tests/commit/crash_sweep.h`): the protocol runs on a file system in memory that keeps only what was
fsynced, and drops, tears and reorders the rest at a loss of power (`tests/support/model_file_system.h`). Every call of
every mode is failed, made to fail after its effect, met by a full disk, killed and followed by losses of power. Every
call of every recovery after a kill or a loss of power is killed, followed by losses of power, failed, and met by a full
disk.

**In real processes** (`tests/crash`): a tracer stops the process at each system call that touches the target's
directory and lets it meet the fault. `library` is the protocol alone, `command` is `headrace` with its reading,
filtering, spilling and threads. For a power cut the target stands on a real file system in an image file; the kernel is
told to shut that down, with and without its journal's newest part, and it is mounted again. A refused allocation is a
reservation of memory that the budget denies, or a call of `operator new` that fails.

After every point: the target is exactly the old or exactly the new content (read by DuckDB where the command wrote it);
it is the new one if that was acknowledged, and the old one if the run said that it failed. Then the next run recovers
and publishes; it has to end at the new content, leave nothing else beside the target, and give an account in which rows
in are rows out, filtered, limited and rejected.
"""

MUTATIONS = """\
## The control: deliberate mistakes

A sweep that finds nothing may be blind. So each fsync, rename and link of the protocol is left out, and each fsync and
rename is made too late: what must be there before the target changes comes after that, the change itself comes after
its fsync, that fsync after the first removal, and the ledger after the removal of the journal. Each mistake has to make
the sweep on the model fail. The target is `out`, `txn-*` the transaction's directory, `k=v` a partition.
"""


def table(header: list[str], rows: list[list[object]]) -> str:
    def line(cells: list[object]) -> str:
        return "| " + " | ".join(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in cells) + " |\n"

    return line(list(header)) + "|" + "---|" * len(header) + "\n" + "".join(line(row) for row in rows)


def mutation_rows(mutants: list[Mutant]) -> list[list[str]]:
    """One row per call: how many scenarios' mistakes were caught, of how many. Also made from a mere list."""
    groups: dict[tuple[str, str], dict[str, list[Mutant]]] = defaultdict(lambda: defaultdict(list))
    for mutant in mutants:
        groups[mutant.part, mutant.call][mutant.what].append(mutant)

    def share(group: list[Mutant]) -> str:
        return f"{sum(mutant.caught is not False for mutant in group)} of {len(group)}" if group else ""

    return [
        [part, f"`{call}`", share(whats["left out"]), share(whats["too late"])]
        for (part, call), whats in sorted(groups.items())
    ]


def class_rows(model: ModelResult, cells: dict[tuple[str, str], Counts]) -> list[list[object]]:
    real: dict[str, Counts] = defaultdict(Counts)
    for (fault_class, _), counts in cells.items():
        real[fault_class].add(counts)
    rows = []
    total = Counts()
    for where, classes in (("model", model.classes()), ("real processes", real)):
        for name, counts in sorted(classes.items()):
            rows.append([where, name, counts.points, counts.faults, counts.torn, counts.lost, counts.other])
            total.add(counts)
    rows.append(["**all**", "", total.points, total.faults, total.torn, total.lost, total.other])
    return rows


def matrix_rows(result, classes: list[str]) -> list[list[str]]:
    def cell(fault_class: str, scenario: Scenario) -> str:
        key = fault_class, scenario.name
        possible = result.possible.get(key, 0)
        return f"{min(result.cells[key].points, possible):,} of {possible:,}" if possible else ""

    return [[scenario.name, *(cell(name, scenario) for name in classes)] for scenario in result.scenarios]


def write_page(path: Path, seed: int, form: str, model: ModelResult, real) -> None:
    total = Counts()
    for counts in [*real.cells.values(), *model.cells.values()]:
        total.add(counts)
    classes = sorted({fault_class for fault_class, _ in real.possible})
    numbers = (
        f"{total.points:,} points, {total.faults:,} faults injected, torn datasets {total.torn}, "
        f"lost acknowledged commits {total.lost}, other failures {total.other}, "
        f"mutations caught {model.caught} of {len(model.mutants)}"
    )
    skips = [f"SKIPPED on the machine of this run: {what}: {why}.\n" for what, why in sorted(real.skips.items())]
    class_header = ["where", "class", "points", "faults injected", "torn", "lost acknowledged", "other failures"]
    mutation_header = ["part", "call", "left out: caught", "too late: caught"]
    text = [
        INTRODUCTION,
        "## The result of a run\n",
        f"Seed {seed}, {form} form: **{numbers}**.\n",
        *skips,
        table(class_header, class_rows(model, real.cells)),
        "## What was swept in real processes\n",
        "Points of this run, of all that one pass of the long form takes. A refused allocation needs a pipeline,\n"
        "which `library` has not.\n",
        table(["scenario", *classes], matrix_rows(real, classes)),
        MUTATIONS,
        "<!-- mutations -->",
        table(mutation_header, mutation_rows(model.mutants)) + "<!-- end of mutations -->",
    ]
    path.write_text("\n".join(text) + "\n")
