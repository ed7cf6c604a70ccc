"""Names for the benchmark's people: a published list of surnames with their bearers, and of given names.

The program's own tables keep the demo small; these have the tail of a real population. The list of surnames covers
four people in five. Of given names it knows every spelling and not how frequent each is, so a third of the people
get a name in fashion from the program's tables, and the others one whose frequency falls with its place in a fixed
shuffle.
"""

from __future__ import annotations

from functools import cache
from random import Random

import jaconv
from japanese_personal_name_dataset import load_dataset

from eccube_sync.population import Name, NameSource, WeightedNames, draw_fashionable_name, draw_rare_surname

_JAPANESE = 124_000_000
_FASHIONABLE = 0.35
_POPULAR_READING = 0.75


class PublishedNames:
    """Surnames as frequent as in life; given names from some fifty thousand spellings."""

    def surname(self, random: Random) -> Name:
        """A listed surname, or for one person in five a composed one."""
        listed, share = _surnames()
        return listed.draw(random) if random.random() < share else draw_rare_surname(random)

    def given_name(self, random: Random, sex: str, birth_year: int) -> Name:
        """A name in fashion, or any other."""
        if random.random() < _FASHIONABLE:
            return draw_fashionable_name(random, sex, birth_year)
        return _given_names(sex, random.random() < _POPULAR_READING).draw(random)


PUBLISHED: NameSource = PublishedNames()


@cache
def _surnames() -> tuple[WeightedNames, float]:
    """The list, and the share of all Japanese who bear one of its names."""
    *_given, surnames = load_dataset(include_last_names=True)
    names = [Name(written, _katakana(entry["reading"])) for written, entry in surnames.items()]
    bearers = [float(entry["count"]) for entry in surnames.values()]
    return WeightedNames(names, bearers), sum(bearers) / _JAPANESE


@cache
def _given_names(sex: str, popular: bool) -> WeightedNames:
    """Readings and the spellings of each, both in a fixed shuffle; 1/rank within either."""
    male, female = load_dataset(kind="opti" if popular else "org")
    readings = sorted((female if sex == "female" else male).items())
    shuffle = Random(f"given names {sex}").shuffle
    shuffle(readings)
    names: list[Name] = []
    weights: list[float] = []
    for place, (reading, entry) in enumerate(readings):
        spellings = list(entry["kanji"])
        shuffle(spellings)
        of_reading = [1 / (rank + 2) for rank in range(len(spellings))]
        names += [Name(spelling, _katakana(reading)) for spelling in spellings]
        weights += [weight / sum(of_reading) / (place + 30) for weight in of_reading]
    return WeightedNames(names, weights)


def _katakana(reading: str) -> str:
    katakana: str = jaconv.hira2kata(reading)
    return katakana
