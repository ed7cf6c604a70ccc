"""Gather what the cards of some customers say, a query a kind of fact; reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select

from eccube_sync.db import AnyRow
from eccube_sync.services.review.casing import UNANSWERED
from eccube_sync.tables.cases import review_case
from eccube_sync.tables.classes import chunks, overrides_of
from eccube_sync.tables.codes import claim
from eccube_sync.tables.customers import customer, customer_class
from eccube_sync.tables.inbox import inbox_row
from eccube_sync.tables.links import link
from eccube_sync.tables.members import member, member_import, member_version, source
from eccube_sync.tables.runs import journal, run

INBOX_KINDS = ("link_code", "card", "proof")
"""Rows of the inbox a customer made and waits for."""

_MEMBER_COLUMNS = ("code", "number", "points", "rank_name", "birth_date", "phone", "mobile")


@dataclass(slots=True)
class CardFacts:
    """What is known about one customer; lists are newest first."""

    row: AnyRow
    membership: AnyRow | None = None
    links: list[AnyRow] = field(default_factory=list)
    claims: list[AnyRow] = field(default_factory=list)
    inbox: list[AnyRow] = field(default_factory=list)
    history: list[AnyRow] = field(default_factory=list)
    exception: AnyRow | None = None
    case: AnyRow | None = None

    @property
    def link(self) -> AnyRow | None:
        """The active link the class rests on, which is the one that ends last."""
        member_id = self.membership.member_id if self.membership else None
        chosen = [one for one in self.links if one.member_id == member_id]
        return next(iter(chosen or self.links), None)

    @property
    def empty(self) -> bool:
        """Whether a card would say nothing but that there is no link."""
        return not (self.links or self.claims or self.inbox or self.history or self.exception or self.case)


def gather_cards(connection: Connection, customer_ids: Sequence[int]) -> list[CardFacts]:
    """The facts of those of these customers who are whom EC-CUBE has under their id now."""
    rows = connection.execute(
        select(customer).where(customer.c.id.in_(customer_ids), customer.c.current == 1)
    )
    facts = {row.id: CardFacts(row) for row in rows}
    for row in _rows(connection, select(customer_class), customer_class.c.customer_id, facts):
        facts[row.customer_id].membership = row
    for row in _rows(connection, _links().where(link.c.active == 1), link.c.customer_id, facts):
        facts[row.customer_id].links.append(row)
    for row in _rows(connection, _history(), journal.c.subject_id, facts):
        facts[row.subject_id].history.append(row)
    for row in overrides_of(connection, list(facts)):
        facts[row.customer_id].exception = row
    open_cases = select(review_case).where(review_case.c.state.in_(UNANSWERED)).order_by(review_case.c.id)
    for row in _rows(connection, open_cases, review_case.c.customer_id, facts):
        facts[row.customer_id].case = row
    by_eccube_id = {one.row.eccube_id: one for one in facts.values()}
    for row in _rows(connection, select(claim).order_by(claim.c.id.desc()), claim.c.eccube_id, by_eccube_id):
        one = by_eccube_id[row.eccube_id]
        if row.customer_id in (None, one.row.id):  # not one of a predecessor under the same id
            one.claims.append(row)
    typed = select(inbox_row).where(inbox_row.c.kind.in_(INBOX_KINDS)).order_by(inbox_row.c.id.desc())
    for row in _rows(connection, typed, inbox_row.c.eccube_id, by_eccube_id):
        by_eccube_id[row.eccube_id].inbox.append(row)
    return list(facts.values())


def _rows(
    connection: Connection, statement: Select[Any], owner: Any, owners: Iterable[int]
) -> Iterable[AnyRow]:
    return connection.execute(statement.where(owner.in_(list(owners))))


def _links() -> Select[Any]:
    return (
        select(
            link,
            *(member_version.c[name] for name in _MEMBER_COLUMNS),
            member.c.store_key,
            source.c.source_key,
            source.c.name.label("source_name"),
        )
        .join(member, member.c.id == link.c.member_id)
        .join(member_version, member_version.c.id == member.c.version_id)
        .join(source, source.c.id == link.c.source_id)
        .order_by(link.c.id.desc())
    )


def _history() -> Select[Any]:
    return (
        select(journal)
        .where(journal.c.subject == "customer", journal.c.field == "class")
        .order_by(journal.c.id.desc())
    )


# --- whose cards may say something else than they do ---------------------------------------------------


def touched_since(connection: Connection, run_id: int) -> set[int]:
    """Customers about whom runs after this one changed something a card shows."""
    subjects: dict[str, set[int]] = defaultdict(set)
    changes = select(journal.c.subject, journal.c.subject_id).where(
        journal.c.run_id > run_id,
        journal.c.subject.in_(["customer", "link", "claim", "case", "member"]),
    )
    for row in connection.execute(changes.distinct()):
        subjects[row.subject].add(row.subject_id)
    found = set(subjects["customer"])
    for subject, table in (("link", link), ("claim", claim), ("case", review_case)):
        found |= _owners(connection, table.c.customer_id, table.c.id, subjects[subject])
    members = subjects["member"] | _imported_since(connection, run_id)
    found |= _owners(connection, link.c.customer_id, link.c.member_id, members)
    taken = select(customer.c.id).join(inbox_row, inbox_row.c.eccube_id == customer.c.eccube_id)
    found |= set(
        connection.execute(taken.where(customer.c.current == 1, inbox_row.c.run_id > run_id)).scalars()
    )
    return found


def _owners(connection: Connection, owner: Any, key: Any, ids: Iterable[int]) -> set[int]:
    found: set[int] = set()
    for part in chunks(ids):
        found |= set(connection.execute(select(owner).where(key.in_(part), owner.is_not(None))).scalars())
    return found


def _imported_since(connection: Connection, run_id: int) -> set[int]:
    """Members whose data an import changed."""
    changed = select(member.c.id).join(member_import, member_import.c.id == member.c.changed_import_id)
    return set(connection.execute(changed.where(member_import.c.run_id > run_id)).scalars())


def last_night(connection: Connection) -> datetime | None:
    """When the last night that came to its end ended; None where there was none."""
    ended = select(run.c.finished_at).where(run.c.command == "nightly", run.c.state == "done")
    found: datetime | None = connection.execute(ended.order_by(run.c.id.desc()).limit(1)).scalar_one_or_none()
    return found
