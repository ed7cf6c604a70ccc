"""What small scripts do: the same e-mail address or the same phone number is the same person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator

import numpy as np

from benchmarks.matching.outcome import Outcome, Pairs, mutually_best, unscored
from eccube_sync.linkage.people import People


def link(customers: Iterator[People], members: Iterator[People]) -> Callable[[], Outcome]:
    """Joined on lower-case addresses and on the digits of phones; two agreeing facts go before one."""
    index: dict[str, list[int]] = defaultdict(list)
    for row, facts in _facts(members):
        for fact in facts:
            index[fact].append(row)
    votes: dict[tuple[int, int], int] = defaultdict(int)
    for row, facts in _facts(customers):
        for fact in facts:
            for member in index.get(fact, ()):
                votes[row, member] += 1
    pairs = Pairs(
        np.array([customer for customer, _ in votes], np.int64),
        np.array([member for _, member in votes], np.int64),
        np.array(list(votes.values()), np.float64),
    )
    linked = mutually_best(pairs)
    return lambda: Outcome(unscored(pairs.customers, pairs.members), linked, linked, pairs)


def _facts(chunks: Iterator[People]) -> Iterator[tuple[int, set[str]]]:
    for people in chunks:
        emails, phones = people.tuples("emails"), people.tuples("phones")
        for row, addresses, numbers in zip(people.ids.tolist(), emails, phones, strict=True):
            digits = ("".join(filter(str.isdecimal, number)) for number in numbers)
            yield row, {address.lower() for address in addresses} | {number for number in digits if number}
