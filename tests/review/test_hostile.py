"""Names, addresses and phones that somebody wrote to hurt a spreadsheet or its reader."""

from __future__ import annotations

import csv
import io
import tempfile
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from eccube_sync.csvfile import strip_apostrophe
from eccube_sync.csvwriter import write_csv
from eccube_sync.eccube import EccubeCustomer
from eccube_sync.services.reviewcases import CustomerSide, Question
from eccube_sync.services.reviewfile import COLUMNS
from eccube_sync.services.reviewrows import ReviewRow, domestic, one_line, review_rows
from eccube_sync.services.reviewtoken import ALPHABET, token, verify
from eccube_sync.services.reviewworkbook import write_workbook

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
    import unicodedata

    visible = "".join(sign for sign in cell if unicodedata.category(sign) not in ("Cf", "Cc", "Zs"))
    return unicodedata.normalize("NFKC", visible[:1])[:1] in tuple("=+-@|%")


@given(name=HOSTILE, phone=HOSTILE, address=HOSTILE)
@settings(max_examples=150, deadline=None)
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
@settings(max_examples=60, deadline=None)
def test_every_cell_of_a_workbook_is_inert_text(name: str, phone: str, address: str) -> None:
    file = io.BytesIO()
    write_workbook(file, [hostile_row(name, phone, address)], datetime(2026, 4, 10), 30)
    sheet = load_workbook(file).worksheets[0]
    for cell in sheet[2]:
        assert cell.value is None or cell.data_type == "s"
        assert not begins_formula(str(cell.value or ""))
        assert cell.hyperlink is None
    assert sheet["K2"].value == "0600001"


def test_a_phone_is_written_as_it_is_dialled_in_japan() -> None:
    assert domestic("+81 90-1234-5678") == "090-1234-5678"
    assert domestic("+81(0)312345678") == "0312345678"
    assert domestic("＋８１３１２３４５６７８").startswith("0")
    assert domestic("0312345678") == "0312345678"


@given(
    version=st.integers(1, 10**6),
    fingerprints=st.tuples(st.text(max_size=5), st.text(max_size=5)),
    key=st.binary(min_size=1, max_size=9),
)
def test_a_token_is_good_for_its_own_case_version_and_key_only(
    version: int, fingerprints: tuple[str, str], key: bytes
) -> None:
    def case(version: int, public_id: str = "R-1") -> Any:
        left, right = fingerprints
        return SimpleNamespace(
            public_id=public_id, version=version, customer_fingerprint=left, member_fingerprint=right
        )

    signed = token(key, case(version), "ABCDFGHJ")
    assert signed[0].isalpha()
    assert set(signed) <= {*ALPHABET, "-"}
    assert "E" not in signed
    assert verify(key, case(version), signed) == "genuine"
    assert verify(key, case(version + 1), signed) == "stale"
    assert verify(key, case(version, "R-2"), signed) == "tampered"
    assert verify(key + b"x", case(version), signed) == "tampered"
