"""Sending: each mail judged again, every answer of the server, the window, the caps, the breaker."""

from __future__ import annotations

import errno
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from eccube_sync.configsections import Projection
from eccube_sync.errors import ConfigurationError, ExitCode, GuardRefusedError, LockedError
from eccube_sync.maildelivery import MailServerError
from eccube_sync.services.notices.listing import resolve
from eccube_sync.services.notices.noticing import queue_reminders
from eccube_sync.services.notices.outboxjournal import OutboxJournal
from eccube_sync.services.reports.ownermail import send_owner_mail
from eccube_sync.services.running import stage_lock
from eccube_sync.tables.customers import projection_state
from eccube_sync.tables.members import member_version
from eccube_sync.tables.notices import mail_count, notice, suspended_address
from eccube_sync.tables.runs import journal
from eccube_sync.tables.runs import run as run_table
from tests.outbox.conftest import ENDED, ON_SQLITE, Outbox, Person, ids_of, parsed
from tests.support.smtp import FaultyServer, mail_sink

OWNER = '[owner]\nmail = "owner@example.jp"\n'


def test_a_queued_mail_leaves_once_with_the_bytes_it_was_queued_with(
    outbox: Outbox, server: FaultyServer
) -> None:
    person = outbox.person()
    outbox.expire(person)
    queued = outbox.notice()
    report = outbox.send()
    again = outbox.send()

    assert server.accepted == [queued.message]
    assert outbox.notice().state == "sent"
    assert outbox.notice().sent_at is not None
    assert (report.counts["notices_sent"], again.counts["notices_sent"]) == (1, 0)
    assert report.needs_person == 0


@ON_SQLITE
def test_every_mail_goes_to_one_address_from_the_envelope_sender(outbox: Outbox) -> None:
    people = outbox.people(2)
    outbox.expire(*people)
    with mail_sink() as sink:
        mail = outbox.ours.settings.mail
        assert mail is not None
        outbox.set(mail=mail.model_copy(update={"port": sink.port}))
        outbox.send()

    assert [(sender, to) for sender, to, _content in sink.mails] == [
        ("bounce@example.jp", [person.email]) for person in people
    ]


@ON_SQLITE
def test_the_urgent_mails_leave_first(outbox: Outbox, server: FaultyServer) -> None:
    outbox.person(end_date=date(2026, 5, 10))
    outbox.ours.apply(queue_reminders)
    outbox.expire(outbox.person())
    outbox.send()

    assert [
        row.kind for row in sorted(outbox.notices(), key=lambda row: ids_of(server).index(row.message_id))
    ] == [
        "expired",
        "expiring",
    ]


@ON_SQLITE
def test_an_idle_call_makes_no_run(outbox: Outbox, server: FaultyServer) -> None:
    outbox.send()

    assert outbox.ours.rows(run_table, command="notify") == []
    assert server.connections == 0


# --- judged again -----------------------------------------------------------------------------------------


def change_address(outbox: Outbox, person: Person) -> None:
    outbox.ours.eccube.execute(
        "UPDATE dtb_customer SET email = 'new@example.com' WHERE id = :id", id=person.eccube
    )


def withdraw(outbox: Outbox, person: Person) -> None:
    outbox.ours.eccube.execute(
        "UPDATE dtb_customer SET customer_status_id = 3 WHERE id = :id", id=person.eccube
    )


def vanish(outbox: Outbox, person: Person) -> None:
    outbox.ours.eccube.execute("DELETE FROM dtb_customer WHERE id = :id", id=person.eccube)


def become_another_person(outbox: Outbox, person: Person) -> None:
    outbox.ours.eccube.execute(
        "UPDATE dtb_customer SET create_date = '2026-04-01 00:00:00' WHERE id = :id", id=person.eccube
    )


def switch_off(outbox: Outbox, _person: Person) -> None:
    outbox.set_notices(kinds=("linked",))


def wait_too_long(outbox: Outbox, _person: Person) -> None:
    outbox.later(days=8)


@ON_SQLITE
@pytest.mark.parametrize(
    ("happens", "reason"),
    [
        (change_address, "address_changed"),
        (withdraw, "customer_gone"),
        (vanish, "customer_gone"),
        (become_another_person, "customer_gone"),
        (lambda outbox, person: outbox.renew(person), "class_changed"),
        (lambda outbox, person: outbox.end_link(person), "link_ended"),
        (lambda outbox, person: outbox.expire(person, end_date=date(2026, 4, 8)), "end_date_changed"),
        (switch_off, "kind_switched_off"),
        (wait_too_long, "too_old"),
    ],
    ids=["address", "withdrawn", "vanished", "other person", "renewed", "link", "end date", "kind", "old"],
)
def test_what_became_untrue_is_cancelled_with_its_reason(
    outbox: Outbox, server: FaultyServer, happens: Callable[[Outbox, Person], None], reason: str
) -> None:
    person = outbox.person()
    outbox.expire(person)
    happens(outbox, person)
    outbox.send()

    row = outbox.notice(kind="expired", notice_key=f"expired:{person.member}:{ENDED}")
    assert (row.state, row.reason) == ("cancelled", reason)
    assert row.message_id not in ids_of(server)


def test_a_mail_waits_until_ec_cube_shows_the_class(outbox: Outbox, server: FaultyServer) -> None:
    outbox.ours.eccube.execute("ALTER TABLE dtb_customer ADD COLUMN customer_rank_id INT NULL")
    place = Projection(kind="column", column="customer_rank_id", store_value="2", ec_only_value="1")
    outbox.set(projections=(place,))
    outbox.expire(outbox.person())
    waiting = outbox.send()
    assert (outbox.states(), waiting.counts["notices_waiting"]) == (["queued"], 1)
    assert server.accepted == []

    with outbox.ours.connect() as connection, connection.begin():
        connection.execute(update(projection_state).values(state="done"))
    outbox.send()
    assert outbox.states() == ["sent"]


def test_every_outcome_is_written_on_either_database(outbox: Outbox) -> None:
    sent, later, refused, doubtful, untrue = outbox.people(5)
    for phase, fault, person in (
        (None, "", sent),
        ("rcpt", "451 4.7.1 later", later),
        ("rcpt", "550 5.1.1 unknown", refused),
        ("dot", "drop", doubtful),
    ):
        outbox.expire(person)
        with FaultyServer(phase, fault) as server:
            outbox.use(server)
            outbox.send()
    outbox.expire(untrue)
    change_address(outbox, untrue)
    with FaultyServer() as server:
        outbox.use(server)
        outbox.send()
        outbox.later(minutes=7)
        outbox.send()
        assert ids_of(server) == [outbox.notice(customer_id=later.customer).message_id]

    assert outbox.states() == ["sent", "sent", "failed", "in_doubt", "cancelled"]
    assert len(outbox.ours.rows(suspended_address)) == 1
    steps = [(row.old_value, row.new_value) for row in outbox.ours.rows(journal, subject="notice")]
    assert {("queued", "claimed"), ("claimed", "dot"), ("dot", "sent"), ("claimed", "queued")} <= set(steps)
    assert {("claimed", "failed"), ("dot", "in_doubt"), ("queued", "cancelled")} <= set(steps)


# --- when ---------------------------------------------------------------------------------------------------


@ON_SQLITE
def test_outside_the_window_nothing_leaves_and_it_says_when(outbox: Outbox, server: FaultyServer) -> None:
    outbox.expire(outbox.person())
    outbox.later(hours=6)  # 18:00 in Tokyo
    report = outbox.send()

    assert outbox.states() == ["queued"]
    assert any("2026-04-11 10:00" in note for note in report.notes)
    assert report.needs_person == 0
    outbox.later(hours=16)
    outbox.send()
    assert outbox.states() == ["sent"]


@ON_SQLITE
def test_the_window_can_be_ignored_by_hand(outbox: Outbox, server: FaultyServer) -> None:
    outbox.expire(outbox.person())
    outbox.later(hours=10)
    outbox.send(ignore_window=True)

    assert outbox.states() == ["sent"]


@ON_SQLITE
def test_the_cap_of_a_minute_is_waited_for(outbox: Outbox, server: FaultyServer) -> None:
    outbox.set_notices(per_minute=2)
    outbox.expire(*outbox.people(5))
    before = outbox.ours.clock.now()
    outbox.send()

    assert outbox.states() == ["sent"] * 5
    assert outbox.ours.clock.now() - before >= timedelta(minutes=2)


@ON_SQLITE
def test_the_window_may_close_while_a_cap_is_waited_for(outbox: Outbox, server: FaultyServer) -> None:
    outbox.set_notices(per_minute=1)
    outbox.expire(*outbox.people(3))
    outbox.later(hours=5, minutes=58, seconds=30)
    report = outbox.send()

    assert sorted(outbox.states()) == ["queued", "sent", "sent"]
    assert any("2026-04-11 10:00" in note for note in report.notes)


@ON_SQLITE
def test_the_cap_of_an_hour_ends_the_call_and_outlives_it(outbox: Outbox, server: FaultyServer) -> None:
    outbox.set_notices(per_hour=2)
    outbox.expire(*outbox.people(5))
    first = outbox.send()
    outbox.later(minutes=30)
    second = outbox.send()
    assert (first.counts["notices_sent"], second.counts["notices_sent"]) == (2, 0)
    assert any("13:01" in note for note in second.notes)

    outbox.later(minutes=31)
    assert outbox.send().counts["notices_sent"] == 2
    assert sum(row.mails for row in outbox.ours.rows(mail_count)) == 4


@ON_SQLITE
def test_the_cap_of_a_day_spans_a_night(outbox: Outbox, server: FaultyServer) -> None:
    outbox.set_notices(per_day=1)
    outbox.expire(*outbox.people(2))
    outbox.send()
    outbox.later(hours=23)
    assert outbox.send().counts["notices_sent"] == 0
    outbox.later(hours=1, minutes=1)
    assert outbox.send().counts["notices_sent"] == 1


@ON_SQLITE
def test_a_limit_sends_so_many(outbox: Outbox, server: FaultyServer) -> None:
    outbox.expire(*outbox.people(3))
    outbox.send(limit=2)

    assert sorted(outbox.states()) == ["queued", "sent", "sent"]


def test_two_calls_at_once_do_not_meet(outbox: Outbox, server: FaultyServer) -> None:
    outbox.expire(outbox.person())
    service = outbox.ours.service
    with (
        outbox.ours.connect() as connection,
        stage_lock(service, connection, "notify"),
        pytest.raises(LockedError),
    ):
        outbox.send()
    assert server.accepted == []


# --- the owner first ------------------------------------------------------------------------------------------


def summarise(outbox: Outbox) -> None:
    outbox.ours.apply(lambda run: send_owner_mail(run, []), "nightly")


def test_mails_of_a_night_leave_after_the_owners_mail_of_that_night(
    make_outbox: Callable[..., Outbox],
) -> None:
    outbox = make_outbox(OWNER)
    with FaultyServer() as server:
        outbox.use(server)
        outbox.later(days=-1)
        summarise(outbox)
        outbox.later(days=1)
        outbox.expire(outbox.person(), command="nightly")
        report = outbox.send()
        assert outbox.states() == ["queued"]
        assert any("owner" in note for note in report.notes)

        summarise(outbox)
        outbox.send()
        assert outbox.states() == ["sent"]
        assert parsed(server.accepted[-2])["To"] == "owner@example.jp"


@ON_SQLITE
def test_mails_of_a_run_by_hand_need_no_owners_mail(make_outbox: Callable[..., Outbox]) -> None:
    outbox = make_outbox(OWNER)
    with FaultyServer() as server:
        outbox.use(server)
        outbox.expire(outbox.person())
        outbox.send()

    assert outbox.states() == ["sent"]


@ON_SQLITE
def test_with_the_summary_stage_off_nobody_waits_for_it(make_outbox: Callable[..., Outbox]) -> None:
    outbox = make_outbox(OWNER + '[nightly]\nstages = ["expire", "notify"]\n')
    with FaultyServer() as server:
        outbox.use(server)
        outbox.expire(outbox.person(), command="nightly")
        outbox.send()

    assert outbox.states() == ["sent"]


# --- what the server says ---------------------------------------------------------------------------------------


@ON_SQLITE
@pytest.mark.parametrize(
    ("phase", "fault"),
    [
        ("rcpt", "451 4.7.1 greylisted"),
        ("mail", "drop"),
        ("data", "421 4.3.2 later"),
        ("body", "drop"),
        ("dot", "451 4.3.0 later"),
    ],
)
def test_what_was_not_accepted_goes_out_again_with_the_same_bytes(
    outbox: Outbox, phase: str, fault: str
) -> None:
    outbox.expire(outbox.person())
    with FaultyServer(phase, fault, times=1) as server:
        outbox.use(server)
        first = outbox.send()
        row = outbox.notice()
        assert (row.state, row.attempts) == ("queued", 1)
        assert first.counts["notices_retry"] == 1
        assert outbox.send().counts["notices_sent"] == 0, "not before its time"

        outbox.later(minutes=7)
        server.phase = None
        outbox.send()
        assert server.accepted == [row.message]
    assert outbox.notice().state == "sent"


@ON_SQLITE
def test_after_three_days_of_trying_a_mail_has_failed(outbox: Outbox) -> None:
    outbox.expire(outbox.person())
    with FaultyServer("rcpt", "451 4.7.1 greylisted") as server:
        outbox.use(server)
        for _hour in range(24 * 5):
            outbox.send(ignore_window=True)
            outbox.later(hours=1)
            if outbox.states() == ["failed"]:
                break

    row = outbox.notice()
    assert (row.state, row.reason) == ("failed", "temporarily_refused")
    assert 6 <= row.attempts <= 9


def test_an_unknown_address_is_suspended_by_a_hash_and_later_mails_to_it_are_cancelled(
    outbox: Outbox,
) -> None:
    person = outbox.person()
    outbox.expire(person)
    with FaultyServer("rcpt", "550 5.1.1 unknown") as server:
        outbox.use(server)
        report = outbox.send()
    row = outbox.notice()
    assert (row.state, row.reason, report.needs_person) == ("failed", "address_refused", 1)
    (kept,) = outbox.ours.rows(suspended_address)
    assert person.email not in str(tuple(kept))

    outbox.renew(person)
    with FaultyServer() as server:
        outbox.use(server)
        outbox.send()
        assert server.accepted == []
    row = outbox.notice(kind="restored")
    assert (row.state, row.reason) == ("cancelled", "address_suspended")


@ON_SQLITE
def test_a_person_may_have_a_failed_mail_sent_again(outbox: Outbox) -> None:
    outbox.expire(outbox.person())
    with FaultyServer("rcpt", "550 5.1.1 unknown") as server:
        outbox.use(server)
        outbox.send()
        server.phase = None
        with outbox.ours.connect() as connection:
            resolve(outbox.ours.service, connection, [outbox.notice().id], resend=True)
        outbox.send()
        assert ids_of(server) == [outbox.notice().message_id]
    assert outbox.ours.rows(suspended_address) == []


@ON_SQLITE
@pytest.mark.parametrize("phase", ["rcpt", "dot"])
def test_a_refused_mail_does_not_blame_the_address(outbox: Outbox, phase: str) -> None:
    outbox.expire(outbox.person())
    with FaultyServer(phase, "554 5.7.1 spam") as server:
        outbox.use(server)
        outbox.send()

    assert outbox.states() == ["failed"]
    assert outbox.ours.rows(suspended_address) == []


@ON_SQLITE
@pytest.mark.parametrize("fault", ["drop", "garbage"])
def test_no_clear_answer_after_the_dot_is_in_doubt_and_never_sent_again_by_itself(
    outbox: Outbox, fault: str
) -> None:
    outbox.expire(*outbox.people(2))
    with FaultyServer("dot", fault, times=1) as server:
        outbox.use(server)
        report = outbox.send()
        for _later in range(3):
            outbox.later(days=1)
            outbox.send()
        assert len(server.accepted) == 2
        assert len(set(ids_of(server))) == 2
    assert outbox.states() == ["in_doubt", "sent"]
    assert (report.counts["notices_in_doubt"], report.needs_person) == (1, 1)


@ON_SQLITE
@pytest.mark.parametrize(
    ("phase", "fault"),
    [("banner", "554 5.3.2 go away"), ("mail", "530 5.7.0 log in first"), ("mail", "553 5.1.8 bad sender")],
)
def test_a_refusal_of_ourselves_ends_the_run_and_touches_no_mail(
    outbox: Outbox, phase: str, fault: str
) -> None:
    outbox.expire(*outbox.people(3))
    with FaultyServer(phase, fault) as server:
        outbox.use(server)
        with pytest.raises(MailServerError) as refusal:
            outbox.send()
    assert refusal.value.exit_code == ExitCode.CONFIGURATION
    assert [(row.state, row.attempts) for row in outbox.notices()] == [("queued", 0)] * 3
    assert outbox.ours.rows(suspended_address) == []


@ON_SQLITE
def test_without_a_server_nothing_is_claimed(outbox: Outbox) -> None:
    outbox.expire(outbox.person())
    with FaultyServer() as server:
        outbox.use(server)
    with pytest.raises(MailServerError):
        outbox.send()
    row = outbox.notice()
    assert (row.state, row.attempts, row.first_tried_at) == ("queued", 0, None)


@ON_SQLITE
def test_ten_failures_in_a_row_stop_the_run(outbox: Outbox) -> None:
    outbox.set_notices(per_minute=1000)
    outbox.expire(*outbox.people(12))
    with FaultyServer("rcpt", "451 4.7.1 later") as server:
        outbox.use(server)
        report = outbox.send()

    assert sum(row.attempts for row in outbox.notices()) == 10
    assert any("stopped" in note for note in report.notes)
    assert report.needs_person


@ON_SQLITE
def test_with_a_journal_that_cannot_be_written_no_mail_is_accepted(
    outbox: Outbox, server: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox.expire(outbox.person())

    def full_disk(_journal: OutboxJournal, _line: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(OutboxJournal, "_append", full_disk)
        with pytest.raises(ConfigurationError, match="No space left"):
            outbox.send()
    assert server.accepted == []
    assert outbox.states() == ["queued"]


@ON_SQLITE
def test_a_journal_that_is_a_link_is_not_followed(outbox: Outbox, server: FaultyServer) -> None:
    outbox.expire(outbox.person())
    outbox.ours.settings.folders.outbox_journal.symlink_to("/dev/zero")
    with pytest.raises(ConfigurationError, match="journal"):
        outbox.send()
    assert server.accepted == []


@ON_SQLITE
def test_nothing_of_a_customer_stands_in_the_journal_file(outbox: Outbox, server: FaultyServer) -> None:
    person = outbox.person()
    outbox.expire(person)
    outbox.send()
    path = outbox.ours.settings.folders.outbox_journal

    assert outbox.notice().message_id in path.read_text()
    assert "customer" not in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600


# --- recorded events ------------------------------------------------------------------------------------------


def test_recorded_events_are_mailed_when_their_exact_number_is_named(
    outbox: Outbox, server: FaultyServer
) -> None:
    people = outbox.people(3)
    outbox.expire(*people, baseline=True)
    outbox.renew(people[0])
    with outbox.ours.connect() as connection, connection.begin():
        connection.execute(update(notice).where(notice.c.kind == "restored").values(state="cancelled"))
    with pytest.raises(GuardRefusedError, match="2 recorded"):
        outbox.send(baseline=3)
    assert server.accepted == []
    assert outbox.notices(state="baseline") == outbox.notices(kind="expired")

    outbox.send(baseline=2)
    assert [row.state for row in outbox.notices(kind="expired")] == ["baseline", "sent", "sent"]


@ON_SQLITE
def test_recorded_events_that_were_named_leave_though_they_are_old(
    outbox: Outbox, server: FaultyServer
) -> None:
    outbox.expire(outbox.person(), baseline=True)
    outbox.later(days=60)
    outbox.send(baseline=1)

    assert outbox.states() == ["sent"]


@ON_SQLITE
def test_the_member_number_of_a_proven_link_is_in_the_mail(outbox: Outbox, server: FaultyServer) -> None:
    person = outbox.person()
    with outbox.ours.connect() as connection, connection.begin():
        connection.execute(update(member_version).values(number="A-0042"))
    outbox.expire(person)
    outbox.send()
    body = parsed(server.accepted[0]).get_body(("plain",))

    assert body is not None
    assert "A-0042" in body.get_content()


@ON_SQLITE
def test_a_shop_without_mail_settings_says_so(make_outbox: Callable[..., Outbox], tmp_path: Path) -> None:
    outbox = make_outbox(mail="")

    assert "[mail]" in outbox.send().headline
