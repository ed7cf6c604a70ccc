"""Learning a shop's weights from its own two lists, without anybody telling which pairs are right.

Each candidate pair is one of three things: one person, two people of one household, or two strangers who share
something by chance. Nobody says which, but the three agree in different fields, and so they can be told apart and
counted (expectation and maximisation, Dempster, Laird and Rubin). What is learned: how often each level is seen
between two records of one person and between relatives, how many customers are members, how many relatives
the lists hold. What strangers do is not learned from candidates, who were chosen because they agree: it is known
from the frequencies of names and places, and for phones and mail addresses it hardly ever happens.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from eccube_sync.linkage.model import Model
from eccube_sync.linkage.weights import LevelWeight, Weights
from eccube_sync.matchers import MATCHERS, Levels

ROUNDS = 60
_ENOUGH = 1e-6
TRUSTED = 300.0
"""The shipped weights count as if that many pairs of each kind had been seen already: a small shop keeps them."""

_FIRST_SHARES = np.array([0.3, 0.1, 0.6])
_LEAST = 1e-5
_MOST_LEVELS = max(len(matcher.levels) for matcher in MATCHERS.values())

_IN_ANOTHER_SCRIPT = {"same_reading": "same"}
"""Levels that are another one, seen where only the readings are known: they are learned together."""

_NAMES = [[level.name for level in matcher.levels] for matcher in MATCHERS.values()]
_MERGED = [np.array([names.index(_IN_ANOTHER_SCRIPT.get(name, name)) for name in names]) for names in _NAMES]

Shares = NDArray[np.float64]


class Truth(IntEnum):
    """What a pair can be."""

    MATCH = 0
    RELATIVE = 1
    STRANGER = 2


@dataclass(frozen=True, slots=True)
class Patterns:
    """What was seen, pair by pair, put together: the levels of every field, and how many pairs show them."""

    levels: Levels
    counts: NDArray[np.float64]

    @classmethod
    def of(cls, levels: Levels) -> Patterns:
        """The patterns among these pairs."""
        places = _MOST_LEVELS ** np.arange(len(MATCHERS), dtype=np.int64)
        merged = np.stack([_MERGED[field][column] for field, column in enumerate(levels.T)], axis=1)
        numbers, counts = np.unique(merged.astype(np.int64) @ places, return_counts=True)
        return cls((numbers[:, None] // places % _MOST_LEVELS).astype(np.uint8), counts.astype(np.float64))


@dataclass(frozen=True, slots=True)
class Learned:
    """The outcome: a model of the next number, how many pairs of each kind there are, and after how many rounds."""

    model: Model
    pairs: dict[Truth, float]
    rounds: int


def train(model: Model, levels: Levels, customers: int, members: int) -> Learned:
    """Weights for a shop with that many customers and members, learned from the levels of its candidate pairs.

    ``model`` gives the frequencies, the thresholds' settings and the weights to start from.
    """
    seen = Patterns.of(levels)
    start = _tables(model.weights)
    shares, chances, rounds = _learn(seen, start)
    pairs = {kind: float(shares[kind] * seen.counts.sum()) for kind in Truth}
    all_pairs = max(customers * members, 1)
    learned = replace(
        model,
        weights=_weights(model.weights, chances),
        prior=math.log2(max(pairs[Truth.MATCH], 1.0) / all_pairs),
        relatives=max(pairs[Truth.RELATIVE], 1.0) / all_pairs,
    )
    return Learned(learned, pairs, rounds)


def _learn(seen: Patterns, start: Shares) -> tuple[Shares, Shares, int]:
    """The share of each kind of pair, and how often each level is seen in it; (kind, field, level)."""
    trusted = start * TRUSTED
    chances = _normalised(trusted)
    shares = _FIRST_SHARES
    rounds, moved = 0, 1.0
    while rounds < ROUNDS and moved > _ENOUGH:
        rounds += 1
        certainty = _certainty(seen, shares, chances)
        weighted = certainty * seen.counts[:, None]
        before, shares = shares, (weighted.sum(axis=0) + _FIRST_SHARES) / (seen.counts.sum() + 1)
        chances = _shares_of_levels(seen, weighted, trusted)
        moved = float(np.abs(shares - before).max())
    return shares, chances, rounds


def _certainty(seen: Patterns, shares: Shares, chances: Shares) -> Shares:
    """For each pattern how probable it is that such a pair is of each kind (the step of expectation)."""
    likelihood = np.tile(np.log(shares + 1e-300), (len(seen.levels), 1))
    for field in range(len(MATCHERS)):
        likelihood += np.log(chances[:, field, :])[:, seen.levels[:, field]].T
    likelihood -= likelihood.max(axis=1, keepdims=True)
    certainty: Shares = np.exp(likelihood)
    certainty /= certainty.sum(axis=1, keepdims=True)
    return certainty


def _shares_of_levels(seen: Patterns, weighted: Shares, trusted: Shares) -> Shares:
    """How often each level is seen in each kind of pair (the step of maximisation). Silence says nothing."""
    counted = np.zeros_like(trusted)
    for field in range(len(MATCHERS)):
        for kind in Truth:
            counted[kind, field] = np.bincount(
                seen.levels[:, field], weights=weighted[:, kind], minlength=_MOST_LEVELS
            )
    counted[:, :, 0] = 0
    return _normalised(counted + trusted)


def _normalised(counted: Shares) -> Shares:
    chances: Shares = np.maximum(counted / counted.sum(axis=2, keepdims=True), _LEAST)
    chances[:, :, 0] = 1.0
    return chances


def _tables(weights: Weights) -> Shares:
    """Weights as (kind, field, level); each field's levels make one together, silence left out."""
    tables = np.full((len(Truth), len(MATCHERS), _MOST_LEVELS), 0.0)
    of: dict[Truth, Callable[[LevelWeight], float]] = {
        Truth.MATCH: lambda weight: weight.match,
        Truth.RELATIVE: lambda weight: weight.relative,
        # Candidates who are strangers share something, whatever it is; this is only where learning starts.
        Truth.STRANGER: lambda weight: min(max(weight.stranger, 0.02), 1.0) if not weight.table else 0.1,
    }
    for kind, number in of.items():
        for field, (name, matcher) in enumerate(MATCHERS.items()):
            for level, described in enumerate(matcher.levels[1:], 1):
                if level != _MERGED[field][level]:
                    continue
                tables[kind, field, level] = number(weights[name][described.name])
    tables /= tables.sum(axis=2, keepdims=True)
    return tables


def _weights(before: Weights, chances: Shares) -> Weights:
    """The weights with what was learned in them; strangers stay what they were."""
    learned: dict[str, dict[str, LevelWeight]] = {}
    for field, (name, matcher) in enumerate(MATCHERS.items()):
        learned[name] = {}
        for level, described in enumerate(matcher.levels[1:], 1):
            match, relative, _ = chances[:, field, _MERGED[field][level]].tolist()
            weight = before[name][described.name]
            learned[name][described.name] = weight._replace(match=match, relative=relative)
    return learned
