"""The guard on mails looks at the plan: what it would queue, before anything is written."""

from __future__ import annotations

from datetime import date, timedelta

from eccube_sync.db import reading
from eccube_sync.membership.classes import ClassDecision
from eccube_sync.services.classes.classing import ClassChange
from eccube_sync.services.notices.mailguard import MailPlan, mail_verdicts, planned_mails
from tests.outbox.conftest import ENDED, ON_SQLITE, TODAY, Outbox, Person


def falls(outbox: Outbox, *people: Person, end_date: date = ENDED) -> list[ClassChange]:
    """Their classes fall; on the day known before, ``ENDED``, or on another one, which is a surprise."""
    ended = {"end_date": end_date, "valid_through": end_date}
    return [outbox.change(one, ClassDecision("ec_only", "ended", one.member, **ended)) for one in people]


SURPRISE = ENDED - timedelta(days=2)
FAR = ENDED + timedelta(days=365)


def plan(outbox: Outbox, changes: list[ClassChange], *, baseline: bool = False) -> MailPlan:
    with outbox.ours.connect() as connection, reading(connection):
        return planned_mails(outbox.ours.settings, connection, TODAY, changes, baseline=baseline)


def test_a_plan_counts_exactly_what_applying_it_queues(outbox: Outbox) -> None:
    people = outbox.people(3)
    outbox.expire(people[0])
    outbox.renew(people[0], end_date=ENDED)  # its key stands in the outbox already
    long_ago = ENDED - timedelta(days=30)
    old = outbox.person(end_date=long_ago)
    ended = ClassDecision("ec_only", "ended", old.member, end_date=long_ago, valid_through=long_ago)
    changes = [*falls(outbox, *people), outbox.change(old, ended)]
    planned = plan(outbox, changes)
    before = len(outbox.notices(kind="expired", state="queued"))
    outbox.apply(changes)

    assert planned.mails == {"expired": 2}
    assert len(outbox.notices(kind="expired", state="queued")) - before == 2
    assert planned.events["expired"] == 4


@ON_SQLITE
def test_links_that_are_only_planned_are_counted(outbox: Outbox) -> None:
    member = outbox.ours.add_member(end_date=TODAY + timedelta(days=200))
    decision = ClassDecision("store", "current", member, end_date=TODAY + timedelta(days=200))
    new = [ClassChange(-number, None, decision) for number in (1, 2)]

    assert plan(outbox, new).mails == {"linked": 2}
    assert plan(outbox, new, baseline=True).mails == {}


@ON_SQLITE
def test_too_many_mails_are_refused_unless_their_number_is_named(outbox: Outbox) -> None:
    outbox.set(guards=outbox.ours.settings.guards.model_copy(update={"mails": 2}))
    planned = plan(outbox, falls(outbox, *outbox.people(3), end_date=SURPRISE))
    settings = outbox.ours.settings

    assert [one.refused for one in mail_verdicts(settings, planned)] == [True]
    assert [one.refused for one in mail_verdicts(settings, planned, expected=3)] == [False]
    assert [one.refused for one in mail_verdicts(settings, planned, expected=4)] == [True]


@ON_SQLITE
def test_ends_that_were_known_before_may_all_be_mailed(outbox: Outbox) -> None:
    outbox.set(guards=outbox.ours.settings.guards.model_copy(update={"mails": 1}))
    planned = plan(outbox, falls(outbox, *outbox.people(3)))
    assert [one.refused for one in mail_verdicts(outbox.ours.settings, planned)] == [False]


@ON_SQLITE
def test_downgrades_a_person_approved_beforehand_may_all_be_mailed(outbox: Outbox) -> None:
    outbox.set(guards=outbox.ours.settings.guards.model_copy(update={"mails": 1}))
    planned = plan(outbox, falls(outbox, *outbox.people(3), end_date=SURPRISE))

    assert [one.refused for one in mail_verdicts(outbox.ours.settings, planned, approved=3)] == [False]
    assert [one.refused for one in mail_verdicts(outbox.ours.settings, planned, approved=1)] == [True]


def renewals(outbox: Outbox, *people: Person) -> MailPlan:
    """The mails of a night on which these customers get the class back."""
    later = {"end_date": FAR, "valid_through": FAR}
    return plan(
        outbox,
        [outbox.change(one, ClassDecision("store", "current", one.member, **later)) for one in people],
    )


def refused(outbox: Outbox, planned: MailPlan, approved_lately: dict[date, int]) -> bool:
    (verdict,) = mail_verdicts(outbox.ours.settings, planned, approved_lately=approved_lately)
    return verdict.refused


@ON_SQLITE
def test_of_those_who_fell_on_an_approved_day_one_in_five_may_renew_in_one_night(outbox: Outbox) -> None:
    outbox.set(guards=outbox.ours.settings.guards.model_copy(update={"mails": 1}))
    fell = ENDED + timedelta(days=1)
    planned = renewals(outbox, *outbox.people(3, membership_class="ec_only"))

    assert planned.mails == {"restored": 3}
    assert refused(outbox, planned, {})
    assert not refused(outbox, planned, {fell: 10})
    assert refused(outbox, planned, {fell: 9}), "two of nine, and the one that may always be"
    assert refused(outbox, planned, {fell - timedelta(days=1): 100}), "they fell on another day"


@ON_SQLITE
def test_an_approved_day_lets_nobody_else_come_back_unnoticed(outbox: Outbox) -> None:
    outbox.set(guards=outbox.ours.settings.guards.model_copy(update={"mails": 1}))
    others = outbox.people(3, membership_class="ec_only", end_date=SURPRISE)

    assert refused(outbox, renewals(outbox, *others), {ENDED + timedelta(days=1): 100})
