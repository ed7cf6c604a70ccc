"""Smaregi's member CSV: the shop chooses the columns, so it is known by its headers as a whole."""

from __future__ import annotations

from collections.abc import Mapping

from eccube_sync.csvfile import normalise_header
from eccube_sync.i18n import mark

KEY: str = "smaregi"
FALLBACK: bool = False
EXPORT_STEPS: tuple[str, ...] = (
    mark("Log in to the management page of Smaregi in a browser"),
    mark("Open the list of members and search without any condition, so that everybody is in it"),
    mark("Download it as CSV with the columns chosen at the setup, and do not open it in Excel"),
)

ALIASES: Mapping[str, tuple[str, ...]] = {
    "store_key": ("会員ID",),
    "code": ("会員コード",),
    "number": ("会員番号",),
    "family_name": ("姓",),
    "given_name": ("名",),
    "family_kana": ("フリガナ(姓)",),
    "given_kana": ("フリガナ(名)",),
    "postal_code": ("郵便番号",),
    "address": ("住所",),
    "phone": ("電話番号",),
    "mobile": ("携帯電話番号",),
    "emails": ("メールアドレス", "メールアドレス2", "メールアドレス3"),
    "birth_date": ("生年月日",),
    "sex": ("性別",),
    "joined_on": ("入会日",),
    "left_on": ("退会日",),
    "last_visit_on": ("最終来店日時",),
    "status": ("会員状態区分",),
    "store_code": ("所属店舗",),
    "rank_code": ("会員ランクコード",),
    "rank_name": ("会員ランク名",),
    "points": ("ポイント",),
    # Never the end of the membership: Smaregi has no such column.
    "points_expire_on": ("ポイント期限",),
    "mail_allowed": ("案内メール受取許可フラグ",),
    "updated_at": ("更新日時",),
}

NEEDED: tuple[tuple[str, ...], ...] = (("code", "store_key"),)

MEMO: tuple[str, ...] = ("備考", "備考2")

NEVER_READ: tuple[str, ...] = ("PINコード",)

LEGENDS: Mapping[str, Mapping[str, str]] = {
    "status": {
        "0": "active",
        "1": "suspended",
        "2": "lost",
        "3": "withdrawn",
        "4": "merged",
        "利用可": "active",
        "利用停止": "suspended",
        "紛失": "lost",
        "退会": "withdrawn",
        "名寄せ": "merged",
    },
    "sex": {
        "": "",
        "0": "",
        "1": "male",
        "2": "female",
        "不明": "",
        "男": "male",
        "男性": "male",
        "女": "female",
        "女性": "female",
    },
    "mail_allowed": {"": "", "0": "no", "1": "yes", "拒否": "no", "許可": "yes"},
}

# Headers no other POS is known to use.
_OWN = (
    "会員状態区分",
    "案内メール受取許可フラグ",
    "会員ランクコード",
    "社員ランクコード",
    "社員ランク名",
    "最終来店日時",
    "ポイント付与単位(金額)",
    "ポイント付与単位(ポイント)",
    "PINコード",
    "旅券番号",
    "アルファベット氏名",
    "マイル",
)
_OTHERS = ("取引額", "取引数", "会社名", "部署名", "役職", "国籍", "FAX番号", "登録日時", "備考", "備考2")
_OWN_HEADERS = frozenset(map(normalise_header, _OWN))
_KNOWN_HEADERS = _OWN_HEADERS.union(
    map(normalise_header, _OTHERS), (normalise_header(name) for names in ALIASES.values() for name in names)
)


def claims(headers: frozenset[str], /) -> bool:
    """Two of Smaregi's own headers, a key, and hardly any header that Smaregi does not have."""
    key = not headers.isdisjoint((normalise_header("会員ID"), normalise_header("会員コード")))
    return key and len(headers & _OWN_HEADERS) >= 2 and len(headers & _KNOWN_HEADERS) >= 0.8 * len(headers)
