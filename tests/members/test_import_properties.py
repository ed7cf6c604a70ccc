"""What importing any two small files one after the other must lead to."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from eccube_sync.services.members.importing import apply_import, plan_import
from eccube_sync.services.members.knownmembers import CONTENT
from eccube_sync.tables import metadata
from eccube_sync.tables.members import member, member_code, member_version
from tests.members.exports import CONFIGURATION, person, write_export
from tests.support.rows import OurShop, our_shop
from tests.support.shop import sqlite_shop

Rows = list[dict[str, str]]
Members = dict[str, tuple[object, ...]]

_numbers = count(1)
_FILLED = {
    "family": st.sampled_from(["山田", "佐藤"]),
    "family_kana": st.sampled_from(["ヤマダ", "サトウ"]),
    "phone": st.sampled_from(["06-1111-2222", "06-3333-4444"]),
    "mobile": st.just("090-1111-2222"),
    "email": st.sampled_from(["a@example.com", "b@example.com"]),
    "birth": st.sampled_from(["1985/04/05", "1960/01/02"]),
    "points": st.sampled_from(["0", "7"]),
    "number": st.sampled_from(["71", "72"]),
    "end": st.sampled_from(["2027/03/31", "無期限"]),
    "status": st.sampled_from("012"),
}
_SILENT = ("phone", "email", "points", "birth", "number")


def exports(cells: dict[str, st.SearchStrategy[str]]) -> st.SearchStrategy[Rows]:
    """Small files: some of five members, each with some of the codes 1 to 7, no code twice."""
    row = st.fixed_dictionaries(cells)
    whose = st.lists(st.integers(1, 5), min_size=1, max_size=5, unique=True)

    def with_codes(members: list[int]) -> st.SearchStrategy[Rows]:
        codes = st.permutations(range(1, 8)).map(lambda order: order[: len(members)])
        rows = st.lists(row, min_size=len(members), max_size=len(members))
        return st.tuples(codes, rows).map(
            lambda drawn: [
                person(number, code=f"290000000{code}", **changed)
                for number, code, changed in zip(members, *drawn, strict=True)
            ]
        )

    return whose.flatmap(with_codes)


_ANYBODY = {
    "given": st.sampled_from(["花子", "一郎"]),
    "given_kana": st.sampled_from(["ハナコ", "イチロウ"]),
}

FULL = exports(_FILLED)
STRANGERS = exports(_FILLED | _ANYBODY)  # a code may come back with another person
PATCHY = exports(_FILLED | {name: _FILLED[name] | st.just("") for name in _SILENT})


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OurShop]:
    """One shop on SQLite for all examples; each empties it first."""
    folder = tmp_path_factory.mktemp("property")
    with sqlite_shop(folder / "eccube.db") as eccube, our_shop(eccube, folder, CONFIGURATION) as found:
        yield found


def import_all(ours: OurShop, *files: Rows, partial: bool = False) -> Members:
    """Import these files into an empty shop; the current members' data by store key."""
    with ours.connect() as connection, connection.begin():
        for table in reversed(metadata.sorted_tables):
            connection.execute(delete(table))
    (ours.settings.folders.root / "installation.json").unlink(missing_ok=True)
    for rows in files:
        path = write_export(ours.settings.folders.root / f"{next(_numbers)}.csv", rows, encoding="utf-8")
        with ours.connect() as connection:
            plan = plan_import(ours.service, connection, path, partial=partial)
        ours.apply(lambda run, plan=plan: apply_import(run, plan))
    return current(ours)


def current(ours: OurShop) -> Members:
    """The data of every current member by store key."""
    statement = (
        select(
            member.c.store_key, *(member_version.c[name] for name in CONTENT), member_version.c.fingerprint
        )
        .join(member_version, member_version.c.id == member.c.version_id)
        .where(member.c.current == 1)
    )
    with ours.connect() as connection:
        return {row.store_key: tuple(row) for row in connection.execute(statement)}


def open_codes(ours: OurShop) -> dict[str, str]:
    """Barcode → the store key of the member it leads to. Fails where it leads to two."""
    statement = (
        select(member_code.c.code, member.c.store_key)
        .join(member, member.c.id == member_code.c.member_id)
        .where(member_code.c.kind == "code", member_code.c.to_import_id.is_(None))
    )
    with ours.connect() as connection:
        rows = connection.execute(statement).all()
    assert len({row.code for row in rows}) == len(rows)
    return {row.code: row.store_key for row in rows}


property_settings = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@property_settings
@given(first=STRANGERS, second=STRANGERS)
def test_the_newest_file_is_what_counts(ours: OurShop, first: Rows, second: Rows) -> None:
    alone = import_all(ours, second)
    codes = open_codes(ours)
    after = import_all(ours, first, second)
    assert {key: after[key] for key in alone} == alone
    assert set(after) == {row["id"] for row in (*first, *second)}
    assert {code: key for code, key in open_codes(ours).items() if code in codes} == codes


@property_settings
@given(first=FULL, second=PATCHY)
def test_an_empty_cell_is_no_information(ours: OurShop, first: Rows, second: Rows) -> None:
    known = {row["id"]: row for row in first}
    expected = import_all(ours, [_completed(known.get(row["id"]), row) for row in second])
    after = import_all(ours, first, second)
    assert {key: after[key] for key in expected} == expected


def _completed(before: dict[str, str] | None, row: dict[str, str]) -> dict[str, str]:
    """What a row means once the row before is known."""
    return {name: cell or before[name] for name, cell in row.items()} if before else row


@property_settings
@given(first=FULL, second=PATCHY)
def test_the_same_rows_again_change_nothing(ours: OurShop, first: Rows, second: Rows) -> None:
    import_all(ours, first, second)
    before = ours.snapshot(member_version, member_code)
    members = [(row.id, row.version_id, row.content_hash) for row in ours.rows(member)]
    path = write_export(ours.settings.folders.root / f"{next(_numbers)}.csv", second, encoding="cp932")
    with ours.connect() as connection:
        plan = plan_import(ours.service, connection, path)
    assert not plan.known
    assert (plan.counts["new"], plan.counts["changed"], plan.counts["reused_codes"]) == (0, 0, 0)
    ours.apply(lambda run: apply_import(run, plan))
    assert ours.snapshot(member_version, member_code) == before
    assert [(row.id, row.version_id, row.content_hash) for row in ours.rows(member)] == members


@property_settings
@given(first=STRANGERS, second=STRANGERS, third=STRANGERS, again=st.lists(st.integers(0, 4)))
def test_rows_known_word_for_word_mean_what_reading_them_again_means(
    ours: OurShop, first: Rows, second: Rows, third: Rows, again: list[int]
) -> None:
    import_all(ours, first, second)
    kept = {row["id"]: row for row in third} | {
        second[at]["id"]: second[at] for at in again if at < len(second)
    }
    assume(len({row["code"] for row in kept.values()}) == len(kept))
    path = write_export(ours.settings.folders.root / f"{next(_numbers)}.csv", list(kept.values()))
    with ours.connect() as connection:
        quick = plan_import(ours.service, connection, path)
        connection.execute(update(member).values(row_digest=None))
        connection.commit()
        thorough = plan_import(ours.service, connection, path)
    assert (quick.counts, quick.changed_lines, quick.missing, quick.moved_back, quick.taken_at) == (
        thorough.counts, thorough.changed_lines, thorough.missing, thorough.moved_back, thorough.taken_at
    )  # fmt: skip


@property_settings
@given(whole=FULL, data=st.data())
def test_parts_of_a_file_make_what_the_whole_makes(ours: OurShop, whole: Rows, data: st.DataObject) -> None:
    expected = import_all(ours, whole)
    cut = data.draw(st.integers(1, len(whole)))
    parts = [part for part in (whole[:cut], whole[cut:]) if part]
    assert import_all(ours, *parts, partial=True) == expected
    assert open_codes(ours) == {row["code"]: row["id"] for row in whole}
