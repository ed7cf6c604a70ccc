"""Apply one human decision to a case: links, neighbours, classes and journal in the transaction under way.

A case about a pair is answered 同一 (same), 別人 (different) or 保留 (hold). A case about one side alone, such
as a member missing from the file, asks for no pair: it is answered 対応済み (done) or 保留; 同一 and 別人 close
it too, are kept as they were said, and touch no link.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from sqlalchemy import Connection, insert, select, update

from eccube_sync.db import AnyRow
from eccube_sync.errors import EccubeSyncError
from eccube_sync.services.classes.classing import plan_classes
from eccube_sync.services.classes.deciding import decide
from eccube_sync.services.links.linking import end_link
from eccube_sync.services.links.pairing import GUESSES, link_of_pair, link_pair, rivals
from eccube_sync.services.review.casing import ASKED_AGAIN, DECIDED, UNANSWERED, close_case
from eccube_sync.services.running import Run
from eccube_sync.settings import Settings
from eccube_sync.tables.cases import review_case, review_decision
from eccube_sync.tables.customers import customer
from eccube_sync.tables.members import member

Decision = Literal["same", "different", "hold", "done"]

SECOND_ACCOUNT = "several_accounts"
SUCCESSOR = "successor"
ABOUT_MEMBER = frozenset({"missing_member", "reused_code"})

ANSWERED = {"same": "same", "different": "different", "hold": "hold", "done": "closed"}
"""Decision → the state it leaves a case in."""

DEALT_WITH = "dealt_with"
NEIGHBOUR = "neighbour_is_same"

BY_PEOPLE = frozenset({"review", "manual"})
"""Methods of links that the answer to a reopened question may end: it was a person who made them."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person decided about a case at one of its versions."""

    case_id: int
    version: int
    decision: Decision
    reviewer: str
    note: str = ""
    file_sha256: str = ""
    export_id: int | None = None


class AnswerRefusedError(EccubeSyncError):
    """A decision that cannot be carried out as things stand; ``reason`` says why, as a key."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def is_pair(case: AnyRow) -> bool:
    """Whether a case asks whether a customer and a member are the same person.

    One about what became of the member asks for no such answer, though it names the customer too.
    """
    both = case.customer_id is not None and case.member_id is not None
    return both and case.kind not in ABOUT_MEMBER


def obstacle(
    settings: Settings,
    connection: Connection,
    case: AnyRow,
    decision: Decision,
    *,
    may_end: Collection[str] = GUESSES,
) -> str | None:
    """Why this decision cannot be applied now, as a key; None when it can. Reads only.

    ``may_end`` are the methods of links the decision may end: a guess only, unless a person overrules by name.
    """
    if case.state in DECIDED and case.state != ANSWERED[decision]:
        return "decided_before"
    if not is_pair(case):
        return None
    if decision == "done":
        return "not_for_pairs"
    if decision == "different":
        standing = link_of_pair(connection, case.customer_id, case.member_id)
        may_end = BY_PEOPLE.union(may_end) if case.kind == ASKED_AGAIN else may_end
        return "linked_by_proof" if standing and standing.method not in may_end else None
    if decision == "same":
        return _obstacle_to_same(settings, connection, case, may_end)
    return None


def _obstacle_to_same(
    settings: Settings, connection: Connection, case: AnyRow, may_end: Collection[str]
) -> str | None:
    theirs = connection.execute(
        select(customer.c.state, customer.c.current).where(customer.c.id == case.customer_id)
    ).one()
    if theirs.state != "full" or theirs.current != 1:
        return "customer_gone"
    current = connection.execute(select(member.c.current).where(member.c.id == case.member_id)).scalar_one()
    if current != 1:
        return "member_gone"
    if keeps_first_account(settings, connection, case):
        return None
    in_the_way = rivals(settings, connection, case.customer_id, case.member_id, may_end)
    stands = [one for one in in_the_way if not _goes_on(case, one)]
    return "linked_otherwise" if any(one.method not in may_end for one in stands) else None


def _goes_on(case: AnyRow, standing: AnyRow) -> bool:
    """Whether 同一 moves this link, however it was made: its card can no longer be used, the case's one can."""
    return bool(case.kind == SUCCESSOR and standing.customer_id == case.customer_id)


def keeps_first_account(settings: Settings, connection: Connection, case: AnyRow) -> bool:
    """Whether 同一 only notes that an account is one person's second one: the member may have no more accounts.

    Nobody asked which account should be the linked one, so the first keeps its link and its class.
    """
    if case.kind != SECOND_ACCOUNT:
        return False
    in_the_way = rivals(settings, connection, case.customer_id, case.member_id)
    return any(one.member_id == case.member_id for one in in_the_way)


def answer_case(run: Run, answer: Answer, *, may_end: Collection[str] = GUESSES) -> None:
    """Apply a decision inside the transaction under way; the classes it touches follow at once.

    Raises ``AnswerRefusedError`` when the case changed since (``stale``) or something stands against it.
    """
    case = run.connection.execute(select(review_case).where(review_case.c.id == answer.case_id)).one()
    if case.version != answer.version:
        raise AnswerRefusedError("stale")
    reason = obstacle(run.shop.settings, run.connection, case, answer.decision, may_end=may_end)
    if reason:
        raise AnswerRefusedError(reason)
    _write_state(run, case, answer)
    _keep_decision(run, answer)
    concerned: set[int] = set()
    if is_pair(case) and answer.decision == "same":
        if keeps_first_account(run.shop.settings, run.connection, case):
            run.counts["links_kept"] += 1
        else:
            concerned = _link(run, case, answer, may_end)
        close_neighbours(run, case.customer_id, case.member_id)
    elif is_pair(case) and answer.decision == "different":
        concerned = _part(run, case)
    if concerned:
        decide(run, plan_classes(run.shop.settings, run.connection, run.today, concerned))


def _write_state(run: Run, case: AnyRow, answer: Answer) -> None:
    state = ANSWERED[answer.decision]
    hold = timedelta(days=run.shop.settings.review.hold_days)
    result = run.connection.execute(
        update(review_case)
        .where(
            review_case.c.id == case.id,
            review_case.c.version == case.version,
            review_case.c.state == case.state,
        )
        .values(
            state=state,
            hold_until=run.today + hold if state == "hold" else None,
            closed_reason=DEALT_WITH if state == "closed" else None,
            decided_by=answer.reviewer,
            decided_at=run.moment,
            changed_run_id=run.id,
        )
    )
    if result.rowcount != 1:
        raise AnswerRefusedError("stale")
    run.record("case", case.id, "state", case.state, state, f"decided_{answer.decision}")
    run.counts[f"decisions_{answer.decision}"] += 1


def _keep_decision(run: Run, answer: Answer) -> None:
    run.connection.execute(
        insert(review_decision).values(
            case_id=answer.case_id,
            case_version=answer.version,
            decision=answer.decision,
            reviewer=answer.reviewer,
            note=answer.note,
            file_sha256=answer.file_sha256,
            export_id=answer.export_id,
            run_id=run.id,
            created_at=run.moment,
        )
    )


def _link(run: Run, case: AnyRow, answer: Answer, may_end: Collection[str]) -> set[int]:
    old = _end_moved(run, case, may_end)
    proof = "review" if run.shop.settings.membership.human_link_is_proof else None
    concerned = link_pair(
        run,
        case.customer_id,
        case.member_id,
        method="review",
        actor=answer.reviewer,
        proven_by=old.proven_by if old is not None and proof is None else proof,
        scored=case,
        may_end=may_end,
    )
    if concerned is None:
        raise AnswerRefusedError("linked_otherwise")
    if old is not None:
        made = link_of_pair(run.connection, case.customer_id, case.member_id)
        assert made is not None
        run.record("link", made.id, "moved_from", old.id, made.id, SUCCESSOR)
    return concerned


def _end_moved(run: Run, case: AnyRow, may_end: Collection[str]) -> AnyRow | None:
    """End the link that moves to the person's new card; what proved it goes along."""
    found = rivals(run.shop.settings, run.connection, case.customer_id, case.member_id, may_end)
    old = next((one for one in found if _goes_on(case, one)), None)
    if old is not None and not end_link(run, old, "moved"):
        raise AnswerRefusedError("stale")
    return old


def _part(run: Run, case: AnyRow) -> set[int]:
    standing = link_of_pair(run.connection, case.customer_id, case.member_id)
    if standing is None:
        return set()
    end_link(run, standing, "decided_different")
    return {case.customer_id}


def close_neighbours(run: Run, customer_id: int, member_id: int) -> None:
    """Close what else was asked about this customer in this source; nobody said 別人 about those."""
    source_id = select(member.c.source_id).where(member.c.id == member_id).scalar_subquery()
    neighbours = (
        run.connection.execute(
            select(review_case.c.id)
            .join(member, member.c.id == review_case.c.member_id)
            .where(
                review_case.c.customer_id == customer_id,
                review_case.c.member_id != member_id,
                review_case.c.state.in_(UNANSWERED),
                member.c.source_id == source_id,
            )
            .order_by(review_case.c.id)
        )
        .scalars()
        .all()
    )
    for case_id in neighbours:
        close_case(run, case_id, NEIGHBOUR)
