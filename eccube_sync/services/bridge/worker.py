"""The bridge's one worker: takes customers from the queue and decides about them, as ``inbox`` would.

A database that is away is waited for. What fails otherwise is tried again, alone and later each time: it is
neither lost nor in anybody's way, and the night decides about that customer in any case.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from eccube_sync.config import load
from eccube_sync.dberrors import error_number
from eccube_sync.errors import ConfigurationError, LockedError
from eccube_sync.services.bridge.queue import EVERYTHING, Queue, Waiting
from eccube_sync.services.inbox import rows as inboxrows  # noqa: F401 - read now, not while the first customer waits
from eccube_sync.services.inbox.inboxing import apply_inbox, plan_inbox
from eccube_sync.services.running import Shop, applied_run
from eccube_sync.services.setup.migrating import require_schema

AT_ONCE = 50
"""So many customers are decided about together."""
LONGEST_PAUSE = 30.0
LONGEST_DELAY = 3600.0
LOCK_PAUSE = 0.2
GATHERING = 0.03
"""Seconds without anybody new after which the work begins."""
LONGEST_GATHERING = 0.1
IDLE = 60.0

logger = logging.getLogger("eccube_sync.bridge")


class Worker(threading.Thread):
    """Works until it is stopped; what it is at then is brought to its end."""

    def __init__(self, shop: Shop, queue: Queue) -> None:
        super().__init__(name="bridge-worker", daemon=True)
        self.reachable = True
        """Whether the database answered when it was last needed."""
        self._shop, self._queue = shop, queue
        self._news, self._stopping = threading.Event(), threading.Event()
        self._opened = ExitStack()
        self._connection: Connection | None = None

    def tell(self) -> None:
        """Say that something was put into the queue."""
        self._news.set()

    def stop(self, seconds: float) -> None:
        """Bring the batch under way to its end and stop; waits this long at most."""
        self._stopping.set()
        self._news.set()
        self.join(seconds)

    def run(self) -> None:
        pause, many = 0.0, False
        while not self._stopping.is_set():
            if not many:
                self._gather()
            self._news.clear()
            if self._stopping.is_set():  # its news may be among those just cleared
                break
            batch = self._queue.take(AT_ONCE, time.time())
            many = len(batch) == AT_ONCE
            if not batch:
                self._news.wait(IDLE if self._queue.waiting()[0] == 0 else 1.0)
                continue
            pause = self._attempt(batch, pause)
            if pause:
                self._stopping.wait(pause)
        self._disconnect()

    def _gather(self) -> None:
        """Let those who come together be decided about together: twenty take little longer than one."""
        limit = time.monotonic() + LONGEST_GATHERING
        self._news.clear()
        while self._news.wait(GATHERING) and time.monotonic() < limit:
            self._news.clear()

    def _attempt(self, batch: Sequence[Waiting], pause: float) -> float:
        """Deal with some customers; returns how long to wait before the next try."""
        try:
            self._deal_with(batch)
        except LockedError:
            return LOCK_PAUSE  # ``inbox`` is at it
        except (DBAPIError, ConfigurationError) as error:
            self._disconnect()
            if (
                isinstance(error, ConfigurationError)
                or error.connection_invalidated
                or error_number(error) > 2000
            ):
                self.reachable = False
                logger.warning(
                    "the database cannot be used (%s); %d wait", _kind(error), self._queue.waiting()[0]
                )
                return min(2 * pause or 0.5, LONGEST_PAUSE)
            self._later(batch, error)
        except Exception as error:
            self._disconnect()
            self._later(batch, error)
        return 0.0

    def _deal_with(self, batch: Sequence[Waiting]) -> None:
        connection = self._connect()
        self.reachable = True
        ids = [one.eccube_id for one in batch if one.eccube_id != EVERYTHING]
        only = None if len(ids) < len(batch) else ids
        plan = plan_inbox(self._shop, connection, only=only)
        if plan.obstacle is not None and self._reread_settings():
            plan = plan_inbox(self._shop, connection, only=only)
        plan.customers.update(ids)
        if plan.obstacle is not None:
            logger.warning("%d customers are left to the night: %s", len(plan.customers), plan.obstacle)
        if not plan.empty:
            with applied_run(self._shop, connection, "bridge", stage="inbox", keep_empty=False) as run:
                apply_inbox(run, plan)
            name = "nothing new" if run.empty else f"run {run.id}"
            logger.info("%s: %d customers", name, len(plan.customers))
        self._queue.cross_out(batch)

    def _reread_settings(self) -> bool:
        """Take over what the shop changed since the bridge was started; returns whether that was anything."""
        with suppress(ConfigurationError):
            settings = load(self._shop.settings.path)
            if settings != self._shop.settings:
                self._shop = replace(self._shop, settings=settings)
                return True
        return False

    def _later(self, batch: Sequence[Waiting], error: Exception) -> None:
        delay = min(2.0 ** batch[0].attempts, LONGEST_DELAY)
        logger.error("%s; %d customers are tried again in %d s", _kind(error), len(batch), delay)
        self._queue.postpone(batch, time.time(), delay)

    def _connect(self) -> Connection:
        if self._connection is None:
            self._connection = self._opened.enter_context(self._shop.database.connect())
            require_schema(self._connection)
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.invalidate()
        self._opened.close()
        self._connection = None


def _kind(error: Exception) -> str:
    """What kind of error it was, without anything it carries."""
    number = error_number(error) if isinstance(error, DBAPIError) else 0
    return f"{type(error).__name__} {number}" if number else type(error).__name__
