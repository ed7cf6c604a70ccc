"""Writing to rows of EC-CUBE of which the shop may hold some: a held row waits for the next run, the others do not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

from eccube_sync.dberrors import RETRYABLE, error_number

Row = TypeVar("Row")

PATIENCE = 3
"""After so many held rows in a row it is the whole table that is held, and the rest waits, too."""


def write_unless_held(
    batches: Sequence[Sequence[Row]], write: Callable[[Sequence[Row]], object]
) -> Sequence[Row]:
    """``write`` each batch; where the shop holds a row of it, one row after the other. Returns the rows that wait.

    ``write`` does its own transaction, and has tried it again by itself.
    """
    waiting: list[Row] = []
    held_in_a_row = 0
    for batch in batches:
        if held_in_a_row >= PATIENCE:
            waiting += batch
        elif not _written(batch, write):
            for row in batch:
                if held_in_a_row >= PATIENCE or not _written([row], write):
                    waiting.append(row)
                    held_in_a_row += 1
                else:
                    held_in_a_row = 0
    return waiting


def _written(rows: Sequence[Row], write: Callable[[Sequence[Row]], object]) -> bool:
    try:
        write(rows)
    except DBAPIError as error:
        if error_number(error) not in RETRYABLE:
            raise
        return False
    return True
