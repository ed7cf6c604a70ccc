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
"""After so many held batches in a row it is the whole table that is held, and the rest is not tried."""


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
    with without_waiting(run.connection):
        held = not_written(batches, lambda batch: run.transaction(work, batch, attempts=1))
    one_by_one = [[row] for batch in held for row in batch]
    return [row for (row,) in not_written(one_by_one, lambda batch: run.transaction(work, batch))]


def not_written(
    batches: Iterable[Sequence[Row]], write: Callable[[Sequence[Row]], object]
) -> list[Sequence[Row]]:
    """``write`` each batch; returns those of which the shop holds a row, and those left untried after too many.

    ``write`` does its own transaction.
    """
    waiting: list[Sequence[Row]] = []
    held_in_a_row = 0
    for batch in batches:
        if held_in_a_row < PATIENCE and _written(batch, write):
            held_in_a_row = 0
        else:
            waiting.append(batch)
            held_in_a_row += 1
    return waiting


def _written(rows: Sequence[Row], write: Callable[[Sequence[Row]], object]) -> bool:
    try:
        write(rows)
    except DBAPIError as error:
        if error_number(error) not in RETRYABLE:
            raise
        return False
    return True
