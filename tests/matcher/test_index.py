"""The index of keys and the scored pairs keep up with people who changed, and leave alone what did not."""

from __future__ import annotations

import numpy as np
from sqlalchemy import Connection, select

from eccube_sync.tables.links import match_key
from eccube_sync.tables.matching import CUSTOMER, all_pairs, replace_keys, replace_pairs
from tests.members.terminal import Terminal


def stored(connection: Connection) -> set[tuple[int, int]]:
    """(subject, key) of every customer's key."""
    rows = connection.execute(
        select(match_key.c.subject_id, match_key.c.key_hash).where(match_key.c.side == CUSTOMER)
    )
    return {(row.subject_id, row.key_hash) for row in rows}


def rows_written(connection: Connection) -> int:
    """How many rows this connection has written since it was opened."""
    return int(connection.connection.driver_connection.total_changes)  # type: ignore[union-attr]


def test_a_person_with_another_key_costs_only_the_rows_of_that_key(terminal: Terminal) -> None:
    with terminal.ours.connect() as connection:
        before = stored(connection)
        one, other = sorted({subject for subject, _key in before})[:2]
        of_one = sorted(key for subject, key in before if subject == one)
        keys = np.array([*of_one[1:], 4711], np.int64)
        written = rows_written(connection)
        replace_keys(connection, CUSTOMER, [one, other], keys, np.full(len(keys), one))
        gone = {pair for pair in before if pair[0] == other} | {(one, of_one[0])}
        assert stored(connection) == before - gone | {(one, 4711)}
        assert rows_written(connection) - written == len(gone) + 1
        connection.rollback()


def test_only_customers_whose_pairs_differ_have_them_written_anew(terminal: Terminal) -> None:
    with terminal.ours.connect() as connection:
        before = [tuple(row) for part in all_pairs(connection) for row in part]
        customers = sorted({pair[0] for pair in before})
        assert len(customers) > 2
        first = [pair for pair in before if pair[0] == customers[0]]
        gone = [pair for pair in before if pair[0] == customers[1]]
        changed = [(*pair[:2], pair[2] - 1, pair[3] / 2, pair[4]) for pair in first]
        wanted = [*changed, *(pair for pair in before if pair[0] not in customers[:2])]
        written = rows_written(connection)
        replace_pairs(connection, customers, wanted)
        assert [tuple(row) for part in all_pairs(connection) for row in part] == wanted
        assert rows_written(connection) - written == len(gone) + 2 * len(first)
        connection.rollback()
