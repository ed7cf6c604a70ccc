"""Small Smaregi-style exports, written as a POS writes them."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

HEADERS = {
    "id": "会員ID",
    "code": "会員コード",
    "number": "会員番号",
    "family": "姓",
    "given": "名",
    "family_kana": "フリガナ(姓)",
    "given_kana": "フリガナ(名)",
    "postal": "郵便番号",
    "address": "住所",
    "phone": "電話番号",
    "mobile": "携帯電話番号",
    "email": "メールアドレス",
    "birth": "生年月日",
    "joined": "入会日",
    "visited": "最終来店日時",
    "rank": "会員ランク名",
    "points": "ポイント",
    "status": "会員状態区分 (0:利用可, 1:利用停止, 2:紛失, 3:退会, 4:名寄せ)",
    "memo": "備考",
    "end": "備考2",
}
ROW = {
    "family": "山田",
    "given": "花子",
    "family_kana": "ヤマダ",
    "given_kana": "ハナコ",
    "postal": "530-0001",
    "address": "大阪府大阪市北区梅田2-4-9",
    "phone": "06-1234-5678",
    "email": "hanako@example.com",
    "birth": "1985/04/05",
    "joined": "2024/04/01",
    "visited": "2026/04/08 15:30:00",
    "rank": "ゴールド",
    "points": "120",
    "status": "0",
    "end": "2027/03/31",
}
CONFIGURATION = """
[[source]]
key = "store"
name = "本店"
columns = { end_date = ["備考2"] }
memo_columns = ["備考"]
expiry = { policy = "column", grace_days = 7 }
"""


def person(number: int, /, **cells: str) -> dict[str, str]:
    """One row: member ``number``, with the id and code that belong to it, and changed cells."""
    return ROW | {"id": str(number), "code": f"2900000{number:06d}", "given": f"花{number}子"} | cells


def crowd(count: int, /, **cells: str) -> list[dict[str, str]]:
    """Rows 1 to ``count``."""
    return [person(number, **cells) for number in range(1, count + 1)]


def write_export(
    path: Path, rows: Sequence[Mapping[str, str]], *, encoding: str = "cp932", without: Sequence[str] = ()
) -> Path:
    """Write an export with all headers but those ``without``."""
    names = [name for name in HEADERS if name not in without]
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow([HEADERS[name] for name in names])
        writer.writerows([[row.get(name, "") for name in names] for row in rows])
    return path
