"""An export as the import sees it: streamed, counted, all or nothing."""

from __future__ import annotations

import hashlib
import tempfile
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eccube_sync.errors import BadInputError
from eccube_sync.exportfile import inspect_export, open_export
from tests.pos.conftest import Write

HEADER = "会員コード,氏名,電話番号,最終来店日時,会員期限,状態,備考"
GOOD = "000{n},見本,,2026/1/{n} 10:00,2027/3/31,有効,"


def _rows(count: int) -> list[str]:
    return [GOOD.format(n=number) for number in range(1, count + 1)]


def test_the_facts_of_a_file(write: Write) -> None:
    path = write("会員一覧", HEADER, *_rows(3), encoding="cp932")
    export = open_export(path, now=datetime(2026, 1, 2, 12, tzinfo=UTC))
    assert export.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert export.size == path.stat().st_size
    assert export.encoding == "cp932"
    assert [record.line for record in export.rows()] == [3, 4, 5]
    assert (export.row_count, export.physical_lines) == (3, 5)
    assert export.fill_rates["氏名"] == 1
    assert export.fill_rates["電話番号"] == 0
    assert export.unmapped_headers == ("備考",)


def test_the_age_of_a_file_ignores_times_after_now(write: Write) -> None:
    export = open_export(write(HEADER, *_rows(9)), now=datetime(2026, 1, 5, tzinfo=UTC))
    assert export.newest_moment is None
    list(export.rows())
    assert export.newest_moment == datetime(2026, 1, 4, 1, tzinfo=UTC)


def test_a_file_can_be_read_twice_with_the_same_result(write: Write) -> None:
    export = open_export(write(HEADER, *_rows(3), "", "合計,3件"))
    assert list(export.rows()) == list(export.rows())
    assert len(export.warnings) == 2


def test_a_bad_row_refuses_the_file_at_its_end_at_the_latest(write: Write) -> None:
    export = open_export(write(HEADER, *_rows(2), "0009,見本,,2026/2/30,,有効,", *_rows(2)))
    seen = []
    with pytest.raises(BadInputError):
        for record in export.rows():
            seen.append(record.line)
    assert 4 not in seen


def test_problems_are_gathered_up_to_the_limit_and_all_counted(write: Write) -> None:
    bad = [f"{number:04},見本,,2026/2/30,29/1/1,,x" for number in range(30)]
    with pytest.raises(BadInputError) as caught:
        list(open_export(write(HEADER, *bad)).rows())
    assert len(caught.value.problems) == 20
    assert "59 more" in str(caught.value)


def test_every_problem_of_a_row_is_told(write: Write) -> None:
    inspection = inspect_export(write(HEADER, "2.9E+12,見本,,2026/2/30,29/1/1,休眠,"))
    assert [found.column for found in inspection.refusals] == [
        "会員コード",
        "会員期限",
        "最終来店日時",
        "状態",
    ]


def test_inspecting_reports_a_refused_file_without_an_error(write: Write) -> None:
    assert inspect_export(write("なにか,べつのもの")).export is None
    inspection = inspect_export(write(HEADER, *_rows(2), "0001,見本,,,,有効,"))
    assert inspection.refusal_count == 1
    assert inspection.export is not None
    assert inspection.export.row_count == 3


def test_an_empty_status_where_ids_are_mapped_needs_its_own_id(write: Write) -> None:
    inspection = inspect_export(write("顧客ID,会員コード,氏名", "7,0001,見本", ",0002,例示"))
    assert [(found.line, found.column) for found in inspection.refusals] == [(3, "顧客ID")]


def test_equal_ids_are_refused_even_with_different_codes(write: Write) -> None:
    inspection = inspect_export(write("顧客ID,会員コード,氏名", "7,7,見本", "7,8,例示"))
    assert [(found.line, found.column) for found in inspection.refusals] == [(3, "顧客ID")]


def test_a_file_that_changes_while_it_is_read_is_refused(write: Write) -> None:
    path = write(HEADER, *_rows(9))
    rows = open_export(path).rows()
    next(rows)
    with path.open("ab") as file:
        file.write(b"\r\n")
    with pytest.raises(BadInputError, match="changed"):
        list(rows)


def test_a_file_cut_at_any_byte_is_refused_or_gives_whole_rows(write: Write) -> None:
    path = write(HEADER, *_rows(3), "合計,3件")
    whole = path.read_bytes()
    good = list(open_export(path).rows())
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        try:
            assert [record.code for record in open_export(path).rows()] == [record.code for record in good][
                : max(0, whole[:length].count(b"\n") - 1 + (not whole[:length].endswith(b"\n")))
            ]
        except BadInputError:
            continue


def test_memory_does_not_grow_with_the_file(write: Write) -> None:
    def peak(count: int) -> int:
        lines = (
            f"{number:08},見本太郎,03-0000-0001,2026/1/2 10:00,2027/3/31,有効,架空" for number in range(count)
        )
        export = open_export(write(HEADER, *lines))
        tracemalloc.start()
        assert sum(1 for _record in export.rows()) == count
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    assert peak(6_000) - peak(1_000) < 5_000 * 60


def _read_any(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "members.csv"
        path.write_bytes(content)
        try:
            list(open_export(path).rows())
        except BadInputError as error:
            assert str(error)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=300), st.sampled_from(["utf-8", "utf-16"]))
@settings(deadline=None)
def test_any_text_below_a_header_is_read_or_refused(text: str, encoding: str) -> None:
    _read_any(f"{HEADER}\r\n{text}".encode(encoding))


CELLS = st.lists(
    st.text(alphabet="0129Ee+-./:年月日令和RHS元'\"=,\r\n 見ー－９", max_size=14), min_size=7, max_size=7
)


@given(st.lists(CELLS, max_size=5))
@settings(deadline=None)
def test_any_row_of_likely_cells_is_read_or_refused(rows: list[list[str]]) -> None:
    body = "\r\n".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows)
    _read_any(f"{HEADER}\r\n{body}\r\n".encode())


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    _read_any(content)
    _read_any(f"{HEADER}\n".encode("cp932") + content)
