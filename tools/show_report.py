#!/usr/bin/env python3
"""Prints the report of a run (`headrace ... --report FILE`) for people."""

import json
import sys
from pathlib import Path

MIB = 1 << 20


def main() -> None:
    report = json.loads(Path(sys.argv[1]).read_text())
    memory = report["memory"]
    print(f"{report['status']} in {report['wall_seconds']:.2f} s, {report['cpu_seconds']:.2f} CPU s")
    print(
        f"rows: {report['rows_in']:,} in = {report['rows_out']:,} out + {report['rows_filtered']:,} filtered"
        f" + {report['rows_limited']:,} over the limit + {report['rows_rejected']:,} rejected"
    )
    print(
        f"memory: peak {memory['rss_peak_bytes'] / MIB:.1f} of {memory['budget_bytes'] / MIB:.1f} MiB"
        f" ({memory['base_bytes'] / MIB:.1f} before the first row, {memory['accounted_peak_bytes'] / MIB:.1f} lent out)"
    )
    for stage in report["stages"]:
        print(
            f"  {stage['name']:24} {stage['rows_in']:>10,} -> {stage['rows_out']:>10,} rows"
            f"  {stage['cpu_seconds']:7.2f} CPU s  peak {stage['reserved_peak_bytes'] / MIB:6.1f} MiB"
            f"  spilled {stage['spilled_bytes'] / MIB:.1f} MiB"
        )
    for output in report["outputs"]:
        size = f"{output['files']} files, {output['partitions']} partitions, {output['bytes'] / 1e6:.1f} MB"
        print(f"  {output['path']}: {size}")


main()
