"""How right the links are, judged by people: what reviewers answered beside what the scores had promised."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from eccube_sync.linkage.score import ScoredPairs
from eccube_sync.matchers import Integers

BANDS = (0.0, 0.2, 0.5, 0.9, 0.99, 0.999, 1.0)
_SURE = 1.96
"""Of 20 intervals, 19 hold the true share."""

_HALF = 2


@dataclass(frozen=True, slots=True)
class Answered:
    """A pair a person decided about: how probable the machine had called it, and whether it was one person."""

    probability: float
    same: bool


@dataclass(frozen=True, slots=True)
class Band:
    """The answered pairs of one stretch of probabilities, with the share that was right and how sure that is."""

    low: float
    high: float
    answered: int
    same: int
    expected: float
    at_least: float
    at_most: float


def bands(answers: Sequence[Answered]) -> list[Band]:
    """What was answered, by how probable the pairs had been called; stretches without an answer are left out."""
    found = []
    for low, high in pairwise(BANDS):
        among = [one for one in answers if low <= one.probability < high or one.probability == high == 1]
        if among:
            same = sum(one.same for one in among)
            expected = sum(one.probability for one in among) / len(among)
            found.append(Band(low, high, len(among), same, expected, *interval(same, len(among))))
    return found


def interval(count: int, of: int) -> tuple[float, float]:
    """Wilson's interval: between which shares the true one lies in 19 of 20 cases."""
    if not of:
        return 0.0, 1.0
    share, spread = count / of, _SURE**2 / of
    middle = (share + spread / 2) / (1 + spread)
    half = math.sqrt(share * (1 - share) * spread + spread**2 / 4) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


def overconfidence(links: Sequence[Answered]) -> float:
    """How many times as many links were wrong as expected, never less than once.

    Few answers say little, so one wrong link is added to what was expected and to what was found.
    """
    wrong = sum(not one.same for one in links)
    expected = sum(1 - one.probability for one in links)
    return max(1.0, (wrong + 1) / (expected + 1))


def sample(pairs: ScoredPairs, linked: Sequence[tuple[int, int]], size: int, seed: int) -> Integers:
    """Which of the linked pairs to ask a person about, as rows of ``pairs``: half of them the least probable ones,
    where wrong links are if there are any, and half drawn from all the others."""
    known = {
        pair: row
        for row, pair in enumerate(zip(pairs.customer_ids.tolist(), pairs.member_ids.tolist(), strict=True))
    }
    rows = np.array(sorted(known[pair] for pair in linked if pair in known), np.int64)
    ordered = rows[np.lexsort((rows, pairs.probability[rows]))]
    doubtful, others = ordered[: size // _HALF], ordered[size // _HALF :]
    drawn = np.random.default_rng(seed).permutation(others)[: size - len(doubtful)]
    return np.sort(np.concatenate([doubtful, drawn]))
