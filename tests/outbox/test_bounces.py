"""A mail that came back failed after all; an address a server calls wrong gets no more mails, and no other one."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from eccube_sync.mailmessage import message_id
from eccube_sync.tables.notices import notice, suspended_address
from tests.outbox.conftest import ON_SQLITE, Outbox, Person, parsed
from tests.outbox.returned import RETURNED, report
from tests.outbox.test_commands import call
from tests.support.installed import TODAY, install
from tests.support.maildir import Maildir
from tests.support.shop import Shop
from tests.support.smtp import FaultyServer

OURS = message_id("a shop", "expired:1:2026-04-09", "example.jp")
HARD, _none = RETURNED["no such user"]
SOFT, _none = RETURNED["mailbox full"]


def mailed(outbox: Outbox, *people: Person) -> list[str]:
    """Their memberships end and they are told; the Message-IDs."""
    outbox.expire(*people)
    outbox.send()
    return [row.message_id for row in outbox.notices(state="sent")]


def test_an_address_that_is_wrong_gets_no_more_mails_until_a_person_says_it_is_right(
    outbox: Outbox, server: FaultyServer, maildir: Maildir, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong, right = outbox.person(), outbox.person()
    first, _second = mailed(outbox, wrong, right)
    maildir.arrives(HARD(first, wrong.email))
    maildir.arrives("From: friend@example.com\n\nHello")

    assert call(outbox, "notices", "bounces", str(maildir.folder)) == 0
    assert outbox.states() == ["sent", "sent"]
    assert len(maildir.unread()) == 2
    capsys.readouterr()
    assert call(outbox, "notices", "bounces", str(maildir.folder), "--apply", "--json") == 1
    counts = json.loads(capsys.readouterr().out)["counts"]
    assert (counts["bounces_hard"], counts["addresses_suspended"]) == (1, 1)
    assert [(row.state, row.reason) for row in outbox.notices()] == [
        ("failed", "returned_hard"),
        ("sent", None),
    ]
    assert maildir.unread() == ["1.mail"]  # what is not ours stays as it was
    assert call(outbox, "notices", "list", "--state", "failed") == 0
    assert "no such mailbox" in capsys.readouterr().out

    assert call(outbox, "notices", "resolve", str(outbox.notices()[0].id), "--resend") == 0
    outbox.send()
    assert [parsed(one)["To"] for one in server.accepted] == [wrong.email, right.email, wrong.email]


@ON_SQLITE
def test_three_mails_that_came_back_in_a_month_are_one_address_too_many(
    outbox: Outbox, server: FaultyServer, maildir: Maildir
) -> None:
    """The first came back forty days before the others, and no longer counts."""
    person = outbox.person()
    happenings: list[Callable[[], None]] = [
        lambda: outbox.expire(person),
        lambda: outbox.renew(person, end_date=date(2026, 5, 29)),
        lambda: outbox.expire(person, end_date=date(2026, 5, 29)),
        lambda: outbox.renew(person, end_date=date(2027, 3, 31)),
    ]
    for number, (happens, days) in enumerate(zip(happenings, (0, 40, 10, 10), strict=True)):
        outbox.later(days=days)
        happens()
        outbox.send()
        maildir.arrives(SOFT(outbox.notice(state="sent").message_id, person.email))
        assert call(outbox, "notices", "bounces", str(maildir.folder), "--apply") == (number == 3)
        assert len(outbox.ours.rows(suspended_address)) == (number == 3)
    assert server.accepted


@ON_SQLITE
def test_what_came_back_for_another_reason_or_is_not_ours_blames_nobody(
    outbox: Outbox, server: FaultyServer, maildir: Maildir
) -> None:
    person = outbox.person()
    (ours,) = mailed(outbox, person)
    maildir.arrives(HARD(OURS, person.email))
    maildir.arrives(HARD(ours, "where.it.was.forwarded.to@example.net"))
    maildir.arrives(RETURNED["on holiday"][0](ours, person.email))
    maildir.arrives(report("failed", "5.7.1", "smtp; 550 5.7.1 spam")(ours, person.email))
    assert call(outbox, "notices", "bounces", str(maildir.folder), "--apply") == 0
    assert outbox.ours.rows(suspended_address) == []
    assert [row.reason for row in outbox.notices()] == ["returned_other"]
    assert server.accepted


@ON_SQLITE
def test_a_mail_that_comes_back_again_after_it_was_sent_again_counts_again(
    outbox: Outbox, server: FaultyServer, maildir: Maildir
) -> None:
    person = outbox.person()
    (ours,) = mailed(outbox, person)
    for _time in range(2):
        maildir.arrives(HARD(ours, person.email))
        assert call(outbox, "notices", "bounces", str(maildir.folder), "--apply") == 1
        assert outbox.states() == ["failed"]
        assert call(outbox, "notices", "resolve", "1", "--resend") == 0
        outbox.send()
    assert len(server.accepted) == 3


@ON_SQLITE
def test_a_person_may_say_that_the_address_is_right_after_all(
    outbox: Outbox, server: FaultyServer, maildir: Maildir
) -> None:
    person = outbox.person()
    (ours,) = mailed(outbox, person)
    maildir.arrives(HARD(ours, person.email))
    assert call(outbox, "notices", "bounces", str(maildir.folder), "--apply") == 1
    assert call(outbox, "notices", "resolve", "1", "--assume-sent") == 0
    assert (outbox.states(), outbox.ours.rows(suspended_address)) == (["sent"], [])
    assert len(server.accepted) == 1


@ON_SQLITE
def test_what_a_mail_program_saw_and_did_not_open_is_read_too(
    outbox: Outbox, server: FaultyServer, maildir: Maildir
) -> None:
    first, second = outbox.person(), outbox.person()
    ids = mailed(outbox, first, second)
    (maildir.folder / "cur" / "1.mail:2,").write_text(HARD(ids[0], first.email))
    (maildir.folder / "cur" / "2.mail:2,FS").write_text(HARD(ids[1], second.email))
    assert call(outbox, "notices", "bounces", str(maildir.folder), "--apply") == 1
    assert outbox.states() == ["failed", "sent"]
    assert sorted(path.name for path in (maildir.folder / "cur").iterdir()) == ["1.mail:2,S", "2.mail:2,FS"]
    assert len(server.accepted) == 2


@ON_SQLITE
def test_a_mail_that_was_being_handed_over_when_the_program_died_keeps_what_came_back(
    outbox: Outbox, server: FaultyServer, maildir: Maildir
) -> None:
    person = outbox.person()
    (ours,) = mailed(outbox, person)
    with outbox.ours.connect() as connection, connection.begin():
        connection.execute(update(notice).values(state="dot"))
    maildir.arrives(HARD(ours, person.email))
    assert call(outbox, "notices", "bounces", str(maildir.folder), "--apply") == 0
    assert len(maildir.unread()) == 1
    outbox.send()
    assert outbox.states() == ["in_doubt"]
    assert call(outbox, "notices", "bounces", str(maildir.folder), "--apply") == 1
    assert outbox.states() == ["failed"]
    assert len(server.accepted) == 1


@ON_SQLITE
def test_more_wrong_addresses_than_shops_have_wait_for_a_persons_number(
    outbox: Outbox, server: FaultyServer, maildir: Maildir, capsys: pytest.CaptureFixture[str]
) -> None:
    outbox.set_notices(per_minute=1000)
    people = outbox.people(31)
    for message, person in zip(mailed(outbox, *people), people, strict=True):
        maildir.arrives(HARD(message, person.email))
    refused = ("notices", "bounces", str(maildir.folder), "--apply")
    assert call(outbox, *refused) == 70
    assert "--i-expect 31" in capsys.readouterr().err
    assert (set(outbox.states()), outbox.ours.rows(suspended_address)) == ({"sent"}, [])
    assert call(outbox, *refused, "--i-expect", "31") == 1
    assert len(outbox.ours.rows(suspended_address)) == len(server.accepted) == 31


@ON_SQLITE
def test_a_mailbox_that_is_read_again_changes_nothing(
    outbox: Outbox, server: FaultyServer, tmp_path: Path
) -> None:
    person = outbox.person()
    (ours,) = mailed(outbox, person)
    box, single = tmp_path / "mbox", tmp_path / "one.eml"
    text = SOFT(ours, person.email)
    box.write_text(f"From MAILER-DAEMON Fri Apr 10 10:00:00 2026\n{text}\n" * 2, encoding="utf-8")
    single.write_text(text, encoding="utf-8")
    assert call(outbox, "notices", "bounces", str(box), "--apply") == 0
    before = outbox.notices()
    for path in (box, single):
        assert call(outbox, "notices", "bounces", str(path), "--apply") == 0
    assert outbox.notices() == before
    assert server.accepted


@ON_SQLITE
def test_a_place_that_is_no_mailbox_is_told_of(
    outbox: Outbox, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(outbox, "notices", "bounces") == 64
    assert "[mail] bounces" in capsys.readouterr().err
    assert call(outbox, "notices", "bounces", str(tmp_path)) == 78
    assert "no Maildir" in capsys.readouterr().err


def test_a_mailbox_the_night_cannot_read_is_told_of_and_keeps_no_mail_from_leaving(
    sqlite_shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = install(sqlite_shop, tmp_path / "sync")
    with FaultyServer() as server:
        shop.mail_port, shop.mail = server.port, f'bounces = "{tmp_path / "nowhere"}"\n'
        shop.configure()
        shop.fill(40, 60, register=20)
        for days, registered in enumerate((20, 40)):
            day = TODAY + timedelta(days=days)
            shop.add_customers(20, registered)
            shop.drop_export(day)
            shop.at(day, 11)
            assert shop.run("-q", "nightly") == 78
            assert "nowhere cannot be read: No such file" in capsys.readouterr().err
        assert server.accepted
