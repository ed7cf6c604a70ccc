"""What each comparison says about two people, seen through real normalised records."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from random import Random

import numpy as np
import pytest

from eccube_sync.linkage.prepare import prepare
from eccube_sync.matchers import MATCHERS, Verdict
from tests.linkage.crowd import Human, damaged, households, people

HANAKO = Human(
    person=1,
    family="高橋",
    given="花子",
    family_kana="タカハシ",
    given_kana="ハナコ",
    postal="1000001",
    address="東京都千代田区千代田1-2-3",
    phones=("090-2345-6781", "03-3456-7812"),
    emails=("hanako.t@mail.example.jp",),
    birth=date(1980, 4, 12),
)


def level(field: str, one: Human, other: Human) -> str:
    matcher = MATCHERS[field]
    row = np.zeros(1, np.int64)
    levels = matcher.compare(prepare(people([one])), prepare(people([other])), row, row)
    return matcher.levels[int(levels[0])].name


NAMES = [
    ({}, "same", "same"),
    ({"family": "髙橋"}, "same", "same"),
    ({"family": "髙\U000e0100橋"}, "same", "same"),
    ({"family": "高橋", "given": "英子", "given_kana": "ヒデコ"}, "same", "different"),
    ({"given": "華子"}, "same", "written_differently"),
    ({"given": "はなこ"}, "same", "same_reading"),
    (
        {"family": "たかはし", "given": "はなこ", "family_kana": "", "given_kana": ""},
        "same_reading",
        "same_reading",
    ),
    ({"family": "TAKAHASHI", "given": "Hanako", "family_kana": ""}, "same_reading", "same_reading"),
    ({"family": "花子", "given": "高橋", "family_kana": "", "given_kana": ""}, "swapped", "swapped"),
    ({"family_kana": "ハナコ", "given_kana": "タカハシ"}, "swapped", "swapped"),
    ({"family": "高橋花子", "given": "", "family_kana": "", "given_kana": ""}, "same", "same"),
    ({"family": "高橋　花子", "given": ""}, "same", "same"),
    ({"family": "高橋 花子 様", "given": "", "family_kana": ""}, "same", "same"),
    ({"family": "高橋花子", "given": "花子"}, "same", "same"),
    ({"family": "高橋美子", "given": "", "family_kana": "", "given_kana": ""}, "same", "similar"),
    ({"family": "高橋三郎", "given": "", "family_kana": "", "given_kana": ""}, "same", "different"),
    ({"family": "田中", "family_kana": "タナカ"}, "different", "same"),
    (
        {"family": "ﾀｶﾊｼ", "given": "ﾊﾅｺ", "family_kana": "ﾀｶﾊｼ", "given_kana": "ﾊﾅｺ"},
        "same_reading",
        "same_reading",
    ),
    ({"family": "タカハシ", "given": "ハナコ", "family_kana": "高橋", "given_kana": "花子"}, "same", "same"),
    ({"given_kana": "カコ"}, "same", "read_differently"),
    ({"given": "花", "given_kana": ""}, "same", "similar"),
    ({"given": "未入力", "given_kana": ""}, "same", "missing"),
    ({"family": "高橋(旧姓田中)"}, "same", "same"),
]


@pytest.mark.parametrize(("changes", "family", "given"), NAMES)
def test_names_written_in_many_ways(changes: dict[str, str], family: str, given: str) -> None:
    other = replace(HANAKO, **changes)
    assert level("family_name", HANAKO, other) == family
    assert level("given_name", HANAKO, other) == given


def test_brothers_who_share_a_character_are_not_similar_when_their_readings_differ() -> None:
    kenta = replace(HANAKO, given="健太", given_kana="ケンタ")
    kenichi = replace(HANAKO, given="健一", given_kana="ケンイチ")
    assert level("given_name", kenta, kenichi) == "different"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Matthew", "Mathew", "one_letter_off"),
        ("Joan", "Jean", "similar"),
        ("アレクサンドラ", "アレクサントロ", "one_letter_off"),
        ("ケンタロウ", "シンタロウ", "similar"),
    ],
)
def test_a_slip_in_a_long_name_is_no_other_name(one: str, other: str, expected: str) -> None:
    left, right = (replace(HANAKO, given=name, given_kana="") for name in (one, other))
    assert level("given_name", left, right) == expected
    assert level("given_name", right, left) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("オオノ", "オーノ"),
        ("ナカジマ", "ナカシマ"),
        ("ヨウコ", "ヨーコ"),
        ("キョウコ", "キヨウコ"),
        ("ミヅキ", "ミズキ"),
    ],
)
def test_readings_that_sound_alike_are_the_same(one: str, other: str) -> None:
    written = replace(HANAKO, family="", given="")
    left, right = replace(written, family_kana=one), replace(written, family_kana=other)
    assert level("family_name", left, right) == "same_reading"


@pytest.mark.parametrize(
    ("phone", "expected"),
    [
        ("09023456781", "same"),
        ("９０２３４５６７８１", "same"),
        ("+81 90-2345-6781", "same"),
        ("+81 (0)90 2345 6781", "same"),
        ("9023456781", "same"),
        ("090-2345-6718", "one_digit_off"),
        ("090-2345-6789", "one_digit_off"),
        ("090-2354-6718", "different"),
        ("080-9999-1234", "different"),
        ("090-0000-0000", "missing"),
        ("090-1234-5678", "missing"),
        ("なし", "missing"),
        ("0120-123-456", "missing"),
    ],
)
def test_mobile_numbers(phone: str, expected: str) -> None:
    assert level("mobile", HANAKO, replace(HANAKO, phones=(phone,))) == expected


def test_a_landline_never_meets_a_mobile() -> None:
    other = replace(HANAKO, phones=("03-3456-7812",))
    assert (level("landline", HANAKO, other), level("mobile", HANAKO, other)) == ("same", "missing")


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Hanako.T@Mail.Example.JP", "hanako.t@mail.example.jp", "same"),
        ("ｈａｎａｋｏ＠mail.example.jp", "hanako@mail.example.jp", "same"),
        ("han.ako+shop@gmail.com", "hanako@googlemail.com", "same"),
        ("han.ako@mail.example.jp", "hanako@mail.example.jp", "one_letter_off"),
        ("hanako1980@docomo.ne.jp", "hanako1980@ezweb.ne.jp", "same_mailbox"),
        ("info@a-shop.jp", "info@b-store.jp", "different"),
        ("abc@dummy.dummy", "abc@dummy.dummy", "missing"),
        ("noreply@a-shop.jp", "noreply@a-shop.jp", "missing"),
    ],
)
def test_mail_addresses(one: str, other: str, expected: str) -> None:
    assert level("email", replace(HANAKO, emails=(one,)), replace(HANAKO, emails=("", other))) == expected


@pytest.mark.parametrize(
    ("born", "expected"),
    [
        (date(1980, 4, 12), "same"),
        (date(1980, 12, 4), "transposed"),
        (date(1981, 4, 12), "two_parts"),
        (date(1980, 4, 13), "two_parts"),
        (date(1981, 4, 13), "different"),
        (date(1900, 1, 1), "missing"),
        (None, "missing"),
    ],
)
def test_birth_dates(born: date | None, expected: str) -> None:
    assert level("birth_date", HANAKO, replace(HANAKO, birth=born)) == expected


@pytest.mark.parametrize(
    ("postal", "address", "expected"),
    [
        ("100-0001", "千代田区千代田一丁目２番３号", "same_house"),
        ("", "東京都千代田区千代田１－２－３", "same_house"),
        ("〒100-0001", "千代田区千代田1丁目2番3号 ハイツ405", "same_block"),
        ("1000001", "千代田区千代田9-9-9", "same_town"),
        ("1000001", "", "same_town"),
        ("2200011", "横浜市西区高島1-2-3", "different"),
        ("", "", "missing"),
        ("000-0000", "未入力", "missing"),
    ],
)
def test_addresses(postal: str, address: str, expected: str) -> None:
    assert level("address", HANAKO, replace(HANAKO, postal=postal, address=address)) == expected


@pytest.mark.parametrize("field", MATCHERS)
def test_it_does_not_matter_who_is_on_the_left(field: str) -> None:
    random = Random(5)
    originals = households(5, 120)
    records = prepare(people([*originals, *(damaged(human, random) for human in originals)]))
    i, j = np.divmod(np.arange(len(records) ** 2), len(records))
    matcher = MATCHERS[field]
    assert np.array_equal(matcher.compare(records, records, i, j), matcher.compare(records, records, j, i))


@pytest.mark.parametrize("field", MATCHERS)
def test_no_people_make_no_levels(field: str) -> None:
    nobody = prepare(people([]))
    nothing = np.empty(0, np.int64)
    assert len(MATCHERS[field].compare(nobody, nobody, nothing, nothing)) == 0


@pytest.mark.parametrize("field", MATCHERS)
def test_every_matcher_names_its_levels_once_and_begins_with_silence(field: str) -> None:
    levels = MATCHERS[field].levels
    assert len({level.name for level in levels}) == len(levels)
    assert levels[0].verdict == Verdict.SILENT
    assert any(level.verdict == Verdict.DIFFERS for level in levels)
