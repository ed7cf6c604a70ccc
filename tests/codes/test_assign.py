"""``codes assign`` and the serials in a member export."""

from __future__ import annotations

from pathlib import Path

import pytest

from eccube_sync.errors import BadInputError, UsageError
from eccube_sync.services.codes.assigning import bind_from_import, find_members
from eccube_sync.services.running import Run
from eccube_sync.tables.codes import link_code
from eccube_sync.tables.members import member_code, source
from eccube_sync.tables.runs import journal
from tests.codes.counter import Counter
from tests.support.rows import our_shop
from tests.support.shop import Shop


def states(counter: Counter) -> list[tuple[str, str | None]]:
    return [(row.state, row.member_code) for row in counter.ours.rows(link_code)]


def test_codes_are_bound_to_members_also_to_those_not_imported_yet(counter: Counter) -> None:
    first, second, _third = counter.issue(3)
    report = counter.assign((first.serial, "A-1"), (second.serial.lower(), "B-2"))
    assert report.counts["codes_assigned"] == 2
    assert states(counter) == [("assigned", "A-1"), ("assigned", "B-2"), ("issued", None)]


def test_the_same_file_twice_changes_nothing(small: Counter) -> None:
    (label,) = small.issue()
    path = small.write(("シリアル", "会員コード"), [(label.serial, "A-1"), (label.serial, "A-1")], "cp932")
    small.assign_file(path)
    before = small.ours.snapshot(link_code)
    assert small.assign_file(path).counts["codes_assigned"] == 0
    assert small.ours.snapshot(link_code) == before


def test_a_file_with_any_wrong_line_changes_nothing_and_every_one_is_named(small: Counter) -> None:
    used, other, revoked = (label.serial for label in small.issue(3))
    small.assign((used, "A-1"))
    rows = [
        (other, "B-2"),  # 2: right
        ("K9999999", "B-3"),  # 3: never issued
        (used, "C-1"),  # 4: somebody else's
        ("えええ", "C-2"),  # 5: no serial
        (other, "D-1"),  # 6: another member in the same file
        (revoked, "1.23E+12"),  # 7: what Excel made of a code
        (revoked, "9" * 65),  # 8: too long
    ]
    with pytest.raises(BadInputError) as refused:
        small.assign_file(small.write(("serial", "member_code"), rows))
    assert [problem.line for problem in refused.value.problems] == [3, 4, 5, 6, 7, 8]
    assert states(small)[1:] == [("issued", None), ("issued", None)]


def test_the_printed_list_with_a_column_added_will_do(small: Counter) -> None:
    first, second = small.issue(2)
    path = small.write(
        ("serial", "code", "expires_on", "会員番号"),
        [(first.serial, first.code, first.expires_on, "007"), (second.serial, second.code, "", "")],
        "utf-8-sig",
    )
    small.assign_file(path)
    assert states(small) == [("assigned", "007"), ("issued", None)]


def test_a_file_without_the_needed_columns_is_refused_in_words(small: Counter) -> None:
    with pytest.raises(BadInputError, match="member_code"):
        small.assign_file(small.write(("serial", "name"), [("K0000001", "x")]))


def test_with_several_sources_each_row_says_which(sqlite_shop: Shop, tmp_path: Path) -> None:
    configuration = '[[source]]\nkey = "east"\n[[source]]\nkey = "west"\npattern = "west*.csv"\n'
    with our_shop(sqlite_shop, tmp_path, configuration) as ours:
        counter = Counter(ours, tmp_path)
        first, second = (label.serial for label in counter.issue(2))
        header = ("serial", "member_code", "source")
        counter.assign_file(counter.write(header, [(first, "A-1", "east"), (second, "A-1", "west")]))
        sources = [row.source_id for row in ours.rows(link_code)]
        assert sources == [ours.row(source, source_key=key).id for key in ("east", "west")]
        with pytest.raises(BadInputError, match="no such source"):
            counter.assign_file(counter.write(header, [(first, "A-1", "north")]))
        with pytest.raises(UsageError, match="--source"):
            counter.assign_file(counter.write(header, [(first, "A-1", "")]))


def test_serials_the_store_typed_into_its_members_are_bound_by_the_import(counter: Counter) -> None:
    first, second, third = (label.serial for label in counter.issue(3))
    counter.ours.source_id()
    counter.assign((third, "somebody else"))
    counter.ours.add_member(code="A-1", link_code_serial=first.lower())
    counter.ours.add_member(code="B-2", link_code_serial=f" {second}")
    counter.ours.add_member(code="C-3", link_code_serial=second)  # copied by mistake
    counter.ours.add_member(code="D-4", link_code_serial="K9999999")
    counter.ours.add_member(code="E-5", link_code_serial=third)

    def work(run: Run) -> dict[str, int]:
        run.transaction(bind_from_import, run, counter.ours.import_id("store"))
        return dict(run.counts)

    counts = counter.ours.apply(work)
    assert (counts["codes_assigned"], counts["serials_not_usable"]) == (2, 3)
    assert states(counter) == [("assigned", "A-1"), ("assigned", "B-2"), ("assigned", "somebody else")]
    assert "codes_assigned" not in counter.ours.apply(work)


def test_binding_is_journalled_by_id(small: Counter) -> None:
    (label,) = small.issue()
    small.assign((label.serial, "A-1"))
    (row,) = [row for row in small.ours.rows(journal) if row.subject == "link_code"]
    assert (row.subject_id, row.field, row.old_value, row.new_value) == (1, "state", "issued", "assigned")


def test_any_code_old_or_new_finds_its_member_and_the_one_in_use_comes_first(counter: Counter) -> None:
    ours = counter.ours
    old, new, key = (ours.add_member(code=code) for code in ("KEY-1", "KEY-2", "12345"))
    source_id, import_id = ours.source_id(), ours.import_id("store")

    def give(member_id: int, code: str, kind: str = "code", ended: int | None = None) -> None:
        ours.insert(
            member_code,
            member_id=member_id,
            source_id=source_id,
            kind=kind,
            code=code,
            from_import_id=import_id,
            to_import_id=ended,
        )

    give(old, "A", ended=import_id)
    give(new, "A")
    give(old, "B", ended=import_id)
    give(old, "12345", kind="number")
    give(old, "C")
    give(new, "C")
    with ours.connect() as connection:
        found = find_members(
            connection, [(source_id, code) for code in ("A", "B", "12345", "C", "KEY-2", "Z")]
        )
    assert found == {
        (source_id, "A"): [new],
        (source_id, "B"): [old],
        (source_id, "12345"): [old],
        (source_id, "C"): [old, new],
        (source_id, "KEY-2"): [new],
    }
    assert key
