"""What a contender found, in a form in which all can be compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from eccube_sync.linkage.people import People

Rows = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of a customer's and a member's position, with a score: higher means more likely one person."""

    customers: Rows
    members: Rows
    scores: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.customers)

    def take(self, rows: Rows) -> Pairs:
        """These pairs only."""
        return Pairs(self.customers[rows], self.members[rows], self.scores[rows])


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything one contender has to say.

    ``candidates``: the pairs it looked at (their scores say nothing). ``linked``: what it would link by itself, at
    a threshold it has without being told the truth. ``linkable``: what it would link if its threshold were lower.
    ``scored``: every pair it can put in an order; whatever is not linked may be asked in this order.
    ``asked`` and ``asked_by_name``: how many pairs it shows to a human by rules of its own; the second ones share
    nothing but the name and are in a file of their own.
    """

    candidates: Pairs
    linked: Pairs
    linkable: Pairs
    scored: Pairs
    asked: int = 0
    asked_by_name: int = 0


class Contender(Protocol):
    """One way to match."""

    def __call__(self, customers: Iterator[People], members: Iterator[People]) -> Callable[[], Outcome]:
        """From raw rows to decisions: this is what is measured. The function returned tells more, at leisure."""


def unscored(customers: Rows, members: Rows) -> Pairs:
    """Pairs without an order."""
    return Pairs(customers, members, np.zeros(len(customers)))


def mutually_best(pairs: Pairs) -> Pairs:
    """Pairs that are the best of their customer and of their member, the lower position first where scores tie."""
    best = pairs.take(_first_of_each(pairs.customers, pairs))
    return best.take(_first_of_each(best.members, best))


def _first_of_each(owners: Rows, pairs: Pairs) -> Rows:
    order = np.lexsort((pairs.members, pairs.customers, -pairs.scores, owners))
    first = np.ones(len(order), bool)
    first[1:] = owners[order][1:] != owners[order][:-1]
    return order[first]
