"""Three files of different columns, each packed in another way."""

import bz2
import lzma
from pathlib import Path

import pyarrow


def text(header: str, records: list[str]) -> bytes:
    return "".join(f"{record}\n" for record in [header, *records]).encode()


Path("part-1.csv.bz2").write_bytes(bz2.compress(text("id,name", [f"{i},n{i}" for i in range(3000)])))
Path("part-2.csv.xz").write_bytes(
    lzma.compress(text("score,id", [f"{i / 4},{i}" for i in range(3000, 6000)]), preset=0)
)
with pyarrow.CompressedOutputStream("part-3.csv.lz4", "lz4") as lz4:
    lz4.write(text("name,id", [f'"a\nb{i}",{i}' for i in range(6000, 9000)]))
