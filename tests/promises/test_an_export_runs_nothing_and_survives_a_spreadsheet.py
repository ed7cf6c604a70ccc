"""No cell of a review file runs anything, and decisions come back right from whatever saved the file."""

from __future__ import annotations

import csv
import io
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from eccube_sync.csvfile import strip_apostrophe
from eccube_sync.csvwriter import write_csv
from eccube_sync.eccube import EccubeCustomer
from eccube_sync.errors import BadInputError
from eccube_sync.services.review.cases import CustomerSide, Question
from eccube_sync.services.review.file import COLUMNS
from eccube_sync.services.review.rows import ReviewRow, one_line, review_rows
from eccube_sync.services.review.workbook import write_workbook
from eccube_sync.tables.cases import review_case, review_decision
from tests.promises.scale import CAMPAIGN, SEED, chance, scale
from tests.promises.spreadsheet import CP932, CSV_OF_UTF_8, UTF_8, saved_as
from tests.review.files import exported, newest, take_back
from tests.support.rows import OurShop, our_shop
from tests.support.shop import Shop

pytestmark = pytest.mark.promise("P26")

KEY = b"key"
SIGNS = "=+-@\t\r\n|%＝＋－＠'\"\u00a0\u200b 　,;−"
HOSTILE = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=12),
    st.tuples(st.text(st.sampled_from(SIGNS), min_size=1, max_size=3), st.text(max_size=8)).map("".join),
    st.sampled_from(
        ["=cmd|' /C calc'!A0", '＝HYPERLINK("http://x")', "_x003D_1", "0012", "1-2", "12E4567", "+81"]
    ),
)
TEXT_COLUMNS = [column.key for column in COLUMNS]


def question(name: str, phone: str, address: str) -> Question:
    case: Any = SimpleNamespace(
        public_id="R-ABC123", version=1, customer_fingerprint="c", member_fingerprint="", customer_id=1,
        member_id=None, kind="identity_changed", reasons=None, probability=None,
    )  # fmt: skip
    person = EccubeCustomer(
        1, datetime(2024, 1, 1), "full", name, "", "", "", "0600001", "", address, phone, "a@example.com",
        None, "", None,
    )  # fmt: skip
    return Question(case, CustomerSide(1, person, 0), None)


def hostile_row(name: str, phone: str, address: str) -> ReviewRow:
    (row,) = review_rows([question(name, phone, address)], KEY, "ABCDFGHJ")
    return row


def begins_formula(cell: str) -> bool:
    visible = "".join(sign for sign in cell if unicodedata.category(sign) not in ("Cf", "Cc", "Zs"))
    return unicodedata.normalize("NFKC", visible[:1])[:1] in tuple("=+-@|%")


@given(name=HOSTILE, phone=HOSTILE, address=HOSTILE)
@seed(SEED)
@settings(max_examples=scale(150, 3_000), deadline=None)
def test_no_cell_of_a_csv_begins_a_formula_and_every_value_comes_back(
    name: str, phone: str, address: str
) -> None:
    row = hostile_row(name, phone, address)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        write_csv(path, TEXT_COLUMNS, [row.in_order()])
        text = path.read_bytes().decode("utf-8-sig")
    _header, cells = csv.reader(io.StringIO(text, newline=""))
    assert not [cell for cell in cells if begins_formula(cell)]
    shown = dict(zip(TEXT_COLUMNS, map(strip_apostrophe, cells), strict=True))
    assert shown["customer_name"] == one_line(name)
    assert shown["customer_address"] == one_line(address)
    assert shown["customer_postal_code"] == "0600001"


@given(name=HOSTILE, phone=HOSTILE, address=HOSTILE)
@seed(SEED)
@settings(max_examples=scale(60, 400), deadline=None)
def test_every_cell_of_a_workbook_is_inert_text(name: str, phone: str, address: str) -> None:
    file = io.BytesIO()
    write_workbook(file, [hostile_row(name, phone, address)], datetime(2026, 4, 10), 30)
    sheet = load_workbook(file).worksheets[0]
    for cell in sheet[2]:
        assert cell.value is None or cell.data_type == "s"
        assert not begins_formula(str(cell.value or ""))
        assert cell.hyperlink is None
    assert sheet["K2"].value == "0600001"


if CAMPAIGN:  # LibreOffice is large, and slow to start

    def cells_that_hurt(number: int) -> list[str]:
        """What somebody might write to make a spreadsheet do something."""
        chosen = chance("cells")
        heads = [
            "",
            *SIGNS,
            "=1+1",
            "=cmd|' /C calc'!A0",
            '=HYPERLINK("http://x","y")',
            "+1-1",
            "-1+1",
            "@SUM(1)",
            "＝1",
            "{=1}",
        ]
        tails = ["", "1", "A1", "見本", "'", '"', "\n=1+1", "\t=1+1", " =1", "(1)", "E5", "-2", "/1"]
        return [
            "".join(chosen.choice(heads) for _part in range(chosen.randint(1, 3))) + chosen.choice(tails)
            for _cell in range(number)
        ]

    def test_libreoffice_finds_no_formula_in_ten_thousand_cells(tmp_path: Path, proof: Counter[str]) -> None:
        cells = cells_that_hurt(10_000)
        write_csv(tmp_path / "cells.csv", ["title"], [[cell] for cell in cells])
        with (tmp_path / "book.xlsx").open("wb") as file:
            rows = [
                hostile_row(name, phone, "x") for name, phone in zip(cells[::2], cells[1::2], strict=True)
            ]
            write_workbook(file, rows, datetime(2026, 4, 10), 30)
        for path, read_as in ((tmp_path / "cells.csv", CSV_OF_UTF_8), (tmp_path / "book.xlsx", None)):
            opened = saved_as(path, "fods", read_as).read_text(encoding="utf-8")
            assert opened.count("<table:table-row") > 4_000
            assert "table:formula" not in opened
        proof["cells"] += 2 * len(cells)

    @pytest.fixture
    def ours(sqlite_shop: Shop, tmp_path: Path) -> Iterator[OurShop]:
        with our_shop(sqlite_shop, tmp_path) as found:
            yield found

    @pytest.mark.parametrize("form", ["xlsx", f"csv {UTF_8}", f"csv {CP932}"])
    def test_five_hundred_answers_survive_a_spreadsheet(
        ours: OurShop, form: str, proof: Counter[str]
    ) -> None:
        """The fault of the eight about Excel: reordered, blank rows, while data change; one that contradicts itself."""
        chosen = chance("answers", form)
        cases = [ours.add_case(ours.add_customer(), ours.add_member()) for _number in range(500)]
        wanted = {case: chosen.choice(["同一", "別人"]) for case in cases}
        exported(ours, format="xlsx", limit=500)
        book = load_workbook(newest(ours))
        sheet = book.worksheets[0]
        twice = set(cases[:10])
        for row in sheet.iter_rows(min_row=2):
            case = next((str(cell.value) for cell in row if cell.value in wanted), None)
            if case:
                row[0].value = wanted[case]
        path = ours.settings.folders.review_in / "answers.xlsx"
        changed = cases[100:150]
        for case in changed:
            ours.raise_version(case)
        answers = _as_people_leave_them(sheet, chosen, wanted)
        other_ways = [[_otherwise(row[0]), *row[1:]] for row in answers if twice & set(row)]
        _write_rows(sheet, [*answers, *other_ways])
        book.save(path)
        with pytest.raises(BadInputError) as refused:
            take_back(ours, saved_as(path, form))
        assert sorted(one.message.split(":")[0] for one in refused.value.problems) == sorted([*twice, *twice])
        assert ours.rows(review_decision) == []
        _write_rows(sheet, answers)
        book.save(path)
        saved = saved_as(path, form)
        result = take_back(ours, saved)
        assert set(result.refused) == {*changed}
        ids = {row.id: row.public_id for row in ours.rows(review_case)}
        applied = {ids[row.case_id]: row.decision for row in ours.rows(review_decision)}
        words = {"同一": "same", "別人": "different"}
        assert applied == {case: words[word] for case, word in wanted.items() if case not in changed}
        again = take_back(ours, saved)
        assert again.counts.get("decisions_known") == len(applied)
        assert len(ours.rows(review_decision)) == len(applied)
        proof["answers"] += len(cases)

    def without_zeros(cell: Any) -> Any:
        """As a spreadsheet leaves postal codes and telephone numbers."""
        return cell.lstrip("0") if isinstance(cell, str) and cell.isdigit() else cell

    def _as_people_leave_them(sheet: Any, chosen: Random, wanted: dict[str, str]) -> list[list[Any]]:
        """Its rows in another order, some blank ones between, no zero before a number."""
        rows = [[without_zeros(cell.value) for cell in row] for row in sheet.iter_rows(min_row=2)]
        rows = [row for row in rows if any(cell in wanted for cell in row)]
        rows += [[None] * len(rows[0]) for _blank in range(20)]
        chosen.shuffle(rows)
        return rows

    def _otherwise(word: Any) -> str:
        return "別人" if word == "同一" else "同一"

    def _write_rows(sheet: Any, rows: list[list[Any]]) -> None:
        """These rows below the header, in place of what is there."""
        sheet.delete_rows(2, sheet.max_row)
        for row in rows:
            sheet.append(row)
