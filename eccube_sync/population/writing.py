"""How one fact is written differently in two lists: spelling, width, typing errors, placeholders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from random import Random

import jaconv

from eccube_sync.population.names import Name, other_spellings
from eccube_sync.population.nametables import OTHER_READINGS
from eccube_sync.population.places import Home, area_code_of

# One character, and what else people write for it. All of these exist in CP932.
_VARIANTS = {
    plain: group.replace(plain, "")
    for group in (
        *("高髙", "崎﨑", "斎齋斉齊", "辺邊邉", "沢澤", "広廣", "浜濱濵", "島嶋嶌", "桜櫻", "国國", "恵惠"),
        *("真眞", "竜龍", "栄榮", "条條", "徳德", "瀬瀨", "蔵藏", "万萬", "関關", "静靜", "実實", "滝瀧"),
    )
    for plain in group
}

_FULL_WIDTH_DIGITS = str.maketrans("0123456789-", "０１２３４５６７８９－")
_NUMERALS = "〇一二三四五六七八九"

PLACEHOLDER_NAMES = ("未入力", "-", "なし", "不明", "テスト")
PLACEHOLDER_PHONES = ("000-0000-0000", "090-0000-0000", "03-0000-0000", "0000000000")
PLACEHOLDER_BIRTH = date(1900, 1, 1)


@dataclass(frozen=True, slots=True)
class Pen:
    """Somebody who fills in a form: a random source, and how careless they are (1 = as usual, 0 = never)."""

    random: Random
    damage: float = 1.0

    def slips(self, share: float) -> bool:
        """Whether a slip that ``share`` of usual people make happens now."""
        return self.random.random() < share * self.damage

    def kanji(self, written: str) -> str:
        """The name with one character in another form, where it has such a character."""
        places = [index for index, character in enumerate(written) if character in _VARIANTS]
        if not places:
            return written
        index = self.random.choice(places)
        return written[:index] + self.random.choice(_VARIANTS[written[index]]) + written[index + 1 :]

    def name(self, name: Name) -> str:
        """One part of a name as written, now and then with a variant character or only its reading."""
        if self.slips(0.12):
            return self.kanji(name.written)
        if self.slips(0.01):
            return name.kana
        if self.slips(0.006):
            return _hiragana(name.kana)
        return name.written

    def heard(self, name: Name) -> str:
        """A given name that somebody was told, now and then in the characters of another name that sounds alike."""
        others = other_spellings(name)
        if others and self.slips(0.04):
            return self.random.choice(others)
        return self.name(name)

    def kana(self, kana: str) -> str:
        """A reading, now and then half-width, in hiragana, with another long vowel, or another reading."""
        if self.slips(0.015):
            return OTHER_READINGS.get(kana, kana)
        if self.slips(0.012):
            return kana.replace("オオ", "オー").replace("ウウ", "ウー").replace("ョウ", "ョー")
        if self.slips(0.05):
            half_width: str = jaconv.z2h(kana)
            return half_width
        if self.slips(0.03):
            return _hiragana(kana)
        return kana

    def typo(self, digits: str) -> str:
        """Digits with two neighbours exchanged or one of them mistyped."""
        index = self.random.randrange(max(1, len(digits) - 6), len(digits) - 1)
        if self.random.random() < 0.5:
            return digits[:index] + digits[index + 1] + digits[index] + digits[index + 2 :]
        return digits[:index] + str(self.random.randrange(10)) + digits[index + 1 :]

    def phone(self, digits: str) -> str:
        """A phone number as the counter types it: with hyphens or not, full width, +81, its zero lost."""
        if not digits:
            return ""
        if self.slips(0.012):
            digits = self.typo(digits)
        if self.slips(0.03):
            return digits.removeprefix("0")
        if self.slips(0.015):
            return "+81" + digits.removeprefix("0")
        written = hyphenated(digits) if self.random.random() < 0.6 else digits
        return written.translate(_FULL_WIDTH_DIGITS) if self.slips(0.025) else written

    def birth(self, born: date) -> date:
        """A birth date, now and then with day and month exchanged or a wrong year."""
        if self.slips(0.006) and born.day <= 12:
            return born.replace(month=born.day, day=born.month)
        if self.slips(0.006):
            return born.replace(year=born.year + self.random.choice((-1, 1)), day=min(born.day, 28))
        return born

    def street(self, home: Home) -> str:
        """Town and block, in one of the ways people write them."""
        first, second, third = home.block
        styles = (
            f"{first}-{second}-{third}",
            f"{first}丁目{second}-{third}",
            f"{first}丁目{second}番{third}号",
            f"{_NUMERALS[first]}丁目{second}番地{third}",
            f"{first}-{second}-{third}".translate(_FULL_WIDTH_DIGITS),
        )
        style = self.random.choices(styles, (60, 14, 10, 6, 10))[0] if self.damage else styles[0]
        return home.town.town + style

    def email(self, address: str) -> str:
        """A mail address, now and then in capitals, with a tag, or with a letter lost."""
        local, _, domain = address.partition("@")
        if self.slips(0.015):
            return address.capitalize()
        if domain == "gmail.com" and self.slips(0.12):
            return f"{local}+shop@{domain}"
        if self.slips(0.006) and len(local) > 4:
            index = self.random.randrange(1, len(local) - 1)
            return f"{local[:index]}{local[index + 1 :]}@{domain}"
        return address


def hyphenated(digits: str) -> str:
    """A domestic phone number in the usual groups."""
    if len(digits) == 11:
        return f"{digits[:3]}-{digits[3:7]}-{digits[7:]}"
    area = len(area_code_of(digits))
    return f"{digits[:area]}-{digits[area:-4]}-{digits[-4:]}"


def _hiragana(kana: str) -> str:
    hiragana: str = jaconv.kata2hira(kana)
    return hiragana
