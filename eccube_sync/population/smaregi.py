"""Members as a Smaregi member export: its real headers, quoted legends and all."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path

from eccube_sync.population.members import MemberPerson

# Smaregi has no column for the end of a membership; shops keep it in the second remark.
END_DATE_COLUMN = "備考2"

_Cell = Callable[[MemberPerson], object]


def _day(value: date | None) -> str:
    return f"{value:%Y/%m/%d}" if value else ""


def _email(position: int) -> _Cell:
    return lambda member: member.emails[position] if position < len(member.emails) else ""


def _empty(_: MemberPerson) -> str:
    return ""


# In the order of a real export, then the columns a shop may select besides.
_CELLS: dict[str, _Cell] = {
    "会員ID": lambda member: member.store_key,
    "会員コード": lambda member: member.code,
    "姓": lambda member: member.family_name,
    "名": lambda member: member.given_name,
    "電話番号": lambda member: member.phone,
    "メールアドレス": _email(0),
    "ポイント": lambda member: member.points,
    "ポイント期限": lambda member: _day(member.points_expire_on),
    "最終来店日時": lambda member: (
        f"{member.last_visit_at:%Y/%m/%d %H:%M:%S}" if member.last_visit_at else ""
    ),
    "入会日": lambda member: _day(member.joined_on),
    "退会日": lambda member: _day(member.left_on),
    "案内メール受取許可フラグ (0:拒否, 1:許可)": lambda member: int(member.mail_allowed),
    "備考": _empty,
    "会員状態区分 (0:利用可, 1:利用停止, 2:紛失, 3:退会, 4:名寄せ)": lambda member: member.status,
    "所属店舗": lambda member: member.store,
    "取引額": lambda member: member.spent_yen,
    "取引数": lambda member: member.visits,
    "会員ランクコード": lambda member: member.rank_code,
    "会員ランク名": lambda member: member.rank_name,
    "メールアドレス2": _email(1),
    "メールアドレス3": _email(2),
    "会社名": _empty,
    "部署名": _empty,
    "役職": _empty,
    "ポイント付与単位(金額)": lambda _: 100,
    "ポイント付与単位(ポイント)": lambda _: 1,
    "PINコード": lambda member: member.pin,
    "社員ランクコード": _empty,
    "社員ランク名": _empty,
    "会員番号": lambda member: member.number,
    "旅券番号": _empty,
    "国籍": _empty,
    "アルファベット氏名": _empty,
    END_DATE_COLUMN: lambda member: "無期限" if member.unlimited else _day(member.end_date),
    "マイル": lambda _: 0,
    "フリガナ(姓)": lambda member: member.family_kana,
    "フリガナ(名)": lambda member: member.given_kana,
    "携帯電話番号": lambda member: member.mobile,
    "性別(0:不明,  1:男,  2:女)": lambda member: member.sex,
    "生年月日": lambda member: _day(member.birth_date),
    "郵便番号": lambda member: member.postal_code,
    "住所": lambda member: member.address,
}

SELECTABLE_COLUMNS: tuple[str, ...] = tuple(_CELLS)
# Postal code and address are known from Smaregi's API only; no export that has them was seen.
DEFAULT_COLUMNS: tuple[str, ...] = tuple(name for name in _CELLS if name not in {"郵便番号", "住所"})


def write_smaregi_csv(
    members: Iterable[MemberPerson],
    path: Path,
    encoding: str = "cp932",
    columns: Sequence[str] = DEFAULT_COLUMNS,
) -> None:
    """Write the export. A column that Smaregi does not have is a ``KeyError``."""
    cells = [_CELLS[name] for name in columns]
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(columns)
        writer.writerows([cell(member) for cell in cells] for member in members)
