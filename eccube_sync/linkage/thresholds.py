"""From how probable the pairs are to where the line between machine and human is drawn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from eccube_sync.linkage.model import CAUTIOUS, Model
from eccube_sync.linkage.score import AGAINST, ScoredPairs

LOWEST = 0.9
"""However well the other pairs fit: nobody is linked by a machine on a chance below this."""

HIGHEST = 0.9999
"""The strictest line; drawn only where people found more wrong links than the scores had promised."""

_ONE_SIDED_95 = 1.645


def linkable(pairs: ScoredPairs) -> NDArray[np.float64]:
    """The probabilities of the pairs that only their probability keeps from being linked, highest first."""
    free = pairs.flags & int(AGAINST) == 0
    ordered: NDArray[np.float64] = -np.sort(-pairs.probability[free])
    return ordered


def expected_wrong(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """How many links would be wrong if the first 1, 2, 3 … of these pairs (highest first) were linked."""
    wrong: NDArray[np.float64] = np.cumsum(1 - probabilities)
    return wrong


def link_threshold(pairs: ScoredPairs, wanted_precision: float, overconfidence: float = 1.0) -> float:
    """The lowest probability from which a machine may link, so that ``wanted_precision`` of its links are right.

    Every pair brings its own chance of being wrong, so the line moves by itself with the size of the lists and
    with how much of the data is filled in. Not the expected number of wrong links counts but the number that 95 of
    100 such shops stay below: where there are few pairs, that is several times as many, and the line is stricter,
    up to the ``CAUTIOUS`` one.
    ``overconfidence`` is how many times as many links turned out wrong as were expected (see ``calibration``).
    """
    probabilities = linkable(pairs)
    expected = expected_wrong(probabilities) * overconfidence
    at_most = expected + _ONE_SIDED_95 * np.sqrt(expected)
    allowed = np.arange(1, len(probabilities) + 1) * (1 - wanted_precision)
    last_of_equals = np.diff(probabilities, append=-1) < 0  # whoever is as probable is linked too
    good = np.flatnonzero((at_most <= allowed) & last_of_equals)
    strictest = HIGHEST if overconfidence > 1 else CAUTIOUS
    threshold = float(probabilities[good[-1]]) if len(good) else strictest
    return min(max(threshold, LOWEST), strictest)


def with_threshold(model: Model, pairs: ScoredPairs) -> Model:
    """The model with the line drawn by all pairs it found, unless the shop drew it itself."""
    if model.settings.link_at is not None:
        return replace(model, link_at=model.settings.link_at)
    threshold = link_threshold(pairs, model.settings.wanted_precision)
    return replace(model, link_at=max(threshold, model.settings.review_at))
