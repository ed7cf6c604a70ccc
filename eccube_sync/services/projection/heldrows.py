"""Writing to rows of EC-CUBE of which the shop may hold some: a held row waits for the next run, the others do not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

from eccube_sync.db import without_waiting
from eccube_sync.dberrors import RETRYABLE, error_number
from eccube_sync.projections import CHUNK
from eccube_sync.services.running import Run

Row = TypeVar("Row")

PATIENCE = 3
"""After so many held ones in a row it may be the whole table that is held, and the rest is left for now."""


def batches(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """Rows in numbers that one transaction on EC-CUBE's tables may take."""
    for start in range(0, len(rows), CHUNK):
        yield rows[start : start + CHUNK]


def write_unless_held(
    run: Run, work: Callable[[Sequence[Row]], object], batches: Iterable[Sequence[Row]]
) -> list[Row]:
    """Do ``work`` for each batch in a transaction of its own; returns the rows that wait for the shop.

    Who waits for one row while holding 49 others lets 49 customers wait; only a row alone is waited for.
    """
    waiting: list[Row] = []
    untried: Sequence[Sequence[Row]] = list(batches)
    while untried:
        with without_waiting(run.connection):
            held, untried = write_each(untried, lambda batch: run.transaction(work, batch, attempts=1))
        one_by_one = [[row] for batch in held for row in batch]
        held_rows, untried_rows = write_each(one_by_one, lambda batch: run.transaction(work, batch))
        waiting += [row for (row,) in (*held_rows, *untried_rows)]
        if untried_rows:  # not one row here and there, but the whole table
            return waiting + [row for batch in untried for row in batch]
    return waiting


def write_each(
    batches: Sequence[Sequence[Row]], write: Callable[[Sequence[Row]], object]
) -> tuple[list[Sequence[Row]], Sequence[Sequence[Row]]]:
    """``write`` each batch, which does its own transaction; returns those of which the shop holds a row.

    After so many in a row the rest is left, and returned besides.
    """
    held: list[Sequence[Row]] = []
    in_a_row = 0
    for number, batch in enumerate(batches):
        if in_a_row == PATIENCE:
            return held, batches[number:]
        if _written(batch, write):
            in_a_row = 0
        else:
            held.append(batch)
            in_a_row += 1
    return held, []


def _written(rows: Sequence[Row], write: Callable[[Sequence[Row]], object]) -> bool:
    try:
        write(rows)
    except DBAPIError as error:
        if error_number(error) not in RETRYABLE:
            raise
        return False
    return True
