"""The cases a reviewer should see, with both sides' data: reads our tables and EC-CUBE's, writes nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection, and_, or_, select

from eccube_sync.clock import to_database, tokyo_midnight
from eccube_sync.db import AnyRow
from eccube_sync.eccube import GENERATIONS, EccubeCustomer, detect
from eccube_sync.services.review.file import NAME_ONLY
from eccube_sync.tables.cases import review_case, review_decision
from eccube_sync.tables.classes import chunks
from eccube_sync.tables.customers import customer
from eccube_sync.tables.members import member, member_version, source, store
from eccube_sync.tables.runs import journal

RECENT = timedelta(days=365)
EXPORTED = "exported"
"""The journal's field that says which version of a case was exported."""


@dataclass(frozen=True, slots=True)
class CustomerSide:
    """A customer as the reviewer sees it; ``person`` is None once EC-CUBE no longer has it."""

    eccube_id: int
    person: EccubeCustomer | None
    recent_orders: int


@dataclass(frozen=True, slots=True)
class Question:
    """One case with the sides it is about; ``member`` is the newest version's row with source and branch."""

    case: AnyRow
    customer: CustomerSide | None
    member: AnyRow | None

    @property
    def group(self) -> tuple[str, int]:
        """What keeps the candidates of one customer together."""
        if self.case.customer_id is not None:
            return ("customer", self.case.customer_id)
        return ("member", self.case.member_id or 0)


def waiting_cases(connection: Connection, today: date, *, name_only: bool) -> list[AnyRow]:
    """Open cases, and those on hold whose time has come or whose version rose since."""
    held_as_it_stands = (
        select(review_decision.c.id)
        .where(
            review_decision.c.case_id == review_case.c.id,
            review_decision.c.case_version == review_case.c.version,
        )
        .exists()
    )
    returned = and_(review_case.c.state == "hold", or_(review_case.c.hold_until <= today, ~held_as_it_stands))
    kind = review_case.c.kind == NAME_ONLY if name_only else review_case.c.kind != NAME_ONLY
    statement = select(review_case).where(kind, or_(review_case.c.state == "open", returned))
    return list(connection.execute(statement.order_by(review_case.c.id)))


def exported_versions(connection: Connection, case_ids: Iterable[int]) -> dict[int, int]:
    """Case id → the newest version that stands in a review file."""
    found: dict[int, int] = {}
    for chunk in chunks(case_ids):
        for row in connection.execute(
            select(journal.c.subject_id, journal.c.new_value).where(
                journal.c.subject == "case", journal.c.subject_id.in_(chunk), journal.c.field == EXPORTED
            )
        ):
            found[row.subject_id] = max(found.get(row.subject_id, 0), int(row.new_value))
    return found


def in_order(
    connection: Connection, cases: Sequence[AnyRow], today: date, limit: int
) -> tuple[list[Question], int]:
    """The first ``limit`` cases with both sides, and how many are left over.

    Customers with the most orders in the last 365 days come first, then the most probable. A customer's
    candidates stay together: a customer who no longer fits wholly waits for the next file, unless none does.
    """
    customers = _our_customers(connection, {row.customer_id for row in cases if row.customer_id is not None})
    orders = _orders(connection, customers, today)
    groups: dict[tuple[str, int], list[Question]] = {}
    for case in cases:
        side = _side(customers.get(case.customer_id), None, orders)
        one = Question(case, side, None)
        groups.setdefault(one.group, []).append(one)
    ranked = sorted(groups.values(), key=_rank)
    chosen: list[Question] = []
    for group in ranked:
        if chosen and len(chosen) + len(group) > limit:
            break
        chosen += sorted(group, key=lambda one: (-(one.case.probability or 0.0), one.case.id))
    return _with_sides(connection, chosen, customers, orders), len(cases) - len(chosen)


def _rank(group: Sequence[Question]) -> tuple[int, float, int]:
    orders = max(one.customer.recent_orders if one.customer else 0 for one in group)
    return (
        -orders,
        -max(one.case.probability or 0.0 for one in group),
        min(one.case.id for one in group),
    )


def _our_customers(connection: Connection, ids: Collection[int]) -> dict[int | None, AnyRow]:
    return {
        row.id: row
        for chunk in chunks(ids)
        for row in connection.execute(select(customer).where(customer.c.id.in_(chunk)))
    }


def _orders(connection: Connection, customers: Mapping[int | None, AnyRow], today: date) -> dict[int, int]:
    ids = [row.eccube_id for row in customers.values() if row.current == 1]
    if not ids:
        return {}
    generation = GENERATIONS[detect(connection)]
    return generation.recent_orders(connection, ids, tokyo_midnight(today - RECENT))


def _side(
    ours: AnyRow | None, person: EccubeCustomer | None, orders: Mapping[int, int]
) -> CustomerSide | None:
    if ours is None:
        return None
    return CustomerSide(ours.eccube_id, person, orders.get(ours.eccube_id, 0) if ours.current == 1 else 0)


def _with_sides(
    connection: Connection,
    chosen: Sequence[Question],
    customers: Mapping[int | None, AnyRow],
    orders: Mapping[int, int],
) -> list[Question]:
    people = _people(connection, [customers[one.case.customer_id] for one in chosen if one.customer])
    members = _members(connection, {one.case.member_id for one in chosen if one.case.member_id is not None})
    return [
        Question(
            one.case,
            _side(customers.get(one.case.customer_id), people.get(one.case.customer_id), orders),
            members.get(one.case.member_id),
        )
        for one in chosen
    ]


def _people(connection: Connection, ours: Sequence[AnyRow]) -> dict[int | None, EccubeCustomer]:
    """Our id → the person; left out where the EC-CUBE id now belongs to somebody else."""
    wanted = {row.eccube_id: row for row in ours if row.current == 1}
    if not wanted:
        return {}
    found = GENERATIONS[detect(connection)].customers_by_id(connection, sorted(wanted))
    return {
        wanted[one.eccube_id].id: one
        for one in found
        if to_database(one.created_at) == wanted[one.eccube_id].eccube_created_at
    }


def _members(connection: Connection, ids: Collection[int]) -> dict[int, AnyRow]:
    statement = (
        select(
            member_version,
            source.c.name.label("source_name"),
            store.c.name.label("store_name"),
        )
        .select_from(member)
        .join(member_version, member_version.c.id == member.c.version_id)
        # Outer: else the server may begin with the one source, and look through all of its members.
        .outerjoin(source, source.c.id == member.c.source_id)
        .join(
            store,
            and_(store.c.source_id == member.c.source_id, store.c.code == member_version.c.store_code),
            isouter=True,
        )
    )
    return {
        row.member_id: row
        for chunk in chunks(ids)
        for row in connection.execute(statement.where(member.c.id.in_(chunk)))
    }
