"""A restored or copied database mails nobody a second time, and a person can still have it sent."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlalchemy import update

from eccube_sync.errors import ConfigurationError, UsageError
from eccube_sync.services.notices.listing import resolve
from eccube_sync.services.notices.outboxjournal import OutboxJournal
from eccube_sync.services.setup.identity import adopt
from eccube_sync.tables.notices import notice
from tests.outbox.conftest import ON_SQLITE, Outbox, ids_of
from tests.support.rows import NOON
from tests.support.smtp import FaultyServer


@ON_SQLITE
def test_a_restored_backup_sends_nothing_that_had_left(outbox: Outbox, server: FaultyServer) -> None:
    file = outbox.ours.settings.sqlite_path("own")
    early, late = outbox.people(2)
    outbox.expire(early)
    shutil.copy(file, file.with_suffix(".backup"))
    outbox.send()
    outbox.expire(late)
    outbox.send()
    assert len(server.accepted) == 2
    shutil.copy(file.with_suffix(".backup"), file)

    with pytest.raises(ConfigurationError, match="restored"):
        outbox.send()
    with outbox.ours.connect() as connection:
        adopt(outbox.ours.service, connection)
    outbox.expire(late)  # the event comes again, with the key and the Message-ID it had
    report = outbox.send()

    assert len(server.accepted) == 2
    assert [(row.state, row.reason) for row in outbox.notices()] == [("in_doubt", "in_journal")] * 2
    assert report.needs_person == 2


def back_to_queued(outbox: Outbox) -> None:
    """What a restored database looks like, whatever the engine."""
    with outbox.ours.connect() as connection, connection.begin():
        connection.execute(update(notice).values(state="queued", sent_at=None))


def test_a_row_that_came_back_is_in_doubt_until_a_person_settles_it(
    outbox: Outbox, server: FaultyServer
) -> None:
    outbox.expire(*outbox.people(2))
    outbox.send()
    back_to_queued(outbox)
    outbox.send()
    assert outbox.states() == ["in_doubt"] * 2

    first, second = outbox.notices()
    with outbox.ours.connect() as connection:
        resolve(outbox.ours.service, connection, [first.id], resend=False)
        resolve(outbox.ours.service, connection, [second.id], resend=True)
    outbox.send()
    assert outbox.states() == ["sent"] * 2
    assert sorted(ids_of(server)) == sorted([first.message_id, second.message_id, second.message_id])

    back_to_queued(outbox)
    outbox.send()
    assert outbox.states() == ["in_doubt"] * 2, "to send again once is no leave to send for ever"


@ON_SQLITE
def test_only_mails_in_doubt_can_be_settled(outbox: Outbox, server: FaultyServer) -> None:
    outbox.expire(*outbox.people(2))
    outbox.send(limit=1)
    sent, queued = outbox.notices()
    for resend in (True, False):
        with outbox.ours.connect() as connection, pytest.raises(UsageError, match=str(queued.id)):
            resolve(outbox.ours.service, connection, [sent.id, queued.id], resend=resend)
    assert outbox.states() == ["sent", "queued"]


def test_the_journal_survives_a_torn_line(tmp_path: Path) -> None:
    path = tmp_path / "outbox" / "journal"
    journal = OutboxJournal(path, 7)
    journal.add("<one@example.jp>", "left", NOON)
    with path.open("ab") as file:
        file.write(b"2026-04-10T03:00:00Z 7 left <tw")
    OutboxJournal(path, 8).add("<three@example.jp>", "left", NOON)

    assert journal.left({"<one@example.jp>", "<two@example.jp>", "<three@example.jp>"}) == {
        "<one@example.jp>",
        "<three@example.jp>",
    }


def test_the_last_line_about_a_mail_counts(tmp_path: Path) -> None:
    journal = OutboxJournal(tmp_path / "journal", 1)
    for mark in ("left", "refused", "left", "resend"):
        journal.add("<one@example.jp>", mark, NOON)  # type: ignore[arg-type]
    assert journal.left({"<one@example.jp>"}) == set()
    journal.add("<one@example.jp>", "left", NOON)
    assert journal.left({"<one@example.jp>"}) == {"<one@example.jp>"}
