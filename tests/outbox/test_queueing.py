"""What is queued: once an event, in its transaction, with its bytes; and what is only recorded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from eccube_sync.errors import GuardRefusedError
from eccube_sync.membership.classes import ClassDecision
from eccube_sync.services.classes.classing import ClassChange
from eccube_sync.services.classes.deciding import decide
from eccube_sync.services.links.linking import end_link, insert_link
from eccube_sync.services.notices.noticing import (
    cancel_for_customers,
    cancel_for_links,
    queue_corrections,
    queue_for_classes,
    queue_for_links,
    queue_reminders,
)
from eccube_sync.services.running import Run
from eccube_sync.tables.customers import customer_class
from eccube_sync.tables.members import member_version
from eccube_sync.tables.notices import notice
from eccube_sync.tables.runs import journal
from tests.outbox.conftest import ENDED, MAIL, ON_SQLITE, TODAY, Outbox, parsed

END = date(2026, 5, 10)  # thirty days ahead


def text_of(content: bytes) -> str:
    body = parsed(content).get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def test_an_end_queues_one_mail_with_its_bytes(outbox: Outbox) -> None:
    person = outbox.person(name01="佐藤", name02="次郎")
    outbox.expire(person)

    row = outbox.notice()
    assert (row.kind, row.state, row.recipient) == ("expired", "queued", person.email)
    assert row.notice_key == f"expired:{person.member}:{ENDED}"
    mail = parsed(row.message)
    assert mail["To"] == person.email
    assert mail["Message-ID"] == row.message_id
    assert "佐藤 次郎" in text_of(row.message)


def test_the_same_event_twice_is_one_row_with_the_same_bytes(outbox: Outbox) -> None:
    person = outbox.person()
    change = outbox.change(
        person, ClassDecision("ec_only", "ended", person.member, end_date=ENDED, valid_through=ENDED)
    )
    outbox.ours.apply(lambda run: run.transaction(queue_for_classes, run, [change]))
    first = outbox.notice()
    outbox.later(hours=3)
    outbox.ours.apply(lambda run: run.transaction(queue_for_classes, run, [change]))

    assert outbox.notice() == first


def test_a_failed_transaction_leaves_no_mail(outbox: Outbox) -> None:
    person = outbox.person()
    change = outbox.change(
        person, ClassDecision("ec_only", "ended", person.member, end_date=ENDED, valid_through=ENDED)
    )

    def work(run: Run) -> None:
        def queue_and_fail() -> None:
            queue_for_classes(run, [change])
            raise ZeroDivisionError

        run.transaction(queue_and_fail)

    with pytest.raises(ZeroDivisionError):
        outbox.ours.apply(work)
    assert outbox.notices() == []


def test_a_renewal_queues_restored_and_a_first_link_does_not(outbox: Outbox) -> None:
    person = outbox.person(membership_class="ec_only")
    outbox.renew(person)

    assert [row.kind for row in outbox.notices()] == ["restored"]


def test_a_new_link_of_a_current_member_queues_linked_and_not_restored(outbox: Outbox) -> None:
    ours, end = outbox.ours, date(2026, 12, 31)
    member = ours.add_member(end_date=end)
    wanted = {"customer_id": ours.add_customer(), "member_id": member, "source_id": ours.source_id()}
    change = ClassChange(
        wanted["customer_id"],
        None,
        ClassDecision("store", "current", member, end_date=end, valid_through=end),
    )

    def work(run: Run) -> None:
        made = insert_link(run, method="match", **wanted)
        assert made is not None
        decide(run, [change])
        queue_for_links(run, [made])

    ours.apply(lambda run: run.transaction(work, run))
    assert [row.kind for row in outbox.notices()] == ["linked"]


@ON_SQLITE
def test_a_moved_link_tells_nobody(outbox: Outbox) -> None:
    ours, end = outbox.ours, date(2027, 1, 31)
    person = outbox.person(end_date=date(2026, 12, 31))
    successor = ours.add_member(end_date=end)
    source_id = ours.source_id()
    decision = ClassDecision("store", "current", successor, end_date=end, valid_through=end)
    change = outbox.change(person, decision)

    def work(run: Run) -> None:
        end_link(run, person.link, "moved")
        insert_link(
            run, customer_id=person.customer, member_id=successor, source_id=source_id, method="link_code"
        )
        queue_for_classes(run, [change])

    ours.apply(lambda run: run.transaction(work, run))
    assert outbox.notices() == []


@ON_SQLITE
def test_an_unproven_link_is_told_neither_number_nor_date(outbox: Outbox) -> None:
    guessed, proven = outbox.person(proven=False), outbox.person()
    outbox.expire(guessed, proven)

    texts = {row.customer_id: text_of(row.message) for row in outbox.notices()}
    assert "有効期限：" in texts[proven.customer]
    assert "有効期限：" not in texts[guessed.customer]
    assert "会員番号：" not in texts[guessed.customer]


@ON_SQLITE
@pytest.mark.parametrize("reason", ["override", "hold"])
def test_a_class_set_by_a_person_tells_of_no_renewal(outbox: Outbox, reason: str) -> None:
    person = outbox.person(membership_class="ec_only")
    outbox.renew(person, reason=reason)

    assert outbox.notices() == []


@ON_SQLITE
def test_an_end_that_store_data_did_not_confirm_is_not_mailed(outbox: Outbox) -> None:
    outbox.expire(outbox.person(), reason="ended_unconfirmed", unconfirmed=True)

    assert outbox.notices() == []


# --- recorded, not mailed -------------------------------------------------------------------------------


@ON_SQLITE
def test_a_baseline_run_records_without_bytes_or_recipient(outbox: Outbox) -> None:
    outbox.expire(outbox.person(), baseline=True)

    row = outbox.notice()
    assert (row.state, row.reason) == ("baseline", "baseline_run")
    assert (row.message, row.recipient) == (None, None)


@ON_SQLITE
def test_until_the_first_classification_is_over_nobody_is_mailed(make_outbox: Callable[..., Outbox]) -> None:
    outbox = make_outbox(classified=False)
    outbox.expire(outbox.person())

    assert outbox.states() == ["baseline"]


@ON_SQLITE
@pytest.mark.parametrize(("days", "state"), [(7, "queued"), (8, "baseline")])
def test_an_event_older_than_a_week_is_recorded_only(outbox: Outbox, days: int, state: str) -> None:
    end = TODAY - timedelta(days=days + 1)  # the class falls on the day after
    outbox.expire(outbox.person(end_date=end), end_date=end)

    assert outbox.states() == [state]


@ON_SQLITE
def test_a_class_kept_beyond_its_end_falls_as_an_event_of_today(outbox: Outbox) -> None:
    end = date(2026, 1, 31)
    person = outbox.person(end_date=end)
    with outbox.ours.connect() as connection, connection.begin():
        connection.execute(update(customer_class).values(reason="downgrades_paused"))
    outbox.expire(person, end_date=end)

    assert outbox.notice().event_on == TODAY
    assert outbox.notice().state == "queued"


@ON_SQLITE
def test_without_a_mail_server_events_are_recorded_only(make_outbox: Callable[..., Outbox]) -> None:
    outbox = make_outbox(mail="")
    outbox.expire(outbox.person())

    assert outbox.notice().reason == "no_mail_server"


@ON_SQLITE
def test_a_kind_that_is_switched_off_leaves_no_row(make_outbox: Callable[..., Outbox]) -> None:
    outbox = make_outbox('[notices]\nkinds = ["linked"]\n')
    outbox.expire(outbox.person())

    assert outbox.notices() == []


@ON_SQLITE
def test_an_address_that_is_not_one_address_fails_alone(outbox: Outbox) -> None:
    bad = outbox.person(email="a@example.com, b@example.com")
    outbox.expire(bad, outbox.person())

    assert [row.state for row in outbox.notices()] == ["failed", "queued"]
    assert outbox.notice(state="failed").reason == "address_invalid"


@ON_SQLITE
def test_recording_reads_nothing_of_ec_cube_and_renders_nothing(outbox: Outbox) -> None:
    person = outbox.person()
    decision = ClassDecision("ec_only", "ended", person.member, end_date=ENDED, valid_through=ENDED)
    change = outbox.change(person, decision)

    def work(run: Run) -> None:
        run.baseline = True
        outbox.ours.eccube.execute("ALTER TABLE dtb_customer RENAME TO moved_away")
        try:
            run.transaction(queue_for_classes, run, [change])
        finally:
            outbox.ours.eccube.execute("ALTER TABLE moved_away RENAME TO dtb_customer")

    outbox.ours.apply(work)
    assert outbox.states() == ["baseline"]


# --- reminders --------------------------------------------------------------------------------------------


def remind(outbox: Outbox, expected: int | None = None) -> None:
    outbox.ours.apply(lambda run: queue_reminders(run, expected=expected))


def test_a_reminder_is_queued_once_on_its_day(outbox: Outbox) -> None:
    outbox.person(end_date=END)
    outbox.person(end_date=END + timedelta(days=1))
    remind(outbox)
    remind(outbox)

    assert [(row.kind, row.days, row.end_date) for row in outbox.notices()] == [("expiring", 30, END)]


@ON_SQLITE
def test_after_an_outage_only_the_nearest_reminder_goes_out(outbox: Outbox) -> None:
    outbox.person(end_date=TODAY + timedelta(days=1))
    remind(outbox)

    assert [row.days for row in outbox.notices()] == [1]


@ON_SQLITE
def test_each_reminder_of_a_series_comes_on_its_day(outbox: Outbox) -> None:
    outbox.person(end_date=END)
    for _day in range(31):
        remind(outbox)
        outbox.later(days=1)

    assert [row.days for row in outbox.notices()] == [30, 7, 1]


@ON_SQLITE
def test_a_guessed_link_gets_one_reminder_an_end_date(outbox: Outbox) -> None:
    outbox.person(end_date=END, proven=False)
    for _day in range(31):
        remind(outbox)
        outbox.later(days=1)

    assert [row.days for row in outbox.notices()] == [30]


@ON_SQLITE
def test_a_customer_without_the_class_is_not_reminded(outbox: Outbox) -> None:
    outbox.person(end_date=END, membership_class="ec_only")
    outbox.end_link(outbox.person(end_date=END))
    remind(outbox)

    assert outbox.notices() == []


@ON_SQLITE
def test_too_many_reminders_queue_none_until_their_number_is_named(
    make_outbox: Callable[..., Outbox],
) -> None:
    outbox = make_outbox("[guards]\nmails = 2\n")
    people = outbox.people(3, end_date=END)

    def remind_of_news(expected: int | None = None) -> None:
        def work(run: Run) -> None:
            def change() -> None:
                for one in people:
                    run.record("customer", one.customer, "end_date", None, END, "current")

            run.transaction(change)
            queue_reminders(run, expected=expected)

        outbox.ours.apply(work)

    with pytest.raises(GuardRefusedError, match="--i-expect 3"):
        remind_of_news()
    assert outbox.notices() == []
    with pytest.raises(GuardRefusedError, match="You expected 2"):
        remind_of_news(2)
    remind_of_news(3)
    assert outbox.states() == ["queued"] * 3


@ON_SQLITE
def test_any_number_is_reminded_of_an_end_that_was_known_before_the_night(
    make_outbox: Callable[..., Outbox],
) -> None:
    outbox = make_outbox("[guards]\nmails = 2\n")
    outbox.people(3, end_date=END)
    remind(outbox)
    assert outbox.states() == ["queued"] * 3


# --- what becomes untrue, what has to be put right -----------------------------------------------------------


def test_mails_of_a_customer_who_withdrew_are_cancelled_with_the_reason(outbox: Outbox) -> None:
    gone, other = outbox.people(2)
    outbox.expire(gone, other)
    outbox.ours.apply(
        lambda run: run.transaction(cancel_for_customers, run, [gone.customer], "customer_gone")
    )

    assert outbox.notice(customer_id=gone.customer).reason == "customer_gone"
    assert outbox.notice(customer_id=other.customer).state == "queued"


@ON_SQLITE
def test_mails_about_an_ended_link_are_cancelled(outbox: Outbox) -> None:
    ended, other = outbox.people(2)
    outbox.expire(ended, other)
    outbox.ours.apply(lambda run: run.transaction(cancel_for_links, run, [ended.link], "link_ended"))

    assert [row.state for row in outbox.notices()] == ["cancelled", "queued"]


def test_a_correction_goes_to_those_the_undone_run_had_mailed(outbox: Outbox) -> None:
    mailed, unsent = outbox.people(2)
    outbox.expire(mailed, unsent)
    first = outbox.notices()[0]
    run_id, moment = first.run_id, first.created_at
    with outbox.ours.connect() as connection, connection.begin():
        connection.execute(
            update(notice).where(notice.c.customer_id == mailed.customer).values(state="sent", sent_at=moment)
        )
    for _twice in range(2):
        outbox.ours.apply(lambda run: run.transaction(queue_corrections, run, run_id))

    row = outbox.notice(kind="correction")
    assert (row.customer_id, row.state) == (mailed.customer, "queued")
    assert "4月10日" in text_of(row.message)


@ON_SQLITE
def test_the_journal_names_every_queued_mail(outbox: Outbox) -> None:
    outbox.expire(outbox.person())

    (line,) = outbox.ours.rows(journal, subject="notice")
    assert (line.subject_id, line.new_value, line.reason) == (outbox.notice().id, "queued", "expired")


@ON_SQLITE
def test_advertising_goes_only_to_those_who_asked_for_it(
    make_outbox: Callable[..., Outbox], tmp_path: Path
) -> None:
    own = tmp_path / "own" / "expired"
    own.mkdir(parents=True)
    (own / "promotion.txt").write_text("春の催し\n", encoding="utf-8")
    (own / "promotion.html").write_text("<p>春の催し</p>\n", encoding="utf-8")
    outbox = make_outbox(
        '[notices]\npromotion = true\ntemplates = "own"\n'
        '[sender]\nname = "見本商店"\npostal_address = "東京都千代田区1-1"\ncontact = "03-0000-0000"\n'
        'unsubscribe_url = "https://shop.example.jp/stop"\n',
        mail=MAIL,
    )
    outbox.ours.eccube.add_mail_magazine()
    wants = outbox.person(plg_mailmagazine_flg=1)
    no, unasked = outbox.person(plg_mailmagazine_flg=0), outbox.person(plg_mailmagazine_flg=None)
    store_said_no = outbox.person(plg_mailmagazine_flg=1)

    with outbox.ours.connect() as connection, connection.begin():
        connection.execute(
            update(member_version)
            .where(member_version.c.member_id == store_said_no.member)
            .values(mail_allowed=False)
        )
    outbox.expire(wants, no, unasked, store_said_no)

    with_it = {row.customer_id for row in outbox.notices() if "春の催し" in text_of(row.message)}
    assert with_it == {wants.customer}
    mail = parsed(outbox.notice(customer_id=wants.customer).message)
    assert mail["List-Unsubscribe"] == "<https://shop.example.jp/stop>"
    assert parsed(outbox.notice(customer_id=no.customer).message)["List-Unsubscribe"] is None
