"""Delimited files: what is read is what stands there; what is written runs nothing and is whole."""

from __future__ import annotations

import csv
import io
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eccube_sync import i18n
from eccube_sync.csvfile import Limits, Table, normalise_header, open_table, strip_apostrophe
from eccube_sync.csvwriter import Unwritable, atomic_file, neutralise, write_csv
from eccube_sync.errors import BadInputError, Problem


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    i18n.set_language("en")
    yield
    i18n.set_language("en")


def _table(path: Path, **arguments: object) -> Table:
    table = open_table(path, is_header=lambda cells: cells[0].startswith("番号"), **arguments)  # type: ignore[arg-type]
    assert table is not None
    return table


def _read(table: Table, *memo: int) -> tuple[list[list[str]], list[Problem]]:
    problems: list[Problem] = []
    return [row.cells for row in table.rows(memo_columns=memo, refuse=problems.append)], problems


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_every_encoding_line_end_and_delimiter_gives_the_same_rows(
    tmp_path: Path, encoding: str, end: str, delimiter: str
) -> None:
    lines = ["番号,氏名", "1,髙﨑①㈱彅德", '"2","見本, ""引用"""']
    cells = list(csv.reader(lines))
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=end).writerows(cells)
    path = tmp_path / "a.csv"
    path.write_bytes(text.getvalue().encode(encoding))
    table = _table(path)
    assert table.encoding == encoding.removesuffix("-sig")
    assert table.header == cells[0]
    assert _read(table) == (cells[1:], [])


def test_line_numbers_are_those_an_editor_shows(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('題\n番号,メモ\n1,"a\nb\nc"\n\n2,x\n3\n', encoding="utf-8")
    problems: list[Problem] = []
    rows = list(_table(path).rows(memo_columns=[1], refuse=problems.append))
    assert [row.line for row in rows] == [3, 7]
    assert [found.line for found in problems] == [8]


def test_the_line_of_a_bad_byte_is_found_far_into_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = ["番号,氏名", *(f"{number},見本太郎" for number in range(20_000))]
    content = "\r\n".join(rows).encode()
    where = content.index(b"\r\n15000,") + 12
    path.write_bytes(content[:where] + b"\xff" + content[where:])
    with pytest.raises(BadInputError) as caught:
        _table(path)
    assert caught.value.problems[0].line == 15_002
    path.write_bytes(content[:where] + b"\x00" + content[where:])
    with pytest.raises(BadInputError) as caught:
        _table(path)
    assert caught.value.problems[0].line == 15_002


def test_a_file_that_is_too_large_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with path.open("wb") as file:
        file.truncate(Limits().file_bytes + 1)
    with pytest.raises(BadInputError, match="500000001 bytes"):
        _table(path)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    os.mkfifo(path)
    with pytest.raises(BadInputError, match="regular file"):
        _table(path)


def test_trailing_empty_columns_are_no_columns(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("番号,氏名,,\n1,a,,\n2,b\n3,c,,,,\n4,d,,x\n", encoding="utf-8")
    rows, problems = _read(_table(path))
    assert rows == [["1", "a"], ["2", "b"], ["3", "c"]]
    assert [found.line for found in problems] == [5]


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("\ufeff会員ID", "会員id"),
        ("会員状態区分 (0:利用可, 1:利用停止)", "会員状態区分"),
        ("性別（0：不明，1：男）", "性別"),
        ("フリガナ（姓）", "フリガナ(姓)"),
        ("ﾌﾘｶﾞﾅ(姓)", "フリガナ(姓)"),
        ("ポイント付与単位(金額)", "ポイント付与単位(金額)"),
        (" ＴＥＬ　", "tel"),
        ("E-Mail", "e-mail"),
    ],
)
def test_headers_are_compared_in_one_form(written: str, normal: str) -> None:
    assert normalise_header(written) == normal


@pytest.mark.parametrize(
    "cell",
    ["=1", "+81", "-50", "@a", "\tx", "\rx", "\nx", "|x", "%x", "＝1", "＋1", "－1", "＠a", " =1", "\u3000=1",
     "\u200b=1", "\ufeff＝1", "\u00a0\u200d-1", "−1", "'=1", "﹦1"],
)  # fmt: skip
def test_a_cell_that_could_be_a_formula_gets_an_apostrophe(cell: str) -> None:
    assert neutralise(cell) == "'" + cell


@pytest.mark.parametrize("cell", ["", "a=1", "090-0000-0001", "見本", "R-7F3K2", "3-4-5"])
def test_an_ordinary_cell_is_left_alone(cell: str) -> None:
    assert neutralise(cell) == cell


@given(st.text())
def test_neutralising_is_lossless_and_leaves_nothing_dangerous(cell: str) -> None:
    written = neutralise(cell)
    assert strip_apostrophe(written) == cell
    assert written == cell or written[0] == "'"
    assert not written.strip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠", "|", "%"))


CELL = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=20)


@given(st.lists(st.lists(CELL, min_size=2, max_size=2), max_size=5))
def test_what_is_written_comes_back(tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]) -> None:
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    assert write_csv(path, ["番号", "氏名"], rows).rows == len(rows)
    with path.open(encoding="utf-8-sig", newline="") as file:
        read = [[strip_apostrophe(cell) for cell in row] for row in csv.reader(file, strict=True)]
    assert read == [["番号", "氏名"], *rows]


def test_a_written_file_can_be_opened_by_the_reader(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    write_csv(path, ["番号", "数", "空"], [["=1+1", -5, None], ["'x", 7, ""]])
    rows, problems = _read(_table(path))
    assert not problems
    assert [[strip_apostrophe(cell) for cell in row] for row in rows] == [["=1+1", "-5", ""], ["'x", "7", ""]]


def test_a_file_for_excel_begins_with_a_byte_order_mark(tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", ["番号"], [["1"]])
    assert (tmp_path / "a.csv").read_bytes() == b"\xef\xbb\xbf" + '"番号"\r\n"1"\r\n'.encode()


def test_what_cp932_cannot_hold_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    written = write_csv(path, ["番号", "氏名"], [["1", "髙﨑"], ["2", "𠮷野〜"]], encoding="cp932")
    assert written.unwritable == (Unwritable(3, "氏名", "𠮷", "〓"), Unwritable(3, "氏名", "〜", "～"))
    assert path.read_text(encoding="cp932").splitlines()[-1] == '"2","〓野～"'


def test_a_file_is_readable_by_its_owner_only_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        write_csv(tmp_path / "a.csv", ["番号"], [])
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.csv").stat().st_mode) == 0o600


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("old")
    with pytest.raises(RuntimeError), atomic_file(path) as file:
        file.write(b"new")
        raise RuntimeError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_total_line_with_an_absurd_number_is_no_crash(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"番号,氏名\n1,a\n合計{'9' * 5000},\n", encoding="utf-8")
    _rows, problems = _read(_table(path))
    assert [found.line for found in problems] == [3]
