"""What readers see while the command overwrites a dataset and is killed: old or new, whole, or a loud error."""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "crash"))
from kill_readers import KillLoop, headrace_overwrite

KILLS = 100 if os.environ.get("HEADRACE_LONG") else 15


def test_killed_while_readers_read(headrace_binary, tmp_path):
    seed = int(os.environ.get("HEADRACE_SEED", random.randrange(1 << 32)))
    print(f"seed {seed}; again: HEADRACE_SEED={seed} pytest tests/system/test_crash_readers.py")
    outcome = KillLoop("headrace", headrace_overwrite(headrace_binary), tmp_path / "loop", KILLS, seed).run()
    print(outcome.kills, "kills,", outcome.finished, "runs ended first, readers saw", dict(outcome.reads))
    assert not outcome.damaged, outcome.damaged[:5]
    assert not outcome.failures, outcome.failures[:5]
    assert outcome.reads["whole"] > 0
