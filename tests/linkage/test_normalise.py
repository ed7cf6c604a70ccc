"""Normalisers: what is folded, what must stay apart, what is no information."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eccube_sync.linkage.addresses import normalise_addresses, normalise_postal
from eccube_sync.linkage.emails import mailbox, normalise_email
from eccube_sync.linkage.kana import from_romaji, skeleton
from eccube_sync.linkage.letters import Letters
from eccube_sync.linkage.names import Name, Part, Typed, normalise_name
from eccube_sync.linkage.normalise import one_width, without_placeholder
from eccube_sync.linkage.phones import normalise_phones
from eccube_sync.linkage.variants import fold_variants


@pytest.mark.parametrize(
    ("variant", "plain"),
    [("髙﨑", "高崎"), ("齋藤", "斉藤"), ("齊藤", "斉藤"), ("渡邉", "渡辺"), ("渡邊", "渡辺"),
     ("濵田", "浜田"), ("廣澤", "広沢"), ("佐々木", "佐佐木"), ("𠮷田", "吉田"), ("嶋", "島"), ("櫻井", "桜井")],
)  # fmt: skip
def test_variant_kanji_are_folded(variant: str, plain: str) -> None:
    assert fold_variants(variant) == fold_variants(plain)


def test_no_kanji_is_folded_into_one_that_is_folded_again() -> None:
    every_kanji = "".join(map(chr, range(0x3400, 0x9FFF)))
    assert fold_variants(fold_variants(every_kanji)) == fold_variants(every_kanji)


@pytest.mark.parametrize(
    ("one", "other"), [("巌", "岩"), ("斉", "済"), ("辺", "部"), ("柳", "栁沢"), ("太", "大")]
)
def test_other_kanji_stay_apart(one: str, other: str) -> None:
    assert fold_variants(one) != fold_variants(other)


@pytest.mark.parametrize(
    ("romaji", "kana"),
    [("YAMADA", "ヤマダ"), ("Shin'ichi", "シンイチ"), ("Homma", "ホンマ"), ("Hattori", "ハットリ"), ("Kanno", "カンノ"),
     ("tsuchiya", "ツチヤ"), ("Jun", "ジュン"), ("Smith", ""), ("McDonald", "")],
)  # fmt: skip
def test_romaji_is_read_where_it_is_japanese(romaji: str, kana: str) -> None:
    assert from_romaji(romaji) == kana


@pytest.mark.parametrize("romaji", ["Ōno", "Ohno", "Oono", "Ono"])
def test_long_vowels_in_romaji_sound_like_the_kana(romaji: str) -> None:
    assert skeleton(from_romaji(romaji)) == skeleton("オオノ")


KANA = "アイウエオカガキギクケコサザシジスセソタダチツッテト"
KANA += "ナニヌネノハバパヒフヘホマミムメモヤャユュヨョラリルレロワヲンー"


@given(st.text(KANA, max_size=9))
def test_a_reading_is_the_same_in_hiragana_half_width_and_folded_again(kana: str) -> None:
    hiragana = "".join(chr(ord(letter) - 0x60) if letter != "ー" else letter for letter in kana)
    assert skeleton(hiragana) == skeleton(kana)
    assert skeleton(unicodedata.normalize("NFD", kana)) == skeleton(kana)
    assert skeleton(skeleton(kana)) == skeleton(kana)


@given(st.text())
def test_any_text_at_all_can_be_normalised(text: str) -> None:
    assert one_width(one_width(text)) == one_width(text)
    normalise_name(Typed(text, text, text, text, text, text))
    normalise_addresses([text])
    normalise_postal(text)
    assert normalise_email(normalise_email(text)) == normalise_email(text)
    assert all(len(str(number)) in {9, 10} for number in normalise_phones([text])[1].tolist())


@pytest.mark.parametrize("text", ["未入力", "なし", "－", "不明", "ＴＥＳＴ", "ダミー", "ﾃｽﾄ", " - "])
def test_a_placeholder_is_no_information(text: str) -> None:
    assert without_placeholder(one_width(text)) == ""


def test_a_joined_name_of_two_letters_is_a_family_name_and_of_four_a_whole() -> None:
    nothing = Part("", "")
    assert normalise_name(Typed("山田", "", "", "", "", "")) == Name(Part("山田", ""), nothing, nothing)
    assert normalise_name(Typed("山田太郎", "", "", "", "", "")) == Name(
        nothing, nothing, Part("山田太郎", "")
    )


def test_a_full_name_beside_its_family_name_is_split_by_it() -> None:
    name = normalise_name(Typed("五十嵐", "", "五十嵐翔", "", "", ""))
    assert (name.family.written, name.given.written, name.whole.written) == ("五十嵐", "翔", "")


def test_two_numbers_in_one_cell_are_two_numbers() -> None:
    cells, numbers, mobile = normalise_phones(["", "03-3456-7812 / 090-2345-6781"])
    assert cells.tolist() == [1, 1]
    assert numbers.tolist() == [334567812, 9023456781]
    assert mobile.tolist() == [False, True]


def test_an_extension_is_no_part_of_the_number() -> None:
    assert normalise_phones(["03-3456-7812 内線123"])[1].tolist() == [334567812]


def test_a_mailbox_name_that_says_nothing_is_none() -> None:
    assert [mailbox("info@a.jp"), mailbox("taro@a.jp"), mailbox("hanako1980@a.jp")] == ["", "", "hanako1980"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("東京都千代田区丸の内一丁目2番3号", "千代田区丸内1-2-3"),
        ("神奈川県横浜市西区みなとみらい２－３－５ クイーンズ１２０１", "横浜市西区みなとみらい2-3-5-1201"),
        ("千葉県鎌ケ谷市新鎌ヶ谷十二丁目10番", "鎌谷市新鎌谷12-10"),
        ("八王子市大字三﨑町4-5", "東京都八王子市三崎町04-005"),
        ("三重県津市代々木一丁目1", "津市代代木1-1"),
        ("京都市中京区", "京都府京都市中京区"),
        ("〒100-0005 東京都千代田区丸の内1-1", "丸の内1-1".join(("千代田区", ""))),
    ],
)
def test_an_address_is_its_town_and_its_numbers(one: str, other: str) -> None:
    places = normalise_addresses([one, other])
    for column in (places.town, places.house, places.block):
        assert column[0] == column[1]
    assert places.town.all()


@pytest.mark.parametrize(
    ("one", "other"),
    [("港区1-2-3", "港区12-3"), ("港区1-2", "港区2-1"), ("港区1-2", "港区1-2-0"), ("港区", "港区1")],
)
def test_other_numbers_are_another_house(one: str, other: str) -> None:
    house = normalise_addresses([one, other]).house
    assert house[0] != house[1]


def test_an_address_is_the_same_alone_as_among_others() -> None:
    typed = ["港区1-2", "", "不明", "東京都港区一丁目2", "神奈川県横浜市\n港北区3", "〒1000005 港区5"]
    together = normalise_addresses(typed)
    for row, text in enumerate(typed):
        alone = normalise_addresses([text])
        assert [column[0] for column in alone] == [column[row] for column in together]


def test_a_postal_code_in_front_of_the_address_is_read() -> None:
    assert normalise_addresses(["〒100-0005 東京都千代田区丸の内1-1"]).postal.tolist() == [1000005]


def test_hashes_never_change_because_they_are_stored() -> None:
    assert Letters.of(["", "高橋", "a"]).hashes().tolist() == [0, HASH_OF_TAKAHASHI, HASH_OF_A]


HASH_OF_TAKAHASHI = -3016688591657781280
HASH_OF_A = -3446307825865526577
