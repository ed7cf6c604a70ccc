"""Japanese names with matching kana, as frequent as in life: Faker's tables, own ones, and a long tail."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate
from random import Random
from typing import NamedTuple

import jaconv
from faker.providers.person.ja_JP import Provider as FakerPeople

from eccube_sync.population.nametables import (
    FEMALE_BY_ERA,
    FEMALE_ENDINGS,
    FEMALE_STEMS,
    MALE_BY_ERA,
    MALE_ENDINGS,
    MALE_STEMS,
    SURNAME_ENDINGS,
    SURNAME_STEMS,
    SURNAMES,
)

# The share of people who bear one of the listed names; the others get a composed, rarer one.
_LISTED_SURNAMES = 0.72
_LISTED_GIVEN_NAMES = 0.62

# The first birth year of each column of the given-name tables.
_ERAS = (1920, 1950, 1970, 1990)


class Name(NamedTuple):
    """One part of a name: how it is written, and how it is read in full-width katakana."""

    written: str
    kana: str


@dataclass(slots=True)
class WeightedNames:
    """Names that are drawn with unequal chances."""

    names: list[Name]
    weights: Iterable[float]
    _cumulative: list[float] = field(init=False)

    def __post_init__(self) -> None:
        self._cumulative = list(accumulate(self.weights))

    def draw(self, random: Random) -> Name:
        return random.choices(self.names, cum_weights=self._cumulative)[0]


def _parse(table: str) -> list[Name]:
    return [Name(*entry.split(":")[:2]) for entry in table.split()]


def _falling(count: int, flatness: float) -> list[float]:
    """Weights that fall with the rank, as name frequencies do."""
    return [1.0 / (rank + flatness) for rank in range(count)]


@cache
def _listed_surnames() -> WeightedNames:
    counts = {Name(entry[0], entry[1]): float(count) for entry, count in FakerPeople.last_name_pairs.items()}
    for entry in SURNAMES.split():
        written, kana, thousands = entry.split(":")
        counts[Name(written, kana)] = float(thousands) * 1000
    return WeightedNames(list(counts), counts.values())


def _composed(stems: str, endings: str, flatness: float) -> WeightedNames:
    names = [
        Name(stem.written + ending.written, stem.kana + ending.kana)
        for ending in _parse(endings)
        for stem in _parse(stems)
        if stem.written != ending.written
    ]
    # A fixed shuffle: a name's frequency must not follow from the order of the tables.
    Random("composed names").shuffle(names)
    return WeightedNames(names, _falling(len(names), flatness))


@cache
def _rare_surnames() -> WeightedNames:
    return _composed(SURNAME_STEMS, SURNAME_ENDINGS, flatness=150)


@cache
def _rare_given_names(sex: str) -> WeightedNames:
    if sex == "female":
        return _composed(FEMALE_STEMS, FEMALE_ENDINGS, flatness=60)
    return _composed(MALE_STEMS, MALE_ENDINGS, flatness=60)


@cache
def _listed_given_names(sex: str, era: int) -> WeightedNames:
    own = _parse((FEMALE_BY_ERA if sex == "female" else MALE_BY_ERA)[era])
    faker = FakerPeople.first_name_female_pairs if sex == "female" else FakerPeople.first_name_male_pairs
    names = list(dict.fromkeys(own + [Name(entry[0], entry[1]) for entry in faker]))
    return WeightedNames(names, _falling(len(names), flatness=6))


def draw_surname(random: Random) -> Name:
    """A family name; about one in seventy is 佐藤."""
    table = _listed_surnames() if random.random() < _LISTED_SURNAMES else _rare_surnames()
    return table.draw(random)


def draw_given_name(random: Random, sex: str, birth_year: int) -> Name:
    """A given name of that sex (``male`` or ``female``), in fashion when the person was born."""
    if random.random() >= _LISTED_GIVEN_NAMES:
        return _rare_given_names(sex).draw(random)
    era = max((index for index, first in enumerate(_ERAS) if birth_year >= first), default=0)
    return _listed_given_names(sex, era).draw(random)


@cache
def romaji(kana: str) -> str:
    """The reading in small Latin letters, as people spell it in a mail address."""
    letters: str = jaconv.kana2alphabet(jaconv.kata2hira(kana))
    return "".join(letter for letter in letters if letter.isascii() and letter.isalpha())
