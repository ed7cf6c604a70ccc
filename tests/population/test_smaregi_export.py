"""The made-up shop's export looks like Smaregi's."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from eccube_sync.population import END_DATE_COLUMN, SELECTABLE_COLUMNS, Population, write_smaregi_csv

STATUS = "会員状態区分 (0:利用可, 1:利用停止, 2:紛失, 3:退会, 4:名寄せ)"


def test_the_export_is_cp932_with_quoted_legends_in_its_header(shop: Population, tmp_path: Path) -> None:
    path = tmp_path / "members.csv"
    write_smaregi_csv(shop.members, path)
    raw = path.read_bytes()
    header = raw.split(b"\r\n", 1)[0].decode("cp932")
    assert header.startswith(
        "会員ID,会員コード,姓,名,電話番号,メールアドレス,ポイント,ポイント期限,最終来店日時,入会日,退会日,"
    )
    assert f'"{STATUS}"' in header
    assert '"性別(0:不明,  1:男,  2:女)"' in header


def test_every_member_is_one_row_with_the_end_date_in_the_second_remark(
    shop: Population, tmp_path: Path
) -> None:
    path = tmp_path / "members.csv"
    write_smaregi_csv(shop.members, path)
    with path.open(encoding="cp932", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(shop.members)
    for row, member in zip(rows, shop.members, strict=True):
        assert row["会員コード"] == member.code
        assert row["会員番号"] == member.number
        assert row[STATUS] == str(member.status)
        end = f"{member.end_date:%Y/%m/%d}" if member.end_date else ""
        assert row[END_DATE_COLUMN] == ("無期限" if member.unlimited else end)


def test_a_shop_chooses_its_columns_and_encoding(shop: Population, tmp_path: Path) -> None:
    path = tmp_path / "members.csv"
    write_smaregi_csv(shop.members[:2], path, "utf-8-sig", ("会員コード", "郵便番号", "住所"))
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    reader = csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig")))
    assert next(reader) == ["会員コード", "郵便番号", "住所"]
    assert next(reader)[2] == shop.members[0].address


def test_a_column_smaregi_does_not_have_is_refused(shop: Population, tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="会員期限"):
        write_smaregi_csv(shop.members, tmp_path / "members.csv", columns=("会員コード", "会員期限"))
    assert "会員期限" not in SELECTABLE_COLUMNS
