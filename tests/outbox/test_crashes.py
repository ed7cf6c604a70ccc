"""Killed anywhere and run again: nobody gets a mail twice, nobody is forgotten, at most one mail is in doubt."""

from __future__ import annotations

import pickle
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from eccube_sync.errors import LockedError
from eccube_sync.mailclient import Client
from eccube_sync.mailer import Session
from eccube_sync.services.notices.outboxjournal import OutboxJournal
from eccube_sync.services.running import Run
from eccube_sync.tables.notices import notice
from eccube_sync.tables.runs import journal
from tests.outbox.conftest import ON_SQLITE, Outbox, ids_of
from tests.outbox.killed import PLACES
from tests.support.smtp import FaultyServer

ROOT = Path(__file__).parents[2]
STEPS: tuple[tuple[type, str], ...] = (
    (Run, "transaction"),
    (Session, "prepare"),
    (Session, "deliver"),
    (Client, "finish"),
    (OutboxJournal, "add"),
)


class KilledError(BaseException):
    """What a test kills a run with; no handler of the program knows it."""


class Killer:
    """Counts the calls to the outside world and kills the run before the one it is told to."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.left = 0
        for owner, name in STEPS:
            patch.setattr(owner, name, self._watched(getattr(owner, name)))

    def _watched(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*arguments: Any, **options: Any) -> Any:
            self._tick()
            result = function(*arguments, **options)
            self._tick()
            return result

        return watched

    def _tick(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise KilledError


def check_aftermath(outbox: Outbox, server: FaultyServer) -> None:
    """After a clean run: every mail is sent or in doubt, none arrived twice, the sent ones arrived."""
    arrived = Counter(ids_of(server))
    assert max(arrived.values(), default=1) == 1
    rows = outbox.notices()
    assert {row.state for row in rows} <= {"sent", "in_doubt"}
    assert {row.message_id for row in rows if row.state == "sent"} <= set(arrived)


def test_killed_before_or_after_every_single_step_and_run_again(
    outbox: Outbox, server: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    killer = Killer(monkeypatch)
    outbox.set_notices(per_minute=10_000)
    steps = doubts = 0
    while True:
        killer.left = 0
        outbox.expire(*outbox.people(1))
        killer.left = steps = steps + 1
        try:
            outbox.send()
        except KilledError:
            killer.left = 0
            outbox.send()
        else:
            break
        check_aftermath(outbox, server)
        in_doubt = outbox.states().count("in_doubt")
        assert in_doubt - doubts in (0, 1)
        doubts = in_doubt
    assert steps > 12
    assert doubts <= 7, "only between the mark and the end of the last transaction"


@pytest.mark.parametrize("place", PLACES)
def test_a_process_that_dies_there_loses_and_doubles_nothing(
    outbox: Outbox, server: FaultyServer, place: str
) -> None:
    outbox.expire(*outbox.people(3))
    dead = subprocess.run(
        [sys.executable, "-m", "tests.outbox.killed", place],
        input=pickle.dumps((outbox.ours.settings, outbox.ours.clock.now())),
        cwd=ROOT,
        check=False,
        timeout=60,
    )
    assert dead.returncode == 9
    send_when_the_lock_is_free(outbox)

    check_aftermath(outbox, server)
    expected = 1 if place in ("after the mark", "before the dot", "after the answer") else 0
    assert outbox.states().count("in_doubt") == expected


def send_when_the_lock_is_free(outbox: Outbox) -> None:
    """A server notices within milliseconds that the process that held its lock is dead."""
    for _try in range(50):
        try:
            outbox.send()
        except LockedError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the lock was never freed")


@ON_SQLITE
def test_what_a_dead_run_left_is_settled_in_the_journal(outbox: Outbox, server: FaultyServer) -> None:
    outbox.expire(*outbox.people(2))
    first, second = outbox.notices()
    with outbox.ours.connect() as connection, connection.begin():
        connection.execute(notice.update().where(notice.c.id == first.id).values(state="claimed"))
        connection.execute(notice.update().where(notice.c.id == second.id).values(state="dot"))
    report = outbox.send()

    assert outbox.states() == ["sent", "in_doubt"]
    assert report.needs_person == 1
    lines = [
        (row.subject_id, row.old_value, row.new_value) for row in outbox.ours.rows(journal, subject="notice")
    ]
    assert (first.id, "claimed", "queued") in lines
    assert (second.id, "dot", "in_doubt") in lines


@ON_SQLITE
def test_a_killed_run_is_settled_even_outside_the_window(outbox: Outbox, server: FaultyServer) -> None:
    outbox.expire(outbox.person())
    with outbox.ours.connect() as connection, connection.begin():
        connection.execute(notice.update().values(state="dot"))
    outbox.later(hours=10)
    outbox.send()

    assert outbox.states() == ["in_doubt"]
