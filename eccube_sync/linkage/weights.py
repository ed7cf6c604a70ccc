"""What each outcome of each comparison is worth, before a shop's own data refine it.

Three probabilities stand beside every level: how often it is seen between two records of

- ``match``: one person,
- ``stranger``: two people who have nothing to do with each other,
- ``relative``: two people of one household.

A level speaks for a match with log2(match / stranger) bits. Surname, address and landline would make 41 bits that
way, and every wife a match of her husband, since a household shares all three. So the relative is a rival
explanation of its own: against it the same three facts are worth next to nothing, while the given name and the
birth date decide (``score`` mixes the two rivals by how frequent they are; about 17 bits remain).

Where a ``table`` is named, the value's own frequency is part of the stranger's probability: two 佐藤 meet by
chance a thousand times as often as two 勅使河原. The number then is what else has to happen.

The figures are general knowledge about Japanese customers, rounded, for records a few years apart:
people marry (3 % of surnames differ) and move (20 %), change mobiles less often (numbers are portable) than
e-mail addresses, and mistype; 1 in 250 pairs of relatives are twins or share a birthday; birth dates of adults
spread over some 18,000 days; an apartment house shares its block; a landline is a household's, and a mobile or an
e-mail address is shared by one couple or child in fifteen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class LevelWeight(NamedTuple):
    """The three probabilities of a level, and the frequency table (or ``""``) that multiplies ``stranger``."""

    match: float
    stranger: float
    relative: float
    table: str = ""


Weights = Mapping[str, Mapping[str, LevelWeight]]

DEFAULT_WEIGHTS: Weights = {
    "family_name": {
        "different": LevelWeight(0.035, 0.985, 0.12),
        "similar": LevelWeight(0.012, 0.012, 0.01),
        "one_letter_off": LevelWeight(0.005, 0.0005, 0.0005),
        "written_differently": LevelWeight(0.015, 0.3, 0.005, "family_kana"),
        "read_differently": LevelWeight(0.005, 0.03, 0.003, "family"),
        "same_reading": LevelWeight(0.93, 1.0, 0.86, "family_kana"),
        "same": LevelWeight(0.93, 1.0, 0.86, "family"),
        "swapped": LevelWeight(0.01, 0.00004, 0.00002),
    },
    "given_name": {
        "different": LevelWeight(0.008, 0.96, 0.93),
        "similar": LevelWeight(0.02, 0.02, 0.06),
        "one_letter_off": LevelWeight(0.005, 0.0005, 0.001),
        "written_differently": LevelWeight(0.02, 0.7, 0.002, "given_kana"),
        "read_differently": LevelWeight(0.01, 0.1, 0.0005, "given"),
        "same_reading": LevelWeight(0.94, 1.0, 0.001, "given_kana"),
        "same": LevelWeight(0.94, 1.0, 0.0005, "given"),
        "swapped": LevelWeight(0.01, 0.00004, 0.00002),
    },
    "birth_date": {
        "different": LevelWeight(0.02, 0.994, 0.98),
        "two_parts": LevelWeight(0.025, 0.006, 0.012),
        "transposed": LevelWeight(0.01, 0.00005, 0.0001),
        "same": LevelWeight(0.945, 0.000055, 0.004),
    },
    "mobile": {
        "different": LevelWeight(0.17, 1.0, 0.94),
        "one_digit_off": LevelWeight(0.01, 0.000002, 0.002),
        "same": LevelWeight(0.82, 0.0000001, 0.06),
    },
    "landline": {
        "different": LevelWeight(0.19, 1.0, 0.24),
        "one_digit_off": LevelWeight(0.01, 0.00002, 0.01),
        "same": LevelWeight(0.80, 0.0000003, 0.75),
    },
    "email": {
        "different": LevelWeight(0.22, 1.0, 0.93),
        "one_letter_off": LevelWeight(0.02, 0.000002, 0.003),
        "same_mailbox": LevelWeight(0.06, 0.000004, 0.005),
        "same": LevelWeight(0.70, 0.0000001, 0.06),
    },
    "address": {
        "different": LevelWeight(0.20, 0.98, 0.09),
        "same_town": LevelWeight(0.05, 1.0, 0.02, "postal"),
        "same_block": LevelWeight(0.11, 0.02, 0.09, "postal"),
        "same_house": LevelWeight(0.64, 0.003, 0.80, "postal"),
    },
}
"""The shipped weights. Level 0 of every matcher, "nothing to compare", is always worth 0 bits and is not listed."""

RELATIVES_PER_PERSON = 0.8
"""How many relatives of a customer are members, on average."""

EXPECTED_OVERLAP = 0.4
"""The share of the smaller side that is expected to be on the other side too."""
