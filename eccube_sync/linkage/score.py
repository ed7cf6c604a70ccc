"""How many bits speak for a pair: the sum of its fields against strangers, less what a household explains."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntFlag

import numpy as np
from numpy.typing import NDArray

from eccube_sync.linkage.candidates import candidate_pairs
from eccube_sync.linkage.frequencies import VALUES, values_of
from eccube_sync.linkage.model import Model, without_shared
from eccube_sync.linkage.weights import LevelWeight
from eccube_sync.matchers import MATCHERS, Integers, Levels, Prepared, Rows, Verdict

_CHUNK = 200_000
_NOTHING = LevelWeight(1.0, 1.0, 1.0)


class Flag(IntFlag):
    """What the probability alone does not say about a pair."""

    GIVEN_DIFFERS = 1
    BIRTH_DIFFERS = 2
    NAME_ONLY = 4  # nothing but the name agrees
    THIN = 8  # fewer than two independent strong facts agree, the given name counted as one
    ANY_RELATIVE = 16  # the given name does not agree, and nothing else says which of a household it is


AGAINST = Flag.GIVEN_DIFFERS | Flag.BIRTH_DIFFERS | Flag.NAME_ONLY | Flag.THIN | Flag.ANY_RELATIVE
"""Each of these keeps a machine from linking a pair, however probable it is."""


@dataclass(frozen=True, slots=True)
class Scores:
    """One row a pair. ``bits`` is the weight of the evidence without the prior."""

    bits: NDArray[np.float32]
    probability: NDArray[np.float64]
    levels: Levels  # (n, fields), in the order of MATCHERS
    flags: NDArray[np.uint8]

    def take(self, rows: Rows) -> Scores:
        """The same for these pairs only."""
        return Scores(self.bits[rows], self.probability[rows], self.levels[rows], self.flags[rows])


@dataclass(frozen=True, slots=True)
class ScoredPairs:
    """Pairs worth keeping, by our ids, sorted by customer and member."""

    customer_ids: Integers
    member_ids: Integers
    bits: NDArray[np.float32]
    probability: NDArray[np.float64]
    flags: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.customer_ids)

    @classmethod
    def joined(cls, parts: Sequence[ScoredPairs]) -> ScoredPairs:
        """The pairs of all parts, one part behind the other."""
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__slots__))

    def take(self, rows: Rows) -> ScoredPairs:
        """These pairs only, in this order."""
        return ScoredPairs(
            self.customer_ids[rows],
            self.member_ids[rows],
            self.bits[rows],
            self.probability[rows],
            self.flags[rows],
        )


def score_pairs(model: Model, left: Prepared, right: Prepared, i: Rows, j: Rows) -> Scores:
    """Score each pair (``left`` row ``i[k]``, ``right`` row ``j[k]``); a pair's score depends on that pair only."""
    left, right = without_shared(model, left), without_shared(model, right)
    parts = [_score(model, left, right, i[k], j[k]) for k in _chunks(len(i))]
    return Scores(
        bits=np.concatenate([part.bits for part in parts]),
        probability=np.concatenate([part.probability for part in parts]),
        levels=np.concatenate([part.levels for part in parts]),
        flags=np.concatenate([part.flags for part in parts]),
    )


def match_pairs(
    model: Model, customers: Prepared, members: Prepared, pairs: tuple[Rows, Rows] | None = None
) -> ScoredPairs:
    """All candidate pairs (or the given ones, as rows) whose probability is at least the model's ``review_at``.

    Works in chunks, so that memory follows the pairs kept and not the pairs looked at. A caller with several
    processes splits ``pairs`` as it likes: a pair's score depends on that pair only.
    """
    if pairs is None:
        pairs = candidate_pairs(customers, members, model.common)
    i, j = pairs
    left, right = without_shared(model, customers), without_shared(model, members)
    kept: list[Rows] = []
    found: list[Scores] = []
    for chunk in _chunks(len(i)):
        scores = _score(model, left, right, i[chunk], j[chunk])
        rows = np.flatnonzero(scores.probability >= model.settings.review_at)
        kept.append(rows + chunk.start)
        found.append(scores.take(rows))
    rows = np.concatenate(kept)
    pairs_kept = ScoredPairs(
        customers.ids[i[rows]],
        members.ids[j[rows]],
        np.concatenate([scores.bits for scores in found]),
        np.concatenate([scores.probability for scores in found]),
        np.concatenate([scores.flags for scores in found]),
    )
    return pairs_kept.take(np.lexsort((pairs_kept.member_ids, pairs_kept.customer_ids)))


def _chunks(count: int) -> Iterator[slice]:
    """At least one slice, so that no pairs at all make empty columns and not none."""
    return (slice(start, start + _CHUNK) for start in range(0, max(count, 1), _CHUNK))


def _score(model: Model, left: Prepared, right: Prepared, i: Rows, j: Rows) -> Scores:
    levels = compare(left, right, i, j)
    fields, household = field_bits(model, left, right, i, j, levels)
    total = household
    for field in fields.T:  # one by one: the order of additions, and so every last digit, is always the same
        total = total + field
    bits = np.round(total, 2).astype(np.float32)
    return Scores(bits, model.probability(bits), levels, _flags(levels))


def compare(left: Prepared, right: Prepared, i: Rows, j: Rows) -> Levels:
    """The level of every field of every pair: (n, fields), in the order of MATCHERS."""
    levels = np.empty((len(i), len(MATCHERS)), np.uint8)
    for column, matcher in enumerate(MATCHERS.values()):
        levels[:, column] = matcher.compare(left, right, i, j)
    return levels


def field_bits(
    model: Model, left: Prepared, right: Prepared, i: Rows, j: Rows, levels: Levels
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What each field says for a match against strangers, (n, fields), and what a household takes back, (n,).

    Non-matches are strangers or, rarely, relatives: P = (1 - h)·stranger + h·relative. The second number is
    log2 of how much this raises the probability of what was seen above that of strangers alone, with its sign.
    """
    fields = np.zeros(levels.shape)
    kinship = np.zeros(len(levels))
    for column, name in enumerate(MATCHERS):
        level = levels[:, column]
        match, stranger, relative = _log_weights(model, name)
        by_chance = stranger[level]
        for table in VALUES:
            use = np.flatnonzero(_tables(model, name, table)[level])
            if len(use):
                by_chance[use] += np.log2(_chance(model, table, left, right, i[use], j[use]))
        fields[:, column] = match[level] - by_chance
        kinship += relative[level] - by_chance
    share = model.relatives
    household = -np.log2((1 - share) + share * np.exp2(np.minimum(kinship, 500)))
    return fields, household


def _log_weights(model: Model, field: str) -> tuple[NDArray[np.float64], ...]:
    weights = [_weight(model, field, level.name) for level in MATCHERS[field].levels]
    return tuple(np.log2([[w.match, w.stranger, w.relative] for w in weights]).T)


def _tables(model: Model, field: str, table: str) -> NDArray[np.bool_]:
    """Which levels of the field use this frequency table."""
    return np.array([_weight(model, field, level.name).table == table for level in MATCHERS[field].levels])


def _weight(model: Model, field: str, level: str) -> LevelWeight:
    return model.weights[field].get(level, _NOTHING)


def _chance(
    model: Model, table: str, left: Prepared, right: Prepared, i: Rows, j: Rows
) -> NDArray[np.float64]:
    """How common the shared value is; where a joined name hides it on both sides, how common values are."""
    frequencies = model.frequencies[table]
    shares = frequencies.look_up(values_of(table, left, i))
    hidden = np.flatnonzero(np.isnan(shares))
    shares[hidden] = frequencies.look_up(values_of(table, right, j[hidden]))
    return np.where(np.isnan(shares), frequencies.unknown, shares)


_FIELDS = list(MATCHERS)
_VERDICTS = np.zeros((len(MATCHERS), 1 + max(len(matcher.levels) for matcher in MATCHERS.values())), np.uint8)
for _row, _matcher in enumerate(MATCHERS.values()):
    _VERDICTS[_row, : len(_matcher.levels)] = [level.verdict for level in _matcher.levels]

_INDEPENDENT = (("birth_date",), ("mobile",), ("email",), ("landline", "address"))
"""Facts besides the name that one cause seldom brings together; landline and address are one, the home."""


def _flags(levels: Levels) -> NDArray[np.uint8]:
    verdicts = {field: _VERDICTS[column][levels[:, column]] for column, field in enumerate(_FIELDS)}
    strong = {field: verdict == Verdict.STRONG for field, verdict in verdicts.items()}
    facts = strong["given_name"].astype(np.uint8)  # a family name may be another since a marriage
    besides = np.zeros(len(levels), bool)
    for fields in _INDEPENDENT:
        facts += np.logical_or.reduce([strong[field] for field in fields])
        besides |= np.logical_or.reduce([verdicts[field] >= Verdict.WEAK for field in fields])
    given = verdicts["given_name"]
    # Twins share a birth date and their parents' mail address, but hardly ever a mobile as well.
    personal = strong["mobile"] & (strong["birth_date"] | strong["email"])
    flags = np.where(given == Verdict.DIFFERS, Flag.GIVEN_DIFFERS, 0)
    flags |= np.where((given == Verdict.SILENT) & ~personal, Flag.ANY_RELATIVE, 0)
    flags |= np.where(verdicts["birth_date"] == Verdict.DIFFERS, Flag.BIRTH_DIFFERS, 0)
    flags |= np.where(~besides, Flag.NAME_ONLY, 0)
    flags |= np.where(facts < 2, Flag.THIN, 0)
    return flags.astype(np.uint8)
