"""Customers held back when a benchmark's shop is filled: they register when all the rest is done."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from tests.support.shop import Shop

RESERVE = 2000
"""So many at most, and a tenth of all: a kept shop has some for several measurements."""


def hold_back(customers: Path, state: Path) -> Path:
    """Split a file of customers into the file returned and the last of them, who register later."""
    # Line by line: this process must stay small, its memory would count as the measured ones'.
    with customers.open(encoding="utf-8") as lines:
        total = sum(1 for _ in lines) - 1
    early = state / "customers.csv"
    with customers.open(encoding="utf-8") as lines, early.open("w", encoding="utf-8") as most:
        header = next(lines)
        most.write(header)
        most.writelines(islice(lines, total - min(RESERVE, total // 10)))
        _late(state).write_text("".join([header, *lines]), encoding="utf-8")
    return early


def still_to_come(state: Path, shop: Shop) -> Iterator[dict[str, str | None]]:
    """The rows of those held back who did not register yet."""
    with _late(state).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    there = {
        row[0] for row in shop.rows("SELECT id FROM dtb_customer WHERE id >= :first", first=rows[0]["id"])
    }
    for row in rows:
        if int(row["id"]) not in there:
            yield {name: None if cell == r"\N" else cell for name, cell in row.items()}


def _late(state: Path) -> Path:
    return state / "late.csv"
