"""Write what a plan says about claims: each claim whole or not at all, all of them together in few statements.

Everybody concerned is held first, so what is compared with the plan then stays as it is until the transaction ends.
A claim that no longer fits is left for the next run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, update

from eccube_sync.errors import LockedError
from eccube_sync.i18n import _
from eccube_sync.services.claims.parts import ClaimOutcome
from eccube_sync.services.links.linking import NewLink, end_link, insert_links
from eccube_sync.services.review.casing import UNANSWERED, Question, close_case, open_cases, subject_key
from eccube_sync.services.running import Run
from eccube_sync.tables.cases import review_case
from eccube_sync.tables.classes import chunks
from eccube_sync.tables.codes import claim, link_code
from eccube_sync.tables.customers import customer
from eccube_sync.tables.links import link
from eccube_sync.tables.matching import active_links, fingerprints
from eccube_sync.tables.members import member
from eccube_sync.tables.setting import set_by_id

COUNTED = {
    "waiting_for_store": "claims_waiting",
    "refused": "claims_refused",
    "conflict": "claims_in_conflict",
}
_DECIDED = frozenset({"accepted", "refused", "conflict"})


def apply_claims(run: Run, outcomes: Iterable[ClaimOutcome]) -> set[int]:
    """Write the outcomes inside the transaction under way; our rows of new customers must be there already.

    An outcome that no longer fits what stands now is counted as ``stale`` and left for the next run. Returns the
    customers who lost a guessed link, whose class may be another one now (it is due today in any case).
    """
    changed = [outcome for outcome in outcomes if outcome.changed]
    if not changed:
        return set()
    ids = _customer_ids(run.connection, changed)
    stands = _hold(run.connection, changed, ids)
    fitting = [one for one in changed if stands.take(one, ids.get(one.claim.eccube_id))]
    if len(fitting) < len(changed):
        run.counts["stale"] += len(changed) - len(fitting)
    _use_codes(run, [one for one in fitting if one.uses_code], ids)
    _decide(run, fitting, ids)
    _link(run, [one for one in fitting if one.makes_link], ids)
    for one in fitting:
        if one.proves is not None:
            _prove(run, one.proves, one.claim.kind)
    _ask(run, [one for one in fitting if one.case_kind is not None], ids)
    _close_cases(run, [one for one in fitting if one.state == "accepted"], ids)
    return {
        loser for one in fitting for loser in one.ended_customers if loser != ids.get(one.claim.eccube_id)
    }


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


# --- what stands ------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Standing:
    """What the outcomes depend on, as nobody else can change it any more."""

    claims: dict[int, str]
    """Claim → state."""
    codes: dict[int, str]
    """Code → state."""
    links: set[tuple[int, int, int, int, int]]
    """(link, customer, member, source, slot) of the active links of everybody concerned; 0 for one that is new."""

    def take(self, outcome: ClaimOutcome, customer_id: int | None) -> bool:
        """Whether an outcome fits what stands; if so, the following ones find what it leaves."""
        if customer_id is None and outcome.reason != "no_such_customer":
            return False
        before = outcome.claim
        if self.claims.get(before.id) != before.state:
            return False
        if outcome.uses_code and self.codes.get(before.link_code_id) != before.code_state:
            return False
        if outcome.makes_link and not self._replace_links(outcome, customer_id):
            return False
        self.claims[before.id] = outcome.state
        if outcome.uses_code:
            self.codes[before.link_code_id] = "used"
        return True

    def _replace_links(self, outcome: ClaimOutcome, customer_id: int | None) -> bool:
        """False unless the links that end are there, and no other one is in the way of the new one."""
        ours, theirs = (customer_id, outcome.source_id), (outcome.member_id, outcome.slot)
        found = {
            one
            for one in self.links
            if one[0] in outcome.ending_links or (one[1], one[3]) == ours or (one[2], one[4]) == theirs
        }
        if sorted(one[0] for one in found) != sorted(outcome.ending_links):
            return False
        assert customer_id is not None
        assert outcome.member_id is not None
        assert outcome.source_id is not None
        self.links -= found
        self.links.add((0, customer_id, outcome.member_id, outcome.source_id, outcome.slot))
        return True


def _hold(
    connection: Connection, outcomes: Sequence[ClaimOutcome], customers: Mapping[int, int]
) -> _Standing:
    """Queue behind other processes at the same people, then look. Nobody links people who are held."""
    customer_ids = set(customers.values())
    member_ids = {one.member_id for one in outcomes if one.member_id is not None}
    _held(connection, customer.c.id, customer.c.state, customer_ids)
    _held(connection, member.c.id, member.c.store_key, member_ids)
    codes = {one.claim.link_code_id for one in outcomes} - {None}
    return _Standing(
        codes=_held(connection, link_code.c.id, link_code.c.state, codes),
        claims=_held(connection, claim.c.id, claim.c.state, {one.claim.id for one in outcomes}),
        links={
            (row.id, row.customer_id, row.member_id, row.source_id, row.slot)
            for row in active_links(connection, customer_ids, member_ids)
        },
    )


def _held(connection: Connection, key: Any, value: Any, wanted: Iterable[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for ids in chunks(wanted):
        rows = connection.execute(select(key, value).where(key.in_(ids)).order_by(key).with_for_update())
        found.update((row[0], row[1]) for row in rows)
    return found


# --- what is written --------------------------------------------------------------------------------------


def _use_codes(run: Run, outcomes: Sequence[ClaimOutcome], customers: Mapping[int, int]) -> None:
    columns = (link_code.c.state, link_code.c.used_by_customer_id, link_code.c.used_at)
    used = {one.claim.link_code_id: ("used", customers[one.claim.eccube_id], run.moment) for one in outcomes}
    set_by_id(run.connection, link_code, columns, used)
    for one in outcomes:
        run.record("link_code", one.claim.link_code_id, "state", one.claim.code_state, "used", "claim")


def _decide(run: Run, outcomes: Sequence[ClaimOutcome], customers: Mapping[int, int]) -> None:
    names = ("state", "reason", "customer_id", "decided_at", "member_id")
    rows = {
        one.claim.id: (
            one.state,
            one.reason,
            customers.get(one.claim.eccube_id),
            run.moment if one.state in _DECIDED else None,
            one.member_id,
        )
        for one in outcomes
    }
    set_by_id(run.connection, claim, [claim.c[name] for name in names], rows)
    for one in outcomes:
        if one.state != one.claim.state:  # one that goes on waiting may wait for another reason
            run.record("claim", one.claim.id, "state", one.claim.state, one.state, one.reason)
        if one.state in COUNTED:
            run.counts[COUNTED[one.state]] += 1


def _link(run: Run, outcomes: Sequence[ClaimOutcome], customers: Mapping[int, int]) -> None:
    for one in outcomes:
        for link_id in one.ending_links:
            if not end_link(run, link_id, "stronger_claim"):
                raise _lost_race()
        run.counts["wrong_links_found"] += one.wrong_links
    wanted = [_new_link(one, customers[one.claim.eccube_id]) for one in outcomes]
    if len(insert_links(run, wanted)) != len(wanted):
        raise _lost_race()


def _new_link(outcome: ClaimOutcome, customer_id: int) -> NewLink:
    assert outcome.member_id is not None
    assert outcome.source_id is not None
    kind = outcome.claim.kind
    return NewLink(customer_id, outcome.member_id, outcome.source_id, kind, proven_by=kind, slot=outcome.slot)


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


def _close_cases(run: Run, outcomes: Sequence[ClaimOutcome], customers: Mapping[int, int]) -> None:
    """Questions about pairs that a claim answered."""
    pairs = [
        subject_key("", customers[one.claim.eccube_id], one.member_id)
        for one in outcomes
        if one.member_id is not None
    ]
    for keys in chunks(pairs):
        asked = select(review_case.c.id).where(
            review_case.c.subject_key.in_(keys), review_case.c.state.in_(UNANSWERED)
        )
        for case_id in run.connection.execute(asked).scalars().all():
            close_case(run, case_id, "linked_by_code")


def _ask(run: Run, outcomes: Sequence[ClaimOutcome], customers: Mapping[int, int]) -> None:
    """Questions that claims raise."""
    known = fingerprints(run.connection, {one.member_id for one in outcomes if one.member_id is not None})
    questions = [
        Question(
            one.case_kind,
            customers[one.claim.eccube_id],
            one.member_id,
            one.customer_fingerprint,
            known.get(one.member_id or 0, ""),
            new_evidence=one.case_kind == "claim_conflict",
        )
        for one in outcomes
        if one.case_kind is not None
    ]
    if questions:
        open_cases(run, questions)
