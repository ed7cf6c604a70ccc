"""The owner's mail: once a night, in numbers, and a failure of it is told and not raised."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import update

from eccube_sync.report import Report
from eccube_sync.services.reports.ownermail import send_owner_mail
from eccube_sync.services.running import Run
from eccube_sync.tables.cases import review_case
from eccube_sync.tables.notices import notice
from tests.outbox.conftest import ON_SQLITE, Outbox, parsed
from tests.support.smtp import FaultyServer

pytestmark = ON_SQLITE


@pytest.fixture
def outbox(make_outbox: Callable[..., Outbox]) -> Outbox:
    return make_outbox('[owner]\nmail = "owner@example.jp"\n')


@pytest.fixture
def server(outbox: Outbox) -> Iterator[FaultyServer]:
    with FaultyServer() as running:
        outbox.use(running)
        yield running


def mail_owner(outbox: Outbox, notes: tuple[str, ...] = (), counts: Any = (), **options: Any) -> Report:
    def work(run: Run) -> Report:
        run.counts.update(dict(counts))
        return send_owner_mail(run, notes, **options)

    report = outbox.ours.apply(work, "nightly")
    assert isinstance(report, Report)
    return report


def body(server: FaultyServer) -> str:
    part = parsed(server.accepted[-1]).get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def test_the_owner_reads_what_happened_what_waits_and_what_to_do(
    outbox: Outbox, server: FaultyServer
) -> None:
    outbox.expire(*outbox.people(2))
    with outbox.ours.connect() as connection, connection.begin():
        connection.execute(update(notice).where(notice.c.id == 1).values(state="in_doubt"))
    outbox.ours.add_case(outbox.person().customer, outbox.person().member)
    folder = outbox.ours.settings.folders.review_out
    (folder / "review-20260410.xlsx").write_bytes(b"")
    (folder / "name-only-20260411.xlsx").write_bytes(b"")
    mail_owner(outbox, counts={"rows": 3012, "became_ec_only": 2, "links_by_match": 4})

    text = body(server)
    assert parsed(server.accepted[-1])["To"] == "owner@example.jp"
    assert "3,012 rows" in text
    assert "Links: 4 new" in text
    assert "2 now EC会員" in text
    assert "1 to be sent" in text
    assert "Mails in doubt: 1" in text
    assert "review/out/review-20260410.xlsx" in text
    assert "customer" not in text


def test_messages_of_the_night_are_in_the_mail(outbox: Outbox, server: FaultyServer) -> None:
    mail_owner(outbox, ("On 2026-04-11, 40 customers will lose the store class.",))

    assert "2026-04-11, 40 customers" in body(server)


def test_a_night_that_was_stopped_says_why(outbox: Outbox, server: FaultyServer) -> None:
    mail_owner(outbox, refusals=["import: the file is empty"])

    assert "import: the file is empty" in body(server)
    assert "[Act now]" in parsed(server.accepted[-1])["Subject"]


def test_a_repeated_night_mails_the_owner_once(outbox: Outbox, server: FaultyServer) -> None:
    mail_owner(outbox)
    mail_owner(outbox)
    assert len(server.accepted) == 1
    outbox.later(days=1)
    mail_owner(outbox)
    assert len(server.accepted) == 2


def test_a_repeated_night_that_is_stopped_after_all_is_told(outbox: Outbox, server: FaultyServer) -> None:
    mail_owner(outbox)
    mail_owner(outbox, refusals=["expire: too many"])

    assert len(server.accepted) == 2


def test_sent_and_failed_mails_are_told_of_once(outbox: Outbox, server: FaultyServer) -> None:
    outbox.expire(outbox.person())
    outbox.send()
    outbox.later(minutes=1)
    mail_owner(outbox)
    assert "1 sent since the last report" in body(server)
    outbox.later(days=1)
    mail_owner(outbox)
    assert "0 sent since the last report" in body(server)


@pytest.mark.parametrize(
    ("phase", "fault"), [("banner", "554 go away"), ("rcpt", "550 5.1.1 unknown"), ("dot", "451 later")]
)
def test_a_failure_is_told_and_the_mails_of_the_night_wait(outbox: Outbox, phase: str, fault: str) -> None:
    outbox.expire(outbox.person(), command="nightly")
    with FaultyServer(phase, fault) as server:
        outbox.use(server)
        report = mail_owner(outbox)
        assert report.needs_person == 1
        assert any("wait" in note for note in report.notes)
        server.phase = None
        outbox.send()
        assert outbox.states() == ["queued"]
        mail_owner(outbox)
        outbox.send()
    assert outbox.states() == ["sent"]


def test_without_an_owner_nothing_is_sent(make_outbox: Callable[..., Outbox]) -> None:
    outbox = make_outbox()
    with FaultyServer() as server:
        outbox.use(server)
        mail_owner(outbox)
        assert server.accepted == []


def test_questions_are_new_once_whoever_opened_them_and_pairs_of_names_are_none(
    outbox: Outbox, server: FaultyServer
) -> None:
    def ask(kind: str) -> None:
        person = outbox.person()
        case = outbox.ours.add_case(person.customer, person.member, kind)
        number = outbox.ours.row(review_case, public_id=case).id
        outbox.ours.apply(
            lambda run: run.transaction(run.record, "case", number, "state", None, "open", kind), "inbox"
        )

    def told() -> str:
        mail_owner(outbox)
        outbox.later(days=1)
        return body(server)

    ask("uncertain")
    ask("name_only")
    assert "Questions for the reviewers: 1 (1 new)" in told()
    assert "Questions for the reviewers: 1 (0 new)" in told()
    ask("contradiction")
    assert "Questions for the reviewers: 2 (1 new)" in told()
