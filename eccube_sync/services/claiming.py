"""Plan and apply what customers claimed with link codes and cards.

Planned with the classification and applied in its transaction for the customers concerned. What was read for the
plan is compared again before it is written; a claim that no longer fits is left for the next run, whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select, update

from eccube_sync.clock import to_database, tokyo_date, tokyo_midnight
from eccube_sync.errors import LockedError
from eccube_sync.i18n import _
from eccube_sync.membership.verdicts import GuardVerdict, verdict
from eccube_sync.services.casing import UNANSWERED, close_case, open_case, subject_key
from eccube_sync.services.claimfacts import find_claimants, gather, undecided_claims
from eccube_sync.services.claimparts import ClaimOutcome
from eccube_sync.services.claimrules import Judge
from eccube_sync.services.claimwords import FAILURES
from eccube_sync.services.codekeys import load_keys
from eccube_sync.services.customersync import ChangedCustomer
from eccube_sync.services.linking import end_link, insert_link
from eccube_sync.services.running import Run, Shop
from eccube_sync.tables.cases import review_case
from eccube_sync.tables.classes import chunks
from eccube_sync.tables.codes import claim, link_code
from eccube_sync.tables.customers import customer
from eccube_sync.tables.links import link
from eccube_sync.tables.members import member

__all__ = ["ClaimOutcome", "apply_claims", "guard_claims", "plan_claims"]

COUNTED = {
    "waiting_for_store": "claims_waiting",
    "refused": "claims_refused",
    "conflict": "claims_in_conflict",
}


def plan_claims(
    shop: Shop,
    connection: Connection,
    *,
    customers: Iterable[ChangedCustomer],
    only: Sequence[int] | None = None,
) -> list[ClaimOutcome]:
    """One outcome for every undecided claim, in the order of typing; part of a read-only stretch.

    ``customers`` are those of the scan under way, known to us or not; customers with claims who are not among them
    are read from EC-CUBE. ``only`` limits it to these EC-CUBE ids.
    """
    claims = undecided_claims(connection, only)
    if not claims:
        return []
    claimants = find_claimants(connection, claims, customers)
    claims = [one for one in claims if one.eccube_id in claimants]
    keys = load_keys(shop.settings.folders) if any(one.kind == "card" for one in claims) else None
    facts = gather(shop, connection, claims, claimants, keys)
    judge = Judge(shop.settings.codes, shop.settings.cards, facts)
    return [judge.judge(one) for one in claims]


def guard_claims(
    shop: Shop, connection: Connection, outcomes: Sequence[ClaimOutcome], expected: int | None = None
) -> GuardVerdict:
    """Whether so many wrong codes were typed today that somebody may be guessing.

    Refused, no outcome of the plan may be applied: the wrong codes stay undecided, so the alarm sounds again until
    a person looked and named their number. Part of a read-only stretch.
    """
    limit = shop.settings.codes.alarm_failures
    fresh = sum(one.failed for one in outcomes)
    midnight = to_database(tokyo_midnight(tokyo_date(shop.clock.now())))
    earlier = connection.execute(
        select(func.count())
        .select_from(claim)
        .where(claim.c.reason.in_(sorted(FAILURES)), claim.c.decided_at >= midnight)
    ).scalar_one()
    message = _(
        "{wrong} wrong link codes and cards were typed today; from {limit} on somebody may be guessing, so none "
        "links anybody. Look at who typed them: eccube-sync codes claims"
    ).format(wrong=fresh + earlier, limit=limit)
    return verdict(
        "wrong_link_codes",
        "run",
        bool(fresh) and fresh + earlier >= limit,
        {"wrong": fresh + earlier, "limit": limit},
        message,
        count=fresh + earlier,
        expected=expected,
    )


def apply_claims(run: Run, outcomes: Iterable[ClaimOutcome]) -> set[int]:
    """Write the outcomes inside the transaction under way; our rows of new customers must be there already.

    An outcome that no longer fits what stands now is counted as ``stale`` and left for the next run. Returns the
    customers who lost a guessed link, whose class may be another one now (it is due today in any case).
    """
    losers: set[int] = set()
    changed = [outcome for outcome in outcomes if outcome.changed]
    ids = _customer_ids(run.connection, changed)
    _hold(run.connection, changed, ids)
    for outcome in changed:
        customer_id = ids.get(outcome.claim.eccube_id)
        if customer_id is not None:
            written = _redeem(run, outcome, customer_id)
        else:
            written = outcome.reason == "no_such_customer" and _decide(run, outcome, None)
        if written:
            losers.update(set(outcome.ended_customers) - {customer_id})
        else:
            run.counts["stale"] += 1
    return losers


def _customer_ids(connection: Connection, outcomes: Sequence[ClaimOutcome]) -> dict[int, int]:
    """EC-CUBE id → our id of who claims; those of customers who were new to the plan are looked up."""
    new = {one.claim.eccube_id for one in outcomes if one.customer_key <= 0}
    found: dict[int, int] = {}
    for ids in chunks(new):
        rows = connection.execute(
            select(customer.c.eccube_id, customer.c.id).where(
                customer.c.eccube_id.in_(ids), customer.c.current == 1
            )
        )
        found |= {row.eccube_id: row.id for row in rows}
    return found | {one.claim.eccube_id: one.customer_key for one in outcomes if one.customer_key > 0}


def _redeem(run: Run, outcome: ClaimOutcome, customer_id: int) -> bool:
    """Decide a claim of a customer we know, with all that follows, or nothing of it."""
    if not _stands_as_planned(run.connection, outcome, customer_id):
        return False
    if outcome.uses_code and not _use_code(run, outcome, customer_id):
        return False
    if not _decide(run, outcome, customer_id):
        if outcome.uses_code:
            raise _lost_race()
        return False
    if outcome.makes_link:
        _link(run, outcome, customer_id)
    if outcome.proves is not None:
        _prove(run, outcome.proves, outcome.claim.kind)
    if outcome.state == "accepted" and outcome.member_id is not None:
        _close_case_of(run, customer_id, outcome.member_id)
    if outcome.case_kind is not None:
        _ask(run, outcome, customer_id)
    return True


def _hold(connection: Connection, outcomes: Sequence[ClaimOutcome], customers: Mapping[int, int]) -> None:
    """Queue behind other processes at the same people; that we were right is for the comparisons to say."""
    rows: list[tuple[Any, set[int | None]]] = [
        (customer, set(customers.values())),
        (member, {one.member_id for one in outcomes}),
        (link_code, {one.claim.link_code_id for one in outcomes}),
    ]
    for table, ids in rows:
        for some in chunks(sorted(one for one in ids if one is not None)):
            held = select(table.c.id).where(table.c.id.in_(some)).order_by(table.c.id)
            connection.execute(held.with_for_update()).all()


def _stands_as_planned(connection: Connection, outcome: ClaimOutcome, customer_id: int) -> bool:
    """Whether the links that end are still there, and no other one is in the way of the new one."""
    if not outcome.makes_link:
        return True
    ours = and_(link.c.customer_id == customer_id, link.c.source_id == outcome.source_id)
    theirs = and_(link.c.member_id == outcome.member_id, link.c.slot == outcome.slot)
    planned = link.c.id.in_(outcome.ending_links)
    found = connection.execute(
        select(link.c.id).where(link.c.active == 1, or_(ours, theirs, planned))
    ).scalars()
    return sorted(found) == sorted(outcome.ending_links)


def _use_code(run: Run, outcome: ClaimOutcome, customer_id: int) -> bool:
    code_id, before = outcome.claim.link_code_id, outcome.claim.code_state
    used = run.connection.execute(
        update(link_code)
        .where(link_code.c.id == code_id, link_code.c.state == before)
        .values(state="used", used_by_customer_id=customer_id, used_at=run.moment)
    )
    if used.rowcount != 1:
        return False
    run.record("link_code", code_id, "state", before, "used", "claim")
    return True


def _decide(run: Run, outcome: ClaimOutcome, customer_id: int | None) -> bool:
    before = outcome.claim
    decided = outcome.state in {"accepted", "refused", "conflict"}
    values = {
        "state": outcome.state,
        "reason": outcome.reason,
        "customer_id": customer_id,
        "decided_at": run.moment if decided else None,
        "member_id": outcome.member_id,
    }
    done = run.connection.execute(
        update(claim).where(claim.c.id == before.id, claim.c.state == before.state).values(values)
    )
    if done.rowcount != 1:
        return False
    run.record("claim", before.id, "state", before.state, outcome.state, outcome.reason)
    if outcome.state in COUNTED:
        run.counts[COUNTED[outcome.state]] += 1
    return True


def _link(run: Run, outcome: ClaimOutcome, customer_id: int) -> None:
    assert outcome.member_id is not None
    assert outcome.source_id is not None
    for link_id in outcome.ending_links:
        if not end_link(run, link_id, "stronger_claim"):
            raise _lost_race()
    run.counts["wrong_links_found"] += outcome.wrong_links
    made = insert_link(
        run,
        customer_id=customer_id,
        member_id=outcome.member_id,
        source_id=outcome.source_id,
        method=outcome.claim.kind,
        proven_by=outcome.claim.kind,
        slot=outcome.slot,
    )
    if made is None:
        raise _lost_race()


def _lost_race() -> LockedError:
    # Half of a claim is written by now: the transaction must not be committed.
    return LockedError(
        _("Another process changed the same customer meanwhile; nothing was written. Run again.")
    )


def _prove(run: Run, link_id: int, kind: str) -> None:
    done = run.connection.execute(
        update(link)
        .where(link.c.id == link_id, link.c.active == 1, link.c.proven_by.is_(None))
        .values(proven_by=kind)
    )
    if done.rowcount == 1:
        run.record("link", link_id, "proven_by", None, kind, "claim")


def _close_case_of(run: Run, customer_id: int, member_id: int) -> None:
    asked = run.connection.execute(
        select(review_case.c.id).where(
            review_case.c.subject_key == subject_key("", customer_id, member_id),
            review_case.c.state.in_(UNANSWERED),
        )
    ).first()
    if asked is not None:
        close_case(run, asked.id, "linked_by_code")


def _ask(run: Run, outcome: ClaimOutcome, customer_id: int) -> None:
    assert outcome.case_kind is not None
    fingerprint = run.connection.execute(
        select(member.c.fingerprint).where(member.c.id == outcome.member_id)
    ).scalar_one()
    open_case(
        run,
        kind=outcome.case_kind,
        customer_id=customer_id,
        member_id=outcome.member_id,
        customer_fingerprint=outcome.customer_fingerprint,
        member_fingerprint=fingerprint,
        new_evidence=outcome.case_kind == "claim_conflict",
    )
