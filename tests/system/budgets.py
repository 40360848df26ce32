"""Which memory budgets a command accepts, found from outside."""

from __future__ import annotations

from collections.abc import Callable

import measure

MIB = 1 << 20
BUDGET_REFUSED = 7


def smallest_accepted_mib(run: Callable[[int], measure.Measurement], low: int = 8, high: int = 1024) -> int:
    """The smallest budget in MiB with which `run(mib)` ends well, by bisection; every refusal must be exit code 7.

    The process measures its own base at start, and that varies by some pages from start to start: the result holds
    to one MiB.
    """
    assert run(high).exit_code == 0, f"the job does not even run with {high} MiB"
    while high - low > 1:
        middle = (low + high) // 2
        done = run(middle)
        if done.exit_code == 0:
            high = middle
        else:
            assert done.exit_code == BUDGET_REFUSED, f"at {middle} MiB: exit {done.exit_code}: {done.stderr}"
            low = middle
    return high


def ladder_from(floor_mib: int) -> list[int]:
    """Budgets above the smallest accepted one: close together at first, where morsels and threads change."""
    return [floor_mib + 1, floor_mib + 2, floor_mib + 4, floor_mib + 9, floor_mib * 3 // 2, floor_mib * 3]
