"""What the bridge was told and has not done yet: a small SQLite file of its own, so that no outage loses anything.

A customer stands in it once, however often we were told; the number rises each time. Whoever has dealt with a
customer crosses out the number they saw, so what came in meanwhile stays.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

EVERYTHING = 0
"""Stands for "look at the whole inbox" where an EC-CUBE id stands for one customer."""

_TABLES = """
CREATE TABLE IF NOT EXISTS waiting (
    eccube_id INTEGER PRIMARY KEY, number INTEGER NOT NULL, since REAL NOT NULL,
    not_before REAL NOT NULL, attempts INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS ix_waiting ON waiting (not_before, since);
CREATE TABLE IF NOT EXISTS nonce (nonce TEXT PRIMARY KEY, taken REAL NOT NULL) WITHOUT ROWID;
"""
_PUT = """
INSERT INTO waiting VALUES (?, 1, ?, ?, 0) ON CONFLICT (eccube_id)
DO UPDATE SET number = number + 1, not_before = excluded.not_before
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A customer to be looked at, by EC-CUBE id."""

    eccube_id: int
    number: int
    since: float
    attempts: int


@dataclass(frozen=True, slots=True)
class Told:
    """What one request tells; a nonce makes it one that may come once only."""

    eccube_ids: frozenset[int]
    nonce: str | None = None


class Queue:
    """The file; every method is one transaction, durable on return. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(0o600)
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.executescript(_TABLES)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def put(self, told: Sequence[Told], now: float) -> list[bool]:
        """Keep what was told, all in one transaction; False for each whose nonce was taken before."""
        with self._lock, self._transaction():
            taken = [self._is_new(one, now) for one in told]
            ids = [one for what, new in zip(told, taken, strict=True) if new for one in what.eccube_ids]
            self._connection.executemany(_PUT, [(one, now, now) for one in ids])
        return taken

    def take(self, limit: int, now: float) -> list[Waiting]:
        """The next customers to look at, those who wait longest first. They stay until they are crossed out.

        One that failed before comes alone, so that it holds up nobody else.
        """
        with self._lock:
            rows = self._connection.execute(
                "SELECT eccube_id, number, since, attempts FROM waiting WHERE not_before <= ? "
                "ORDER BY attempts > 0, since LIMIT ?",
                (now, limit),
            ).fetchall()
        found = [Waiting(*row) for row in rows]
        return found[:1] if found and found[0].attempts else [one for one in found if not one.attempts]

    def cross_out(self, done: Iterable[Waiting]) -> None:
        """Forget these, but for those we were told about again since they were taken."""
        with self._lock, self._transaction():
            self._connection.executemany(
                "DELETE FROM waiting WHERE eccube_id = ? AND number = ?",
                [(one.eccube_id, one.number) for one in done],
            )

    def postpone(self, failed: Iterable[Waiting], now: float, seconds: float) -> None:
        """Try these again later."""
        with self._lock, self._transaction():
            self._connection.executemany(
                "UPDATE waiting SET attempts = attempts + 1, not_before = ? WHERE eccube_id = ? AND number = ?",
                [(now + seconds, one.eccube_id, one.number) for one in failed],
            )

    def forget_nonces(self, before: float) -> None:
        """Forget nonces so old that a request with them is refused by its time."""
        with self._lock, self._transaction():
            self._connection.execute("DELETE FROM nonce WHERE taken < ?", (before,))

    def waiting(self) -> tuple[int, float | None]:
        """How many wait, and since when the first of them does."""
        with self._lock:
            count, since = self._connection.execute("SELECT COUNT(*), MIN(since) FROM waiting").fetchone()
        return count, since

    def _is_new(self, told: Told, now: float) -> bool:
        if told.nonce is None:
            return True
        row = self._connection.execute("INSERT OR IGNORE INTO nonce VALUES (?, ?)", (told.nonce, now))
        return row.rowcount == 1

    def _transaction(self) -> _Transaction:
        return _Transaction(self._connection)


class _Transaction:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: object, *_error: object) -> None:
        self._connection.execute("COMMIT" if kind is None else "ROLLBACK")
