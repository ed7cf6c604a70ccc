"""What the database server's errors mean: which are tried again, and what to tell a person about the others."""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DBAPIError

from eccube_sync.errors import DatabaseUnavailableError
from eccube_sync.i18n import _, mark

SAVEPOINT_GONE = 1305
"""A deadlock rolled back the whole transaction, and with it the savepoint that was to be gone back to."""

# Whole transaction again: lock wait, deadlock, changed since read (MariaDB 11.6+).
RETRYABLE = frozenset({1205, 1213, 1020, SAVEPOINT_GONE})
# Somebody else inserted the same row meanwhile: once more, and it is seen.
DUPLICATE = 1062
ACCESS_DENIED = 1045

LOST = mark(
    "The connection to the database was lost. What was committed stays, and a rerun continues; if it happens again, "
    "look into the database server's log."
)
BUSY = mark(
    "Another program kept rows or tables of the database locked, or the server broke a statement off, again and "
    "again. What was committed stays; try again later."
)
READ_ONLY = mark(
    "The database takes no changes: it is read-only. Is it a replica, or is the server being looked after? "
    "What was committed stays; try again later."
)
FULL = mark(
    "The database server has no room left on its disk. What was committed stays; make room, then run again."
)

_MEANING = dict.fromkeys((0, 1053, 1927, 2006, 2013, 2014, 2045, 2055, 4031), LOST)
_MEANING |= dict.fromkeys((*RETRYABLE, 1317, 1969, 3024), BUSY)
_MEANING |= dict.fromkeys((1290, 1792, 1836), READ_ONLY)
_MEANING |= dict.fromkeys((1021, 1026, 1114), FULL)
_SQLITE = {sqlite3.SQLITE_BUSY: BUSY, sqlite3.SQLITE_READONLY: READ_ONLY, sqlite3.SQLITE_FULL: FULL}


def error_number(error: DBAPIError) -> int:
    """The server's own number of an error; 0 where there is none."""
    arguments = getattr(error.orig, "args", ())
    return arguments[0] if arguments and isinstance(arguments[0], int) else 0


def lock_conflict(error: DBAPIError) -> bool:
    """Whether another transaction was in the way, so that all of this one may be done again."""
    if isinstance(error.orig, sqlite3.Error):
        return _sqlite_kind(error.orig) == sqlite3.SQLITE_BUSY
    return error_number(error) in RETRYABLE


def in_words(error: Exception) -> DatabaseUnavailableError | None:
    """The refusal to show for an error that lies with the database; None for one that may be ours."""
    if not isinstance(error, DBAPIError):
        return None
    if error.connection_invalidated:
        return DatabaseUnavailableError(_(LOST))
    if isinstance(error.orig, sqlite3.Error):
        meaning = _SQLITE.get(_sqlite_kind(error.orig))
    else:
        meaning = _MEANING.get(error_number(error)) if error_number(error) else None
    return DatabaseUnavailableError(_(meaning)) if meaning else None


def _sqlite_kind(error: sqlite3.Error) -> int:
    # The lower byte is the kind of error, the upper ones its details.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
