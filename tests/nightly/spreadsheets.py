"""What somebody with a spreadsheet does to the store's file."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

Cells = list[list[str]]


def rewrite(path: Path, change: Callable[[Cells], Cells]) -> None:
    """Change a CSV file's cells, as somebody with a spreadsheet does."""
    rows = list(csv.reader(io.StringIO(path.read_bytes().decode("cp932"), newline="")))
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(change(rows))
    path.write_bytes(text.getvalue().encode("cp932"))


def column(title: str, change: Callable[[str], str]) -> Callable[[Cells], Cells]:
    """Change every cell of one column."""

    def changed(rows: Cells) -> Cells:
        at = next(place for place, name in enumerate(rows[0]) if name.startswith(title))
        return [rows[0], *([*row[:at], change(row[at]), *row[at + 1 :]] for row in rows[1:])]

    return changed
