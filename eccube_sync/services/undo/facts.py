"""What undoing a run looks at: the run, its journal, and what later runs changed in the same places."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, func, select

from eccube_sync.i18n import mark
from eccube_sync.tables.classes import chunks
from eccube_sync.tables.runs import journal
from eccube_sync.tables.runs import run as run_table

UNDO = "undo"
"""The reason written wherever an undo changed something."""

WHAT: Mapping[str, str] = {
    "import": mark("imported file"),
    "member_new": mark("new member"),
    "member_changed": mark("changed member"),
    "link_made": mark("link made"),
    "link_ended": mark("link ended"),
    "link_confirmed": mark("link confirmed"),
    "case": mark("question answered or closed"),
    "claim": mark("claim decided"),
    "consent": mark("consent recorded"),
    "code": mark("link code issued, assigned, used or revoked"),
    "override_set": mark("override set"),
    "override_ended": mark("override ended"),
    "notice": mark("mail that has not left"),
    "downgrade": mark("class taken away"),
    "model": mark("model in force"),
}
"""Kinds of changes that can be taken back, in the order in which they are listed."""

KEPT: Mapping[str, str] = {
    "changed_since": mark("changed since"),
    "confirmed_since": mark("confirmed since"),
    "ended_since": mark("ended since"),
    "used_since": mark("used since"),
    "linked_otherwise": mark("customer or member is linked otherwise now"),
    "decided_different": mark("decided since: different people"),
    "customer_gone": mark("the customer is gone"),
    "member_gone": mark("the member is gone"),
    "date_passed": mark("its last day has passed"),
    "adopted": mark("recorded from EC-CUBE; end it by hand"),
    "leaving": mark("it is leaving right now"),
}
"""Why something is not taken back."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One change of the run: to be reversed, or ``kept`` for a reason, changed meanwhile by ``by_run``.

    ``found`` is the value the run left, with which the reversal compares; ``back_to`` the value from before.
    """

    what: str
    subject_id: int
    customer_id: int | None = None
    found: str | None = None
    back_to: str | None = None
    kept: str | None = None
    by_run: int | None = None

    def keep(self, reason: str, by_run: int | None = None) -> Finding:
        """The same change, kept."""
        return replace(self, kept=reason, by_run=by_run)


@dataclass(frozen=True, slots=True)
class Step:
    """What a run made of one field: its first old value and its last new one."""

    old: str | None
    new: str | None
    reason: str


def steps(connection: Connection, run_id: int, subject: str, field: str) -> dict[int, Step]:
    """Subject id → what the run's journal says about this field."""
    found: dict[int, Step] = {}
    rows = connection.execute(
        select(journal.c.subject_id, journal.c.old_value, journal.c.new_value, journal.c.reason)
        .where(journal.c.run_id == run_id, journal.c.subject == subject, journal.c.field == field)
        .order_by(journal.c.id)
    )
    for row in rows:
        first = found.get(row.subject_id)
        found[row.subject_id] = Step(first.old if first else row.old_value, row.new_value, row.reason)
    return found


def later_runs(
    connection: Connection, run_id: int, subject: str, fields: Collection[str], ids: Iterable[int]
) -> dict[int, int]:
    """Subject id → the newest later run that changed one of these fields and still stands."""
    found: dict[int, int] = {}
    for chunk in chunks(ids):
        rows = connection.execute(
            select(journal.c.subject_id, func.max(journal.c.run_id).label("by_run"))
            .join(run_table, run_table.c.id == journal.c.run_id)
            .where(
                journal.c.run_id > run_id,
                journal.c.subject == subject,
                journal.c.subject_id.in_(chunk),
                journal.c.field.in_(sorted(fields)),
                run_table.c.state != "undone",
                run_table.c.undoes_run_id.is_(None),
            )
            .group_by(journal.c.subject_id)
        )
        found.update((row.subject_id, row.by_run) for row in rows)
    return found


def last_change(connection: Connection, subject: str, subject_id: int) -> int | None:
    """The newest run that changed this subject; None where none is journalled."""
    statement = select(func.max(journal.c.run_id)).where(
        journal.c.subject == subject, journal.c.subject_id == subject_id
    )
    found: int | None = connection.execute(statement).scalar_one()
    return found


def attempts(connection: Connection, run_id: int) -> frozenset[int]:
    """The runs that began to undo this one and did not get to the end."""
    rows = connection.execute(select(run_table.c.id).where(run_table.c.undoes_run_id == run_id))
    return frozenset(rows.scalars())


def to_reverse(findings: Sequence[Finding], *what: str) -> list[Finding]:
    """Those of these kinds that are not kept."""
    return [one for one in findings if one.kept is None and one.what in what]
