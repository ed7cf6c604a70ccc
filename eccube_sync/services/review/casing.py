"""The one way a question to a human is opened and closed: row, journal and counts, in the transaction under way."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from eccube_sync.db import AnyRow
from eccube_sync.linkcode import ALPHABET
from eccube_sync.services.claims.words import CLAIM_CASES
from eccube_sync.services.links.linking import Reasons, as_json
from eccube_sync.services.running import Run
from eccube_sync.tables.cases import review_case, review_decision
from eccube_sync.tables.classes import chunks

_LENGTH = 6
_ATTEMPTS = 5

ASKED_AGAIN = "asked_again"
"""The kind of a pair's case that a person reopened."""

NOT_ABOUT_A_SCORE = CLAIM_CASES | {ASKED_AGAIN}
"""Cases about what a customer claimed or a person doubts; a score does not turn them into cases about a score."""

NO_LONGER = "no_longer_in_question"
"""Why a case closed by itself; when its question arises once more, it is asked once more."""

UNANSWERED = ("open", "hold")
DECIDED = ("same", "different")
REOPENED = "reopened"
"""What stands among the decisions about a case when a person took the last one back."""


def subject_key(kind: str, customer_id: int | None, member_id: int | None) -> str:
    """What a case is about: a pair whatever the kind, else one member or one customer by kind."""
    if customer_id is not None and member_id is not None:
        return f"pair:{customer_id}:{member_id}"
    return f"{kind}:{member_id}" if member_id is not None else f"{kind}:customer:{customer_id}"


@dataclass(frozen=True, slots=True)
class Question:
    """Something to ask a human; a fingerprint that is ``""`` is not known.

    ``new_evidence`` is a valid claim: whatever was answered or closed is asked again.
    """

    kind: str
    customer_id: int | None
    member_id: int | None
    customer_fingerprint: str = ""
    member_fingerprint: str = ""
    probability: float | None = None
    bits: float | None = None
    reasons: Reasons | None = None
    new_evidence: bool = False

    @property
    def subject(self) -> str:
        """What it is about."""
        return subject_key(self.kind, self.customer_id, self.member_id)


def open_case(run: Run, question: Question) -> int | None:
    """Ask a human. Returns the case's id, None when there is nothing new to ask."""
    return open_cases(run, [question])[0]


def open_cases(run: Run, questions: Sequence[Question]) -> list[int | None]:
    """Ask a human. Returns each case's id, None where there is nothing new to ask.

    A pair has one case for ever. Its version rises when a fingerprint or the kind has changed; only then an answered
    or closed one is opened again, and one answered 別人 never is, but for new evidence. One that closed by itself is
    opened again when its question arises again, with whatever facts.
    """
    for _attempt in range(_ATTEMPTS):
        known = cases_about(run.connection, (one.subject for one in questions))
        new: dict[str, Question] = {}
        for one in questions:
            if one.subject not in known:
                new.setdefault(one.subject, one)
        if _inserted(run, list(new.values())):
            known |= cases_about(run.connection, new)
            return [
                _opened(run, known[one.subject])
                if new.get(one.subject) is one
                else _ask_again(run, known[one.subject], _facts(run, one), one.new_evidence)
                for one in questions
            ]
    raise RuntimeError("no free case id was found")


def _inserted(run: Run, questions: Sequence[Question]) -> bool:
    """False where a public id is taken, or another process asked about the same pair meanwhile."""
    if not questions:
        return True
    try:
        with run.connection.begin_nested():
            run.connection.execute(insert(review_case), [_new_row(run, one) for one in questions])
    except IntegrityError:
        return False
    return True


def cases_about(connection: Connection, subjects: Iterable[str]) -> dict[str, AnyRow]:
    """Subject → its case."""
    found: dict[str, AnyRow] = {}
    for part in chunks(subjects):
        rows = connection.execute(select(review_case).where(review_case.c.subject_key.in_(part)))
        found.update((row.subject_key, row) for row in rows)
    return found


def _opened(run: Run, case: AnyRow) -> int:
    run.record("case", case.id, "state", None, "open", case.kind)
    run.counts["cases_opened"] += 1
    return int(case.id)


def _facts(run: Run, question: Question) -> dict[str, Any]:
    known = {name: getattr(question, name) for name in ("customer_fingerprint", "member_fingerprint")}
    return {
        "kind": question.kind,
        "probability": question.probability,
        "bits": question.bits,
        "reasons": as_json(question.reasons),
        "changed_run_id": run.id,
        "opened_on": run.today,
        "state": "open",
        **{name: value for name, value in known.items() if value},
    }


def _new_row(run: Run, question: Question) -> dict[str, Any]:
    return {
        "customer_fingerprint": "",
        "member_fingerprint": "",
        **_facts(run, question),
        "subject_key": question.subject,
        "customer_id": question.customer_id,
        "member_id": question.member_id,
        "public_id": new_public_id(),
        "opened_run_id": run.id,
    }


def new_public_id() -> str:
    """An opaque id for people: survives a spreadsheet and a telephone."""
    return "R-" + "".join(secrets.choice(ALPHABET) for _position in range(_LENGTH))


def _ask_again(run: Run, row: AnyRow, facts: dict[str, Any], new_evidence: bool) -> int | None:
    if row.state in UNANSWERED and row.kind in NOT_ABOUT_A_SCORE and facts["kind"] not in NOT_ABOUT_A_SCORE:
        facts = facts | {"kind": row.kind}
    if row.state == "same" and facts["kind"] == "held_contradicted":
        facts = facts | {"kind": row.kind}  # the very contradiction the person saw; only new data ask again
    news = (_differs(row, facts) or row.closed_reason == NO_LONGER) and row.state != "different"
    if not news and not (new_evidence and row.state not in UNANSWERED):
        return None
    again = row.state != "open"
    run.connection.execute(
        update(review_case)
        .where(review_case.c.id == row.id)
        .values(
            facts
            | {"version": row.version + 1, "opened_on": facts["opened_on"] if again else row.opened_on}
            | {"hold_until": None, "closed_reason": None, "decided_by": None, "decided_at": None}
        )
    )
    run.record("case", row.id, "version", row.version, row.version + 1, facts["kind"])
    if again:
        run.record("case", row.id, "state", row.state, "open", facts["kind"])
        run.counts["cases_opened"] += 1
    return int(row.id)


def _differs(row: AnyRow, facts: dict[str, Any]) -> bool:
    known = (row.customer_fingerprint, row.member_fingerprint)
    now = (facts.get("customer_fingerprint", ""), facts.get("member_fingerprint", ""))
    moved = any(old and new and old != new for old, new in zip(known, now, strict=True))
    return moved or row.kind != facts["kind"]


def close_case(run: Run, case_id: int, reason: str) -> bool:
    """Close a case that waits for an answer. Returns False when it does not wait for one any more."""
    row = run.connection.execute(
        select(review_case).where(review_case.c.id == case_id, review_case.c.state.in_(UNANSWERED))
    ).first()
    if row is None:
        return False
    run.connection.execute(
        update(review_case)
        .where(review_case.c.id == case_id)
        .values(state="closed", closed_reason=reason, hold_until=None, changed_run_id=run.id)
    )
    run.record("case", case_id, "state", row.state, "closed", reason)
    run.counts["cases_closed"] += 1
    return True


def reopen_case(run: Run, row: AnyRow, actor: str, note: str) -> None:
    """Ask an answered or closed case again because a person wants it, inside the transaction under way.

    The version rises, so that an older review file cannot bring the old answer back; what the answer did stays
    until the next one.
    """
    pair = row.customer_id is not None and row.member_id is not None
    values = {
        "kind": ASKED_AGAIN if pair else row.kind,
        "version": row.version + 1,
        "state": "open",
        "opened_on": run.today,
        "changed_run_id": run.id,
    }
    unanswered = {"hold_until": None, "closed_reason": None, "decided_by": None, "decided_at": None}
    run.connection.execute(update(review_case).where(review_case.c.id == row.id).values(values | unanswered))
    run.connection.execute(
        insert(review_decision).values(
            case_id=row.id,
            case_version=row.version,
            decision=REOPENED,
            reviewer=actor,
            note=note,
            file_sha256="",
            run_id=run.id,
            created_at=run.moment,
        )
    )
    run.record("case", row.id, "version", row.version, row.version + 1, ASKED_AGAIN)
    run.record("case", row.id, "state", row.state, "open", ASKED_AGAIN)
    run.counts["cases_opened"] += 1
