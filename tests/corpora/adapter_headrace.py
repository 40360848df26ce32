"""How the corpora runner calls headrace: one command per file."""

from __future__ import annotations

import os
import re

NAME = "headrace"
BINARY = os.environ.get("HEADRACE", "headrace")
FORMATS = {"csv": "csv", "jsonl": "jsonl", "parquet": "parquet", "ipc": "arrow"}


def convert(input, output_dir, options):
    """The command line for one file; None where this version does not read the format."""
    if options["format"] not in FORMATS:
        return None
    command = [BINARY, "convert", input, output_dir, "--from", FORMATS[options["format"]], "--durability", "none"]
    if options["mode"] == "told" and options["format"] == "csv":
        command += ["--delimiter", options.get("delimiter") or ","]
        command += ["--quote", options.get("quote") or "none", "--escape", options.get("escape") or "none"]
        command += ["--header" if options.get("header") else "--no-header"]
        if options.get("encoding"):
            command += ["--encoding", options["encoding"]]
        if options.get("skip"):
            command += ["--skip-rows", str(options["skip"])]
    if options.get("lenient"):
        command += ["--bad-rows", "quarantine", "--max-bad-rows", "100%"]
    return command


def rejects(output_dir, stdout, stderr):
    """Rows that the command says it put aside."""
    found = re.search(r"(\d+) rows? quarantined", stdout + "\n" + stderr)
    return int(found.group(1)) if found else 0
