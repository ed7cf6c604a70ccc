"""Everything a run calls outside its own memory, counted: a place to die at, to pause at, or to fail at.

External calls are statements and commits, what is said to a mail server and heard from it, files renamed, removed,
synced, and the bridge's own queue. Each makes two steps, one before it and one after; a statement only the one
before, for after it nothing differs from what is before the next call. All is fastened from outside: the program
knows nothing of it.
"""

from __future__ import annotations

import errno
import os
import smtplib
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pymysql
from sqlalchemy import Engine, event
from sqlalchemy.engine.default import DefaultDialect

from eccube_sync.services import nightly

KILLED = 99
"""What a process killed by us ends with."""

WRITING: tuple[tuple[Any, str], ...] = ((os, "write"), (os, "fsync"), (tempfile, "mkstemp"))
PARTIAL = 97
"""What a process ends with that would commit a transaction in which a statement had failed."""

LONGEST_WAIT = 240
"""Seconds a step may take on a machine that has much else to do; only what hangs takes longer."""

CALLS: tuple[tuple[Any, str], ...] = (
    (DefaultDialect, "do_commit"),
    (os, "rename"), (os, "replace"), (os, "unlink"), (os, "fsync"),
    (smtplib.SMTP, "_get_socket"), (smtplib.SMTP, "send"), (smtplib.SMTP, "getreply"), (smtplib.SMTP, "close"),
)  # fmt: skip
LOST = frozenset({2006, 2013})
ROLLED_BACK = frozenset({1213, 1020})
WORDS = {
    1205: "Lock wait timeout exceeded",
    1213: "Deadlock found",
    1020: "Record has changed since last read",
}


class _Queue(sqlite3.Connection):
    """The connection of the bridge's queue."""

    step: Callable[[], None]

    def execute(self, *arguments: Any) -> Any:
        return self._watched(super().execute, arguments)

    def executemany(self, *arguments: Any) -> Any:
        return self._watched(super().executemany, arguments)

    def _watched(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        _Queue.step()
        found = function(*arguments)
        _Queue.step()
        return found


class Watch:
    """Counts a run's steps, by stage and in all; dies, pauses or fails where it is told to."""

    def __init__(self, job: dict[str, Any]) -> None:
        self.calls: Counter[str] = Counter()
        self.steps = self.statements = 0
        self._stage = "start"
        self._kill = _place(job.get("kill"))
        self._hold: dict[str, Any] = job.get("hold") or {}
        self._fail: dict[str, Any] = job.get("fail") or {}
        self._spoilt = False
        self.files = 0
        self._full = int(job.get("full") or 0)

    def fasten(self) -> None:
        """Attach to everything the program calls."""
        # Inside what SQLAlchemy takes for the driver's work, so that an error here is one of the server's.
        for kind in ("do_execute", "do_executemany", "do_execute_no_params"):
            event.listen(Engine, kind, lambda cursor, *_more: self._statement(cursor))
        event.listen(Engine, "rollback", lambda _connection: self._rolled_back())
        DefaultDialect.do_commit = self._commit(DefaultDialect.do_commit)  # type: ignore[method-assign]
        for owner, name in CALLS:
            setattr(owner, name, self._watched(getattr(owner, name)))
        for owner, name in WRITING:
            setattr(owner, name, self._filling(getattr(owner, name)))
        connect = sqlite3.connect
        _Queue.step = self.step  # type: ignore[method-assign,assignment]
        # SQLAlchemy takes its own from sqlite3.dbapi2.
        sqlite3.connect = lambda *some, **more: connect(*some, **more, factory=_Queue)  # type: ignore[assignment]
        for name, stage in nightly.STAGES.items():
            nightly.STAGES[name] = self._staged(name, stage)
        nightly._notify = self._staged("notify", nightly._notify)  # type: ignore[assignment]

    def _watched(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*arguments: Any, **options: Any) -> Any:
            self.step()
            found = function(*arguments, **options)
            self.step()
            return found

        return watched

    def _filling(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """From some call on there is no room left on the disk."""

        def filling(*arguments: Any, **options: Any) -> Any:
            self.files += 1
            if self._full and self.files >= self._full:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return function(*arguments, **options)

        return filling

    def _staged(self, name: str, stage: Callable[..., None]) -> Callable[..., None]:
        def staged(*arguments: Any) -> None:
            self._stage = name
            try:
                stage(*arguments)
            finally:
                self._stage = f"after {name}"

        return staged

    def _statement(self, cursor: Any) -> None:
        self.statements += 1
        self.step()
        first = self._fail.get("at", 0)
        if first and first <= self.statements < first + self._fail.get("times", 1):
            self._spoilt = True
            _fail(int(self._fail["number"]), cursor.connection)

    def _rolled_back(self) -> None:
        self._spoilt = False

    def _commit(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def commit(*arguments: Any) -> Any:
            if self._spoilt:
                os._exit(PARTIAL)
            return function(*arguments)

        return commit

    def step(self) -> None:
        """One more step."""
        self.steps += 1
        self.calls[self._stage] += 1
        here = (self._stage, self.calls[self._stage])
        if self._kill in (here, self.steps):
            os._exit(KILLED)
        if self._hold and _place(self._hold["at"]) in (here, self.steps):
            Path(self._hold["holding"]).touch()
            wait_for(self._hold["until"])


def _fail(number: int, connection: Any) -> None:
    """What the server says of this statement, and what the error did to the transaction."""
    if number in ROLLED_BACK:
        connection.rollback()
    if number in LOST:
        connection._force_close()
    raise pymysql.err.OperationalError(number, WORDS.get(number, "Lost connection"))


def _place(place: Any) -> Any:
    return tuple(place) if isinstance(place, list | tuple) else place


def wait_for(path: str) -> None:
    """Wait until a file is there, but not for ever."""
    limit = time.monotonic() + LONGEST_WAIT
    while not Path(path).exists() and time.monotonic() < limit:
        time.sleep(0.005)
