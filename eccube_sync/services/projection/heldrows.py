"""Writing to rows of EC-CUBE of which the shop may hold some: a held row waits for the next run, the others do not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

from eccube_sync.dberrors import RETRYABLE, error_number

Row = TypeVar("Row")

PATIENCE = 3
"""After so many held batches in a row it is the whole table that is held, and the rest is not tried."""


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
