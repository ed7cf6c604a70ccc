"""Queue the mails an event calls for, in the transaction of the event; cancel those it makes untrue.

A row of the outbox has a key that says which event it is about, so the same event never makes two. What
nobody is to be mailed about (a first classification, a changed policy, an old event) is recorded as ``baseline``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from eccube_sync.clock import from_database, tokyo_date
from eccube_sync.configsources import Policy
from eccube_sync.db import AnyRow, reading
from eccube_sync.eccube import EccubeCustomer
from eccube_sync.membership.facts import STORE
from eccube_sync.membership.verdicts import raise_if_refused
from eccube_sync.notices import Event
from eccube_sync.services.classes.classing import ClassChange
from eccube_sync.services.notices.composing import Composer
from eccube_sync.services.notices.mailguard import MailPlan, mail_verdicts
from eccube_sync.services.notices.outboxrows import (
    BASELINE,
    CANCELLED,
    QUEUED,
    Outcome,
    compose_all,
    existing_keys,
    key_of,
    people_of,
    row_of,
)
from eccube_sync.services.notices.situations import DueNotice, due_by_changes, due_reminders
from eccube_sync.services.running import Run
from eccube_sync.settings import Settings
from eccube_sync.tables.classes import chunks
from eccube_sync.tables.customers import customer_class
from eccube_sync.tables.links import link
from eccube_sync.tables.members import member, member_version
from eccube_sync.tables.notices import notice
from eccube_sync.tables.runs import installation, journal

AT_ONCE = 500
COMPOSED_AT_ONCE = 50
ALWAYS = frozenset({"correction", "invite"})
"""Kinds a person asks for; the configured list says nothing about them."""


# --- events that are part of a decision: inside its transaction -----------------------------------


def queue_for_classes(run: Run, changes: Sequence[ClassChange]) -> None:
    """Queue what these class changes call for, inside the transaction that wrote them."""
    for start in range(0, len(changes), AT_ONCE):
        part = changes[start : start + AT_ONCE]
        queue(run, due_by_changes(run.shop.settings, run.connection, run.today, part, run.id))


def queue_for_links(run: Run, link_ids: Sequence[int]) -> None:
    """Queue what these new links call for, inside their transaction, after the class rows were written."""
    for ids in chunks(link_ids, AT_ONCE):
        rows = run.connection.execute(
            select(
                link.c.id, link.c.customer_id, link.c.member_id, link.c.proven_by, customer_class.c.end_date
            )
            .join(customer_class, customer_class.c.customer_id == link.c.customer_id)
            .where(
                link.c.id.in_(ids),
                link.c.active == 1,
                customer_class.c.member_id == link.c.member_id,
                customer_class.c.membership_class == STORE,
            )
        ).all()
        queue(run, [_linked(run, row) for row in rows])


def _linked(run: Run, row: AnyRow) -> DueNotice:
    event = Event(customer=row.customer_id, member=row.member_id, link=row.id, end_date=row.end_date)
    return DueNotice("linked", event, run.today, row.proven_by is not None)


def queue_for_cards(run: Run, customer_ids: Iterable[int]) -> None:
    """Tell the store's address of a member, where it has another one than the account, that the card was entered.

    For the links to these customers that claims of the run under way made, inside their transaction.
    """
    for ids in chunks(customer_ids, AT_ONCE):
        rows = run.connection.execute(
            select(link.c.id, link.c.customer_id, link.c.member_id, member_version.c.emails)
            .join(member, member.c.id == link.c.member_id)
            .join(member_version, member_version.c.id == member.c.version_id)
            .where(
                link.c.customer_id.in_(ids),
                link.c.active == 1,
                link.c.method == "card",
                link.c.run_id == run.id,
                member_version.c.emails != "",
            )
        ).all()
        people = people_of(run.connection, (row.customer_id for row in rows)) if rows else {}
        queue(run, [_card_linked(run, row) for row in rows if _elsewhere(row, people)])


def _card_linked(run: Run, row: AnyRow) -> DueNotice:
    event = Event(customer=row.customer_id, member=row.member_id, link=row.id)
    return DueNotice("card_linked", event, run.today, proven=True)


def _elsewhere(row: AnyRow, people: Mapping[int, EccubeCustomer]) -> bool:
    """Whether the account's own address is none of the store's: that one gets the usual mail."""
    person = people.get(row.customer_id)
    return person is not None and person.email.casefold() not in row.emails.casefold().split("\n")


def queue_corrections(run: Run, undone_run_id: int) -> None:
    """Queue an apology to everybody the undone run had mailed, inside the transaction under way."""
    rows = run.connection.execute(
        select(notice.c.customer_id, notice.c.sent_at, notice.c.first_tried_at).where(
            notice.c.run_id == undone_run_id,
            notice.c.state.in_(("sent", "dot", "in_doubt")),
            notice.c.kind.not_in(("correction", "card_linked", "invite")),
        )
    ).all()
    mailed_on = {
        row.customer_id: tokyo_date(from_database(row.sent_at or row.first_tried_at)) for row in rows
    }
    due = [
        DueNotice("correction", Event(customer=one, run=undone_run_id), run.today, proven=False)
        for one in sorted(mailed_on)
    ]
    for start in range(0, len(due), AT_ONCE):
        queue(run, due[start : start + AT_ONCE], mailed_on)


def queue(run: Run, due: Sequence[DueNotice], mailed_on: Mapping[int, date] | None = None) -> None:
    """Put these notices into the outbox, but for those whose event it knows already."""
    fresh = _fresh(run, due)
    if fresh:
        insert_rows(run, _rows(run, fresh, mailed_on))


def _fresh(run: Run, due: Sequence[DueNotice]) -> list[DueNotice]:
    """Those of an enabled kind whose event is new."""
    enabled = ALWAYS | set(run.shop.settings.notices.kinds)
    by_key = {key_of(one): one for one in due if one.kind in enabled}
    known = existing_keys(run.connection, by_key)
    return [one for key, one in by_key.items() if key not in known]


def _rows(run: Run, due: Sequence[DueNotice], mailed_on: Mapping[int, date] | None) -> list[dict[str, Any]]:
    connection, settings = run.connection, run.shop.settings
    state = connection.execute(select(installation.c.install_id, installation.c.first_classify_run_id)).one()
    baseline = run.baseline or state.first_classify_run_id is None
    composer = Composer(settings, state.install_id)
    reasons = [_baseline_reason(settings, run.today, one, baseline=baseline) for one in due]
    leaving = [one for one, reason in zip(due, reasons, strict=True) if reason is None]
    composed = iter(
        compose_all(settings, connection, composer, leaving, run.now, mailed_on) if leaving else ()
    )
    rows = []
    for one, reason in zip(due, reasons, strict=True):
        outcome = next(composed) if reason is None else Outcome(BASELINE, reason)
        rows.append(row_of(one, outcome, composer.message_id(key_of(one)), run.id, run.moment))
    return rows


def _baseline_reason(settings: Settings, today: date, due: DueNotice, *, baseline: bool) -> str | None:
    """Why nobody is mailed about this; None when somebody is."""
    if baseline and due.kind not in ALWAYS:
        return "baseline_run"
    if today - due.event_on > timedelta(days=settings.notices.max_age_days):
        return "too_old"
    return "no_mail_server" if settings.mail is None else None


def insert_rows(run: Run, rows: list[dict[str, Any]]) -> None:
    """Insert the rows; one whose event came in beside us meanwhile is left as it is."""
    while rows:
        try:
            with run.connection.begin_nested():
                run.connection.execute(insert(notice), rows)
            break
        except IntegrityError:
            known = existing_keys(run.connection, (row["notice_key"] for row in rows))
            if not known:
                raise
            rows = [row for row in rows if row["notice_key"] not in known]
    _journal(run, rows)


def _journal(run: Run, rows: Sequence[dict[str, Any]]) -> None:
    states = Counter(row["state"] for row in rows)
    for state, count in states.items():
        run.counts[f"notices_{state}"] += count
    keys = [row["notice_key"] for row in rows if row["state"] != BASELINE]
    if keys:
        columns = (notice.c.id, notice.c.kind, notice.c.state)
        for row in run.connection.execute(select(*columns).where(notice.c.notice_key.in_(keys))):
            run.record("notice", row.id, "state", None, row.state, row.kind)


# --- reminders: transactions of their own -----------------------------------------------------------


def queue_reminders(run: Run, *, expected: int | None = None) -> None:
    """Queue the reminders due today. Raises ``GuardRefusedError``, and queues none, when they are too many."""
    if "expiring" not in run.shop.settings.notices.kinds:
        return
    with reading(run.connection):
        due = _fresh(run, _reminders(run))
        news = _ends_of_tonight(run)
        started = _first_classified(run)
    if started and not run.baseline:
        counts = Counter({"expiring": len(due)})
        foreseen = sum(one.event.customer not in news for one in due)
        plan = MailPlan(counts, counts, foreseen)
        raise_if_refused(mail_verdicts(run.shop.settings, plan, expected=expected))
    for start in range(0, len(due), COMPOSED_AT_ONCE):
        part = due[start : start + COMPOSED_AT_ONCE]
        with reading(run.connection):
            rows = _rows(run, part, None)
        run.transaction(insert_rows, run, rows)


def _first_classified(run: Run) -> bool:
    return run.connection.execute(select(installation.c.first_classify_run_id)).scalar_one() is not None


def _ends_of_tonight(run: Run) -> set[int]:
    """Customers whose end was not known before this run."""
    changed = select(journal.c.subject_id).where(
        journal.c.run_id == run.id,
        journal.c.subject == "customer",
        journal.c.field.in_(("class", "end_date")),
    )
    return set(run.connection.execute(changed).scalars())


def _reminders(run: Run) -> list[DueNotice]:
    settings, today = run.shop.settings, run.today
    until = today + timedelta(days=max(settings.notices.expiring_days, default=0))
    classes = customer_class.c
    rows = run.connection.execute(
        select(customer_class)
        .where(
            classes.membership_class == STORE,
            classes.end_date >= today,
            classes.end_date <= until,
            # The index is on the last day with grace, which is never before the end date.
            classes.valid_through >= today,
            classes.valid_through <= until + timedelta(days=_longest_grace(settings)),
        )
        .order_by(classes.customer_id)
    ).all()
    due: list[DueNotice] = []
    for start in range(0, len(rows), AT_ONCE):
        due += due_reminders(settings, run.connection, today, rows[start : start + AT_ONCE])
    return due


def _longest_grace(settings: Settings) -> int:
    policies: list[Policy] = []
    for source in settings.sources:
        policies += [source.expiry, *source.expiry.rank.values()]
    return max((policy.grace_days for policy in policies), default=0)


# --- what becomes untrue ------------------------------------------------------------------------------


def cancel_for_customers(run: Run, customer_ids: Iterable[int], reason: str) -> None:
    """Cancel what is queued for customers that withdrew or vanished, inside the transaction under way."""
    for ids in chunks(customer_ids):
        _cancel(run, notice.c.customer_id.in_(ids), reason)


def cancel_for_links(run: Run, link_ids: Iterable[int], reason: str) -> None:
    """Cancel what is queued about links that ended, inside the transaction under way."""
    for ids in chunks(link_ids):
        _cancel(run, notice.c.link_id.in_(ids), reason)


def _cancel(run: Run, concerned: Any, reason: str) -> None:
    rows = run.connection.execute(select(notice.c.id).where(concerned, notice.c.state == QUEUED)).all()
    for row in rows:
        cancelled = run.connection.execute(
            update(notice)
            .where(notice.c.id == row.id, notice.c.state == QUEUED)
            .values(state=CANCELLED, reason=reason)
        )
        if cancelled.rowcount == 1:
            run.record("notice", row.id, "state", QUEUED, CANCELLED, reason)
            run.counts["notices_cancelled"] += 1
