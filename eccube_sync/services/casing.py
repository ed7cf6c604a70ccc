"""The one way a question to a human is opened and closed: row, journal and counts, in the transaction under way."""

from __future__ import annotations

import secrets
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from eccube_sync.db import AnyRow, inserted_id
from eccube_sync.linkcode import ALPHABET
from eccube_sync.services.claimwords import CLAIM_CASES
from eccube_sync.services.linking import Reasons, as_json
from eccube_sync.services.running import Run
from eccube_sync.tables.cases import review_case, review_decision

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


def open_case(
    run: Run,
    *,
    kind: str,
    customer_id: int | None,
    member_id: int | None,
    customer_fingerprint: str = "",
    member_fingerprint: str = "",
    probability: float | None = None,
    bits: float | None = None,
    reasons: Reasons | None = None,
    new_evidence: bool = False,
) -> int | None:
    """Ask a human. Returns the case's id, None when there is nothing new to ask.

    A pair has one case for ever. Its version rises when a fingerprint (``""`` = not known) or the kind has
    changed; only then an answered or closed one is opened again, and one answered 別人 never is. One that closed
    by itself is opened again when its question arises again, with whatever facts. With ``new_evidence``, a valid
    claim, whatever was answered or closed is asked again.
    """
    facts: dict[str, Any] = {
        "kind": kind,
        "probability": probability,
        "bits": bits,
        "reasons": as_json(reasons),
        "changed_run_id": run.id,
        "opened_on": run.today,
        "state": "open",
    }
    known = {"customer_fingerprint": customer_fingerprint, "member_fingerprint": member_fingerprint}
    facts |= {name: value for name, value in known.items() if value}
    key = subject_key(kind, customer_id, member_id)
    row = _find(run, key)
    if row is not None:
        return _ask_again(run, row, facts, new_evidence)
    return _ask(run, key, facts | {"customer_id": customer_id, "member_id": member_id}, new_evidence)


def _find(run: Run, key: str) -> AnyRow | None:
    return run.connection.execute(select(review_case).where(review_case.c.subject_key == key)).first()


def _ask(run: Run, key: str, facts: dict[str, Any], new_evidence: bool) -> int | None:
    values = facts | {"subject_key": key, "opened_run_id": run.id}
    for _attempt in range(_ATTEMPTS):
        try:
            with run.connection.begin_nested():
                statement = insert(review_case).values(values | {"public_id": new_public_id()})
                case_id = inserted_id(run.connection.execute(statement))
        except IntegrityError:
            # The public id is taken, or another process asked about the same pair meanwhile.
            row = _find(run, key)
            if row is not None:
                return _ask_again(run, row, facts, new_evidence)
            continue
        run.record("case", case_id, "state", None, "open", facts["kind"])
        run.counts["cases_opened"] += 1
        return case_id
    raise RuntimeError("no free case id was found")


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
