"""Statements of the matcher's index: blocking keys, scored pairs, what stands between a pair."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from math import isclose
from operator import itemgetter
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Table, and_, delete, func, or_, select

from eccube_sync.db import AnyRow
from eccube_sync.tables.cases import review_case
from eccube_sync.tables.classes import chunks
from eccube_sync.tables.customers import customer
from eccube_sync.tables.links import link, match_key, match_model, scored_pair, undone_pair
from eccube_sync.tables.members import member, member_version
from eccube_sync.tables.runs import journal, run

CUSTOMER, MEMBER = 1, 2
DEAD = ("lost", "merged")
Integers = NDArray[np.int64]
ROWS_AT_ONCE = 5000
OF_CLASSIFICATION = frozenset({"first", "settings_changed"})
"""Why a classification makes a model; it uses it at once."""


def newest_model(connection: Connection) -> AnyRow | None:
    """The row of the model in force, without its body, which may be megabytes."""
    columns = (match_model.c.id, match_model.c.run_id, match_model.c.created_at)
    return connection.execute(select(*columns).order_by(match_model.c.id.desc()).limit(1)).first()


def model_body(connection: Connection, model_id: int) -> str:
    """The body of a stored model, JSON."""
    return str(
        connection.execute(select(match_model.c.body).where(match_model.c.id == model_id)).scalar_one()
    )


def trained_since(connection: Connection, newest: AnyRow | None, after_run: int) -> bool:
    """Whether the model in force, ``newest``, was made later and not by a classification for itself."""
    if newest is None or newest.run_id <= after_run:
        return False
    reasons = select(journal.c.reason).where(
        journal.c.run_id == newest.run_id, journal.c.subject == "model", journal.c.subject_id == newest.id
    )
    return not OF_CLASSIFICATION.issuperset(connection.execute(reasons).scalars())


def newest_run(connection: Connection, before: int | None = None) -> int:
    """The id of the newest run, or of the newest one before another; 0 where there is none."""
    newest = select(func.coalesce(func.max(run.c.id), 0))
    if before is not None:
        newest = newest.where(run.c.id < before)
    return int(connection.execute(newest).scalar_one())


def changed_members(connection: Connection, after_run: int) -> list[int]:
    """Current members changed by a later run than ``after_run``, by id."""
    rows = connection.execute(
        select(member.c.id)
        .where(member.c.current == 1, member.c.changed_run_id > after_run)
        .order_by(member.c.id)
    )
    return [row.id for row in rows]


def replaced_members(connection: Connection, after_run: int) -> list[int]:
    """Members that a later run than ``after_run`` put aside: their code was given to somebody else, or undone."""
    rows = connection.execute(
        select(member.c.id).where(member.c.current.is_(None), member.c.changed_run_id > after_run)
    )
    return [row.id for row in rows]


def decided_since(connection: Connection, after_run: int) -> tuple[set[int], set[int]]:
    """Customers and members whose links or cases a later run changed: by a person, an undo, a run that was killed."""
    customers: set[int] = set()
    members: set[int] = set()
    for table, changed in (
        (link, link.c.run_id),
        (link, link.c.ended_run_id),
        (review_case, review_case.c.changed_run_id),
    ):
        for row in connection.execute(
            select(table.c.customer_id, table.c.member_id).where(changed > after_run)
        ):
            customers.add(row.customer_id)
            members.add(row.member_id)
    # A case about one side only names no other.
    return customers - {None}, members - {None}


def all_members(connection: Connection) -> list[int]:
    """Every current member, by id."""
    return [
        row.id
        for row in connection.execute(select(member.c.id).where(member.c.current == 1).order_by(member.c.id))
    ]


def sources_and_fingerprints(
    connection: Connection, member_ids: Iterable[int]
) -> tuple[dict[int, int], dict[int, str]]:
    """Member id → source id, and member id → fingerprint."""
    sources: dict[int, int] = {}
    fingerprints: dict[int, str] = {}
    for ids in chunks(member_ids):
        told = select(member.c.id, member.c.source_id, member.c.fingerprint).where(member.c.id.in_(ids))
        for member_id, source_id, fingerprint in connection.execute(told):
            sources[member_id], fingerprints[member_id] = source_id, fingerprint
    return sources, fingerprints


def members_by_source(connection: Connection, member_ids: Iterable[int]) -> dict[int, int]:
    """Member id → source id."""
    found: dict[int, int] = {}
    for ids in chunks(member_ids):
        rows = connection.execute(select(member.c.id, member.c.source_id).where(member.c.id.in_(ids)))
        found.update((row.id, row.source_id) for row in rows)
    return found


def who_has_keys(connection: Connection, side: int, keys: Integers) -> tuple[Integers, Integers]:
    """The stored (key, subject id) of these keys on one side."""
    found: list[tuple[int, int]] = []
    for ids in chunks(np.unique(keys).tolist()):
        rows = connection.execute(
            select(match_key.c.key_hash, match_key.c.subject_id).where(
                match_key.c.key_hash.in_(ids), match_key.c.side == side
            )
        )
        found.extend((row[0], row[1]) for row in rows)
    columns = np.array(found, np.int64).reshape(-1, 2)
    return columns[:, 0], columns[:, 1]


def replace_keys(
    connection: Connection, side: int, subject_ids: Sequence[int], keys: Integers, owners: Integers
) -> None:
    """Store the keys of these subjects; ``owners`` names the subject of each key.

    Most stay the same when somebody moves or has a new phone. They are left alone: every row lies in another place.
    """
    wanted = set(zip(owners.tolist(), keys.tolist(), strict=True))
    stored: set[tuple[int, int]] = set()
    of_side = match_key.c.side == side
    for ids in chunks(subject_ids):
        had = select(match_key.c.subject_id, match_key.c.key_hash).where(
            of_side, match_key.c.subject_id.in_(ids)
        )
        stored.update((row.subject_id, row.key_hash) for row in connection.execute(had))
    for owner, pairs in groupby(sorted(stored - wanted), key=itemgetter(0)):
        gone = [key for _owner, key in pairs]
        connection.execute(
            delete(match_key).where(of_side, match_key.c.subject_id == owner, match_key.c.key_hash.in_(gone))
        )
    new = np.array(sorted((key, owner) for owner, key in wanted - stored), np.int64).reshape(-1, 2)
    add_keys(connection, new[:, 0], np.full(len(new), side), new[:, 1])


def delete_key_range(connection: Connection, low: int, high: int) -> None:
    """Delete the keys from ``low`` through ``high`` of both sides."""
    connection.execute(delete(match_key).where(match_key.c.key_hash.between(low, high)))


def add_keys(connection: Connection, keys: Integers, sides: Integers, owners: Integers) -> None:
    """Insert keys."""
    columns = (keys, sides, owners)
    for start in range(0, len(keys), ROWS_AT_ONCE):
        part = (column[start : start + ROWS_AT_ONCE].tolist() for column in columns)
        _insert_numbers(
            connection, match_key, ("key_hash", "side", "subject_id"), list(zip(*part, strict=True))
        )


def _insert_numbers(
    connection: Connection, table: Table, names: Sequence[str], rows: Sequence[tuple[float, ...]]
) -> None:
    """Insert rows of numbers of our own making. They stand in the statement as they are: as parameters, millions of
    them would take longer than the matching."""
    translated = connection.get_execution_options().get("schema_translate_map", {})
    schema = connection.dialect.identifier_preparer.quote(translated.get(table.schema, table.schema))
    values = str(rows)[1:-1]
    connection.exec_driver_sql(f"INSERT INTO {schema}.{table.name} ({', '.join(names)}) VALUES {values}")


# --- pairs -----------------------------------------------------------------------------------------

Pair: TypeAlias = tuple[int, int, float, float, int]
"""Customer, member, bits, probability, flags."""

_PAIR = [scored_pair.c[name] for name in ("customer_id", "member_id", "bits", "probability", "flags")]


def pairs_touching(
    connection: Connection, customer_ids: Iterable[int], member_ids: Iterable[int]
) -> list[AnyRow]:
    """Stored pairs with one of these customers or members; a pair may come twice."""
    rows: list[AnyRow] = []
    for ids in chunks(customer_ids):
        rows += connection.execute(select(scored_pair).where(scored_pair.c.customer_id.in_(ids)))
    for ids in chunks(member_ids):
        rows += connection.execute(select(scored_pair).where(scored_pair.c.member_id.in_(ids)))
    return rows


def all_pairs(connection: Connection) -> Iterator[Sequence[Sequence[Any]]]:
    """(customer, member, bits, probability, flags) of every stored pair, sorted by customer and member, in parts."""
    last = 0
    while True:
        rows = connection.execute(
            select(*_PAIR)
            .where(scored_pair.c.customer_id > last)
            .order_by(*_PAIR[:2])
            .limit(10 * ROWS_AT_ONCE)
        ).all()
        if len(rows) == 10 * ROWS_AT_ONCE:  # a customer's pairs may go on in the next part
            rows = [row for row in rows if row.customer_id != rows[-1].customer_id]
        if not rows:
            return
        yield rows
        last = rows[-1].customer_id


def replace_pairs(connection: Connection, customer_ids: Sequence[int], pairs: Sequence[Pair]) -> None:
    """Store all pairs of these customers, sorted by customer and member. Those that stand already are left alone."""
    wanted = _by_customer(pairs)
    changed: list[Pair] = []
    for ids in chunks(customer_ids):
        rows = connection.execute(
            select(*_PAIR).where(scored_pair.c.customer_id.in_(ids)).order_by(*_PAIR[:2])
        )
        stored = _by_customer([tuple(row) for row in rows])
        differing = [one for one in ids if not _alike(stored[one], wanted[one])]
        gone = [one for one in differing if stored[one]]
        if gone:
            connection.execute(delete(scored_pair).where(scored_pair.c.customer_id.in_(gone)))
        changed += [pair for one in differing for pair in wanted[one]]
    names = [column.name for column in _PAIR]
    for start in range(0, len(changed), ROWS_AT_ONCE):
        _insert_numbers(connection, scored_pair, names, changed[start : start + ROWS_AT_ONCE])


def _by_customer(pairs: Iterable[Pair]) -> defaultdict[int, list[Pair]]:
    found: defaultdict[int, list[Pair]] = defaultdict(list)
    for pair in pairs:
        found[pair[0]].append(pair)
    return found


def _alike(stored: Sequence[Pair], wanted: Sequence[Pair]) -> bool:
    """Whether they are the same, as far as the server tells it: of a number it shows six digits."""
    return len(stored) == len(wanted) and all(
        one[1] == other[1]
        and isclose(one[2], other[2], rel_tol=1e-5)
        and isclose(one[3], other[3], rel_tol=1e-5)
        and one[4] == other[4]
        for one, other in zip(stored, wanted, strict=True)
    )


# --- what stands between -----------------------------------------------------------------------------


_LINK = [
    link.c[name]
    for name in (
        "id", "customer_id", "member_id", "source_id", "slot", "method", "proven_by", "run_id",
    )
]  # fmt: skip


def active_links(
    connection: Connection, customer_ids: Iterable[int], member_ids: Iterable[int]
) -> list[AnyRow]:
    """Active links of these customers or members, each once, by id: who, where, and how it came about."""
    found: dict[int, AnyRow] = {}
    for column, wanted in ((link.c.customer_id, customer_ids), (link.c.member_id, member_ids)):
        for ids in chunks(wanted):
            for row in connection.execute(select(*_LINK).where(link.c.active == 1, column.in_(ids))):
                found[row.id] = row
    return [found[one] for one in sorted(found)]


def all_active_links(connection: Connection) -> list[AnyRow]:
    """Every active link, as ``active_links`` tells it."""
    return list(connection.execute(select(*_LINK).where(link.c.active == 1).order_by(link.c.id)))


def set_apart(
    connection: Connection, customer_ids: Iterable[int], fingerprints: Mapping[int, str] | None = None
) -> Iterator[tuple[int, int]]:
    """Pairs a person called 別人, or whose link was undone and nothing changed on either side since.

    ``fingerprints`` are those of customers that changed just now, which are not stored yet.
    """
    for ids in chunks(customer_ids):
        decided = select(review_case.c.customer_id, review_case.c.member_id).where(
            # A claim against a person's 別人, or a person's doubt, asks again; until the answer the 別人 stands.
            or_(
                review_case.c.state == "different",
                and_(
                    review_case.c.kind.in_(("claim_conflict", "asked_again")),
                    review_case.c.state.in_(("open", "hold")),
                ),
            ),
            review_case.c.customer_id.in_(ids),
            review_case.c.member_id.is_not(None),
        )
        undone = (
            select(
                undone_pair.c.customer_id,
                undone_pair.c.member_id,
                undone_pair.c.customer_fingerprint,
                customer.c.fingerprint,
            )
            .join(customer, customer.c.id == undone_pair.c.customer_id)
            .join(
                member,
                and_(
                    member.c.id == undone_pair.c.member_id,
                    member.c.fingerprint == undone_pair.c.member_fingerprint,
                ),
            )
            .where(undone_pair.c.customer_id.in_(ids))
        )
        yield from ((row[0], row[1]) for row in connection.execute(decided))
        for row in connection.execute(undone):
            if row.customer_fingerprint == (fingerprints or {}).get(row.customer_id, row.fingerprint):
                yield row.customer_id, row.member_id


def open_pair_cases(connection: Connection, customer_ids: Iterable[int]) -> list[AnyRow]:
    """Cases about pairs of these customers that wait for an answer."""
    told = [review_case.c[name] for name in ("id", "kind", "customer_id", "member_id")]
    rows: list[AnyRow] = []
    for ids in chunks(customer_ids):
        rows += connection.execute(
            select(*told).where(
                review_case.c.customer_id.in_(ids),
                review_case.c.member_id.is_not(None),
                review_case.c.state.in_(("open", "hold")),
            )
        )
    return rows


def links_of_lost_members(
    connection: Connection, missing_imports: int, customer_ids: Sequence[int] | None = None
) -> list[AnyRow]:
    """Active links whose member's code now belongs to another person, or who is missing from the store's files.

    Only those of these customers, where some are named.
    """
    statement = (
        select(link, member.c.current.label("member_current"), member.c.missing_imports)
        .join(member, member.c.id == link.c.member_id)
        .where(
            link.c.active == 1,
            or_(member.c.current.is_(None), member.c.missing_imports >= missing_imports),
        )
    )
    if customer_ids is not None:
        statement = statement.where(link.c.customer_id.in_(customer_ids))
    return list(connection.execute(statement))


def links_of_dead_cards(connection: Connection) -> list[AnyRow]:
    """Active links whose member's card was reported lost, or whose member was merged into another one."""
    return list(
        connection.execute(
            select(link.c.customer_id, link.c.member_id, member.c.fingerprint, member_version.c.status)
            .join(member, member.c.id == link.c.member_id)
            .join(member_version, member_version.c.id == member.c.version_id)
            .where(link.c.active == 1, member.c.current == 1, member_version.c.status.in_(DEAD))
        )
    )


def dead_cards(connection: Connection, member_ids: Iterable[int]) -> list[AnyRow]:
    """Those of these members whose card was reported lost or who were merged, each as a row like a link of it."""
    found: list[AnyRow] = []
    for ids in chunks(member_ids):
        found += connection.execute(
            select(member.c.id.label("member_id"), member.c.fingerprint, member_version.c.status)
            .join(member_version, member_version.c.id == member.c.version_id)
            .where(member.c.id.in_(ids), member.c.current == 1, member_version.c.status.in_(DEAD))
        )
    return found


def fingerprints(connection: Connection, member_ids: Iterable[int]) -> dict[int, str]:
    """Member id → fingerprint."""
    found: dict[int, str] = {}
    for ids in chunks(member_ids):
        rows = connection.execute(select(member.c.id, member.c.fingerprint).where(member.c.id.in_(ids)))
        found.update((row.id, row.fingerprint) for row in rows)
    return found


def customer_fingerprints(connection: Connection, customer_ids: Iterable[int]) -> dict[int, str]:
    """Customer id → fingerprint."""
    found: dict[int, str] = {}
    for ids in chunks(customer_ids):
        rows = connection.execute(select(customer.c.id, customer.c.fingerprint).where(customer.c.id.in_(ids)))
        found.update((row.id, row.fingerprint) for row in rows)
    return found


def linkable_customers(connection: Connection) -> list[int]:
    """Every customer of ours who may be linked, by id."""
    rows = select(customer.c.id).where(customer.c.current == 1, customer.c.state == "full")
    return list(connection.execute(rows.order_by(customer.c.id)).scalars())
