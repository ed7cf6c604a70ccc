"""Any other member list: columns found by the headers offices use, extended by ``[source.columns]``."""

from __future__ import annotations

from collections.abc import Mapping

from eccube_sync.i18n import mark

KEY: str = "generic"
FALLBACK: bool = True
EXPORT_STEPS: tuple[str, ...] = (
    mark("Log in to the POS"),
    mark("Export all members as CSV with the same columns as always, and do not open it in Excel"),
)

ALIASES: Mapping[str, tuple[str, ...]] = {
    "code": (
        "会員コード",
        "カード番号",
        "会員カード番号",
        "バーコード",
        "会員番号",
        "会員ID",
        "会員No",
        "お客様番号",
        "顧客番号",
        "顧客コード",
        "Customer ID",
    ),
    "number": ("会員番号", "会員No", "お客様番号", "顧客番号"),
    "store_key": ("システム顧客番号", "顧客ID", "会員ID", "Customer ID"),
    "family_name": ("姓", "お名前(姓)", "氏名(姓)", "名前(姓)", "会員名(姓)", "苗字", "Last Name"),
    "given_name": ("名", "お名前(名)", "氏名(名)", "名前(名)", "会員名(名)", "First Name"),
    "full_name": ("氏名", "名前", "お名前", "会員名", "会員氏名", "顧客名", "Name"),
    "family_kana": (
        "フリガナ(姓)",
        "お名前(セイ)",
        "氏名フリガナ(セイ)",
        "フリガナ(セイ)",
        "セイ",
        "姓カナ",
        "カナ(姓)",
        "姓(カナ)",
        "ふりがな(姓)",
    ),
    "given_kana": (
        "フリガナ(名)",
        "お名前(メイ)",
        "氏名フリガナ(メイ)",
        "フリガナ(メイ)",
        "メイ",
        "名カナ",
        "カナ(名)",
        "名(カナ)",
        "ふりがな(名)",
    ),
    "full_kana": ("フリガナ", "カナ", "名前(カナ)", "氏名(カナ)", "会員名カナ", "氏名カナ", "ふりがな"),
    "postal_code": ("郵便番号", "〒", "Postal Code", "Zip"),
    "address": (
        "都道府県",
        "都道府県名",
        "住所",
        "ご住所",
        "住所1",
        "市区町村",
        "住所2",
        "番地",
        "住所3",
        "建物名",
        "Address",
    ),
    "phone": ("電話番号", "TEL", "電話", "自宅電話番号", "電話番号1", "Phone", "Phone Number"),
    "mobile": ("携帯電話番号", "携帯", "携帯電話", "携帯番号", "電話番号2"),
    "emails": (
        "メールアドレス",
        "メールアドレス1",
        "Email",
        "E-mail",
        "Email Address",
        "PCメールアドレス",
        "メール",
        "メールアドレス2",
        "携帯メールアドレス",
        "メールアドレス3",
    ),
    "birth_date": ("生年月日", "誕生日", "Birthday"),
    "sex": ("性別", "Sex", "Gender"),
    "joined_on": ("入会日", "登録日", "入会年月日", "入会日時"),
    "left_on": ("退会日", "退会年月日", "退会日時"),
    "last_visit_on": ("最終来店日", "最終来店日時", "最終利用日", "Last Visit"),
    "end_date": ("有効期限", "会員期限", "会員有効期限", "期限", "有効期限日"),
    "unlimited": ("無期限", "無期限フラグ"),
    "status": ("会員状態区分", "会員状態", "会員ステータス", "状態", "ステータス", "Status"),
    "store_code": ("所属店舗", "店舗コード", "登録店舗", "店舗"),
    "rank_code": ("会員ランクコード", "ランクコード"),
    "rank_name": ("会員ランク名", "会員ランク", "ランク"),
    "member_type": ("会員区分", "会員種別", "顧客分類"),
    "points": ("ポイント", "保有ポイント", "ポイント残高", "Points"),
    "points_expire_on": ("ポイント期限", "ポイント有効期限"),
    "mail_allowed": ("案内メール受取許可フラグ", "メール配信", "メール受信", "メルマガ", "DM可否"),
    "updated_at": ("更新日", "更新日時", "最終更新日", "最終更新日時"),
}

NEEDED: tuple[tuple[str, ...], ...] = (("code", "store_key"), ("family_name", "full_name"))

MEMO: tuple[str, ...] = ("備考", "備考1", "備考2", "備考3", "メモ", "特記事項", "コメント", "Note", "Memo")

NEVER_READ: tuple[str, ...] = ("PINコード", "PIN", "暗証番号", "パスワード", "Password")

# Digits are missing on purpose: 1 means "usable" in one POS and "stopped" in another. They are read only
# where the header explains them, as in 状態(0:有効,1:停止).
LEGENDS: Mapping[str, Mapping[str, str]] = {
    "status": {
        "": "active",
        "有効": "active",
        "会員": "active",
        "通常": "active",
        "利用可": "active",
        "利用中": "active",
        "active": "active",
        "停止": "suspended",
        "利用停止": "suspended",
        "一時停止": "suspended",
        "無効": "suspended",
        "紛失": "lost",
        "退会": "withdrawn",
        "退会済": "withdrawn",
        "退会済み": "withdrawn",
        "解約": "withdrawn",
        "名寄せ": "merged",
        "名寄せ済": "merged",
        "統合済": "merged",
        "統合済み": "merged",
    },
    "sex": {
        "": "",
        "不明": "",
        "未回答": "",
        "回答しない": "",
        "男": "male",
        "男性": "male",
        "m": "male",
        "male": "male",
        "女": "female",
        "女性": "female",
        "f": "female",
        "female": "female",
        "その他": "other",
        "other": "other",
    },
    "unlimited": {
        "": "no",
        "無期限": "yes",
        "はい": "yes",
        "yes": "yes",
        "true": "yes",
        "○": "yes",
        "いいえ": "no",
        "no": "no",
        "false": "no",
        "有期限": "no",
        "×": "no",
    },
    "mail_allowed": {
        "": "",
        "拒否": "no",
        "不可": "no",
        "否": "no",
        "希望しない": "no",
        "配信停止": "no",
        "受信しない": "no",
        "いいえ": "no",
        "no": "no",
        "false": "no",
        "許可": "yes",
        "可": "yes",
        "希望する": "yes",
        "受信する": "yes",
        "配信": "yes",
        "はい": "yes",
        "yes": "yes",
        "true": "yes",
    },
}


def claims(_headers: frozenset[str], /) -> bool:
    """Nothing: it has no signature and is asked only about its needed columns."""
    return False
