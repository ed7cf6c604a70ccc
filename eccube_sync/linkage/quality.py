"""What a model and its pairs say about themselves: weights in bits, fill rates, how right the links should be."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from eccube_sync.linkage.model import Model
from eccube_sync.linkage.score import AGAINST, ScoredPairs, compare
from eccube_sync.linkage.thresholds import expected_wrong, linkable
from eccube_sync.matchers import MATCHERS, Prepared

THRESHOLDS = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999)
_BITS_SHOWN = (-10, 40)
_SMALLEST = 1e-15
_AT_ONCE = 200_000


@dataclass(frozen=True, slots=True)
class Worth:
    """What one level of one field is worth, in bits, against a stranger and against a relative."""

    field: str
    level: str
    match: float
    against_stranger: float
    against_relative: float


@dataclass(frozen=True, slots=True)
class Line:
    """What would follow if a machine linked from this probability on."""

    threshold: float
    links: int
    expected_wrong: float
    questions: int

    @property
    def expected_precision(self) -> float:
        """The share of links that should be right."""
        return 1 - self.expected_wrong / self.links if self.links else 1.0


def worths(model: Model) -> Iterator[Worth]:
    """Every level of every field; where frequencies count, for a value as common as values are on average."""
    for field, matcher in MATCHERS.items():
        for level in matcher.levels[1:]:
            weight = model.weights[field][level.name]
            chance = model.frequencies[weight.table].unknown if weight.table else 1.0
            yield Worth(
                field,
                level.name,
                weight.match,
                math.log2(weight.match / (weight.stranger * chance)),
                math.log2(weight.match / weight.relative),
            )


def fill_rates(people: Prepared) -> dict[str, float]:
    """The share of these people (0..1) of whom each field says something, dummies and shared values left out."""
    known = np.zeros(len(MATCHERS))
    for start in range(0, len(people), _AT_ONCE):
        rows = np.arange(start, min(start + _AT_ONCE, len(people)))
        # Whoever has nothing in a field has nothing in common with themselves either.
        known += (compare(people, people, rows, rows) != 0).sum(axis=0)
    return dict(zip(MATCHERS, (known / max(len(people), 1)).tolist(), strict=True))


def histogram(pairs: ScoredPairs) -> list[tuple[int, int]]:
    """How many pairs have how many bits for a match (log2 of the odds, whole ones), from the lowest to the highest."""
    odds = np.log2(pairs.probability / np.maximum(1 - pairs.probability, _SMALLEST))
    bits, counts = np.unique(np.clip(np.floor(odds), *_BITS_SHOWN).astype(int), return_counts=True)
    return list(zip(bits.tolist(), counts.tolist(), strict=True))


def lines(pairs: ScoredPairs, at: Iterable[float]) -> list[Line]:
    """What would follow from each of these thresholds."""
    found = []
    probabilities = linkable(pairs)
    wrong = expected_wrong(probabilities)
    free = pairs.flags & int(AGAINST) == 0
    for threshold in sorted(at):
        links = int(np.searchsorted(-probabilities, -threshold, "right"))
        asked = ~(free & (pairs.probability >= threshold))
        questions = len(np.unique(pairs.customer_ids[asked]))
        found.append(Line(threshold, links, float(wrong[links - 1]) if links else 0.0, questions))
    return found
