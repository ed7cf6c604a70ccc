"""Runs: nothing is applied without one, every change in it is journalled, one at a time per stage."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, delete, insert, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

import eccube_sync
from eccube_sync.clock import Clock, to_database, tokyo_date
from eccube_sync.db import ATTEMPTS, Database, in_transaction, inserted_id
from eccube_sync.errors import EccubeSyncError, LockedError
from eccube_sync.i18n import _
from eccube_sync.services.setup.dumping import write_dump
from eccube_sync.services.setup.identity import check_identity, remember
from eccube_sync.services.setup.soundness import require_sound
from eccube_sync.settings import Settings
from eccube_sync.tables.runs import installation, journal, run

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Shop:
    """What every use case needs: the shop's settings, its database, the time, and who asks."""

    settings: Settings
    database: Database
    clock: Clock
    actor: str


@dataclass(slots=True)
class Run:
    """One applied execution. ``today`` is read once, so a run over midnight stays one day."""

    id: int
    today: date
    now: datetime
    shop: Shop
    connection: Connection
    counts: Counter[str] = field(default_factory=Counter)
    baseline: bool = False
    """Events of this run are recorded and mail nobody: a first classification, a changed policy or model."""
    changed: bool = False
    """Whether anything was journalled."""
    _changes: list[dict[str, Any]] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Whether nothing was done so far."""
        return not self.changed and not any(self.counts.values())

    @property
    def moment(self) -> datetime:
        """The run's time as our tables store it: naive UTC."""
        return to_database(self.now)

    def record(self, subject: str, subject_id: int, what: str, old: object, new: object, reason: str) -> None:
        """Journal one change of the transaction under way; ids and vocabulary only, no personal data."""
        self._changes.append(
            {
                "run_id": self.id,
                "subject": subject,
                "subject_id": subject_id,
                "field": what,
                "old_value": None if old is None else str(old),
                "new_value": None if new is None else str(new),
                "reason": reason,
                "created_at": self.moment,
            }
        )

    def transaction(self, work: Callable[..., Result], *arguments: Any, attempts: int = ATTEMPTS) -> Result:
        """Do ``work(*arguments)`` and write its journal in one transaction, again as a whole on a lock conflict."""
        before = self.counts.copy()

        def journalled() -> Result:
            self._changes.clear()
            self.counts = before.copy()
            result = work(*arguments)
            if self._changes:
                self.connection.execute(insert(journal), self._changes)
                self.changed = True
            return result

        try:
            return in_transaction(self.connection, journalled, attempts)
        except BaseException:
            self.counts = before
            raise
        finally:
            self._changes.clear()


@contextmanager
def applied_run(
    shop: Shop,
    connection: Connection,
    command: str,
    *,
    stage: str = "batch",
    undoes: int | None = None,
    check: Callable[[], object] | None = None,
    keep_empty: bool = True,
    sound: bool = True,
) -> Iterator[Run]:
    """Hold the stage's lock and a run row while something is applied.

    ``check`` looks, under the lock, whether the run may begin at all, and raises when it may not. Without
    ``keep_empty`` a run that found nothing to do leaves no row: those of every minute would hide the others. Raises
    ``LockedError`` when another run of the stage is under way, ``ConfigurationError`` when the database is
    not the one this state directory belongs to, or EC-CUBE's tables or our rights are not as they should be;
    ``sound`` is False where a person's right or the way out must not wait for that.
    """
    with stage_lock(shop, connection, stage):
        check_identity(shop, connection)
        if sound:
            require_sound(shop.settings, connection)
        if check is not None:
            check()
        current = _begin(shop, connection, command, undoes)
        try:
            remember(shop, connection)
            yield current
        except BaseException as error:
            with suppress(DBAPIError):  # the next run marks it as interrupted
                _finish(current, "failed", _failure(error))
            raise
        if keep_empty or not _forgotten(current):
            _finish(current, "done", None)
        _dump(current, stage)


def _dump(current: Run, stage: str) -> None:
    """Where our tables lie in EC-CUBE's database, keep them outside it too: EC-CUBE may drop them any day.

    Stages beside the batch run every minute, and mostly do nothing.
    """
    shop = current.shop
    if shop.database.table_prefix and (stage == "batch" or current.changed):
        write_dump(shop.settings, shop.database, "run", shop.clock.now())


def _failure(error: BaseException) -> str:
    """Why a run failed, without anything a traceback could carry: only our own sentences are kept."""
    return str(error)[:500] if isinstance(error, EccubeSyncError) else type(error).__name__


def _begin(shop: Shop, connection: Connection, command: str, undoes: int | None) -> Run:
    now = shop.clock.now()
    today = tokyo_date(now)

    def work() -> int:
        # The lock is ours: a run of this stage still marked running was killed.
        connection.execute(
            update(run).where(run.c.state == "running", run.c.command == command).values(state="interrupted")
        )
        connection.execute(update(installation).values(run_counter=installation.c.run_counter + 1))
        result = connection.execute(
            insert(run).values(
                command=command,
                today=today,
                state="running",
                started_at=to_database(now),
                actor=shop.actor,
                program_version=eccube_sync.__version__,
                undoes_run_id=undoes,
            )
        )
        return inserted_id(result)

    run_id = in_transaction(connection, work)
    return Run(run_id, today, now, shop, connection)


def _forgotten(current: Run) -> bool:
    """Take the row of a run back that did nothing; False where it did something, or a row refers to it."""
    if not current.empty:
        return False
    row = delete(run).where(run.c.id == current.id)
    try:
        in_transaction(current.connection, lambda: current.connection.execute(row))
    except IntegrityError:
        return False
    return True


def _finish(current: Run, state: str, failure: str | None) -> None:
    def work() -> None:
        current.connection.execute(
            update(run)
            .where(run.c.id == current.id)
            .values(
                state=state,
                finished_at=to_database(current.shop.clock.now()),
                counts=json.dumps(dict(current.counts), sort_keys=True),
                failure=failure,
            )
        )

    if not current.connection.closed and not current.connection.invalidated:
        if current.connection.in_transaction():
            current.connection.rollback()
        in_transaction(current.connection, work)


def changed_meanwhile() -> LockedError:
    """What to raise inside a transaction when another process changed what the plan saw."""
    return LockedError(
        _("Something changed since the plan was made; nothing was written. Look at the plan again.")
    )


# --- one run at a time -------------------------------------------------------------------------


@contextmanager
def stage_lock(shop: Shop, connection: Connection, stage: str) -> Iterator[None]:
    """Keep two runs of a stage apart: a file lock on this host, a server lock across hosts."""
    with file_lock(shop.settings.folders.lock / f"{stage}.lock", stage):
        if shop.database.kind == "sqlite":
            yield
            return
        # Lock names are server-wide and at most 64 characters long.
        name = hashlib.sha1(f"eccube_sync:{shop.database.own_schema}:{stage}".encode()).hexdigest()[:40]  # noqa: S324
        taken = connection.execute(text("SELECT GET_LOCK(:name, 0)"), {"name": name}).scalar_one()
        connection.rollback()
        if taken != 1:
            raise LockedError(_another_run(stage))
        try:
            yield
        finally:
            if not connection.closed and not connection.invalidated:
                with suppress(DBAPIError):  # it goes with the connection
                    connection.execute(text("SELECT RELEASE_LOCK(:name)"), {"name": name})
                connection.rollback()


@contextmanager
def file_lock(path: Path, stage: str) -> Iterator[None]:
    """Keep two runs of a stage apart on this host. Raises ``LockedError``."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LockedError(_another_run(stage)) from None
        yield
    finally:
        os.close(descriptor)


def _another_run(stage: str) -> str:
    words = {
        "batch": _("changes our tables"),
        "notify": _("sends notices"),
        "inbox": _("takes in what customers typed"),
    }
    return _(
        "Another run ({stage}) is under way; nothing was written. Try again when it has finished."
    ).format(stage=words.get(stage, stage))
