"""Japanese names with matching kana, as frequent as in life: Faker's tables, own ones, and a long tail."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate
from random import Random
from typing import NamedTuple, Protocol

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


class NameSource(Protocol):
    """Where names come from, and how frequent each is."""

    def surname(self, random: Random) -> Name:
        """A family name."""

    def given_name(self, random: Random, sex: str, birth_year: int) -> Name:
        """A given name of that sex (``male`` or ``female``), in fashion when the person was born."""


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


@cache
def _spellings() -> dict[str, list[str]]:
    """The ways each given name's reading is written, for readings with several."""
    tables = [*MALE_BY_ERA, *FEMALE_BY_ERA]
    found: dict[str, list[str]] = {}
    for name in dict.fromkeys(name for table in tables for name in _parse(table)):
        found.setdefault(name.kana, []).append(name.written)
    return {kana: written for kana, written in found.items() if len(written) > 1}


def other_spellings(name: Name) -> list[str]:
    """How somebody who only heard a given name might write it instead; empty for most."""
    return [written for written in _spellings().get(name.kana, ()) if written != name.written]


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


class BuiltInNames:
    """Faker's tables, the project's own, and a long tail of composed names."""

    def surname(self, random: Random) -> Name:
        """A family name; about one in seventy is 佐藤."""
        return (
            draw_listed_surname(random) if random.random() < _LISTED_SURNAMES else draw_rare_surname(random)
        )

    def given_name(self, random: Random, sex: str, birth_year: int) -> Name:
        """A listed name or a composed one."""
        if random.random() >= _LISTED_GIVEN_NAMES:
            return _rare_given_names(sex).draw(random)
        return draw_fashionable_name(random, sex, birth_year)


BUILT_IN: NameSource = BuiltInNames()


def draw_listed_surname(random: Random) -> Name:
    """One of the frequent surnames."""
    return _listed_surnames().draw(random)


def draw_rare_surname(random: Random) -> Name:
    """A composed surname, as likely to exist as not."""
    return _rare_surnames().draw(random)


def draw_fashionable_name(random: Random, sex: str, birth_year: int) -> Name:
    """One of the given names that were in fashion around that year."""
    era = max((index for index, first in enumerate(_ERAS) if birth_year >= first), default=0)
    return _listed_given_names(sex, era).draw(random)


@cache
def romaji(kana: str) -> str:
    """The reading in small Latin letters, as people spell it in a mail address."""
    letters: str = jaconv.kana2alphabet(jaconv.kata2hira(kana))
    return "".join(letter for letter in letters if letter.isascii() and letter.isalpha())
