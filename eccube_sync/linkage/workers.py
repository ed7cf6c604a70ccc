"""Work in several processes: normalising by pieces, scoring by shares of the pairs. The answer is always the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from eccube_sync.linkage.model import Model
from eccube_sync.linkage.people import People
from eccube_sync.linkage.prepare import prepare
from eccube_sync.linkage.score import ScoredPairs, match_pairs
from eccube_sync.matchers import Integers, Prepared

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

_SHARED: list[tuple[Model, Prepared, Prepared, tuple[Integers, Integers]]] = []
"""What the processes made by ``match`` look at: they are forked, so nothing is copied to them."""


@dataclass(frozen=True, slots=True)
class Workers:
    """So many processes; with one, everything is done in this one."""

    count: int = 1

    def prepare(self, pieces: Iterable[People]) -> list[Prepared]:
        """Each piece normalised, in order."""
        if self.count == 1:
            return [prepare(piece) for piece in pieces]
        with self._pool() as pool:
            return list(pool.map(prepare, pieces))

    def match(
        self, model: Model, customers: Prepared, members: Prepared, pairs: tuple[Integers, Integers]
    ) -> ScoredPairs:
        """``match_pairs`` of these pairs (rows)."""
        if self.count == 1:
            return match_pairs(model, customers, members, pairs)
        bounds = np.linspace(0, len(pairs[0]), self.count + 1).astype(int).tolist()
        _SHARED.append((model, customers, members, pairs))
        try:
            with self._pool() as pool:
                shares = list(pool.map(_match_share, bounds[:-1], bounds[1:]))
        finally:
            _SHARED.pop()
        found = ScoredPairs.joined(shares)
        return found.take(np.lexsort((found.member_ids, found.customer_ids)))

    def _pool(self) -> ProcessPoolExecutor:
        # Not needed by most commands, and slow to import.
        from concurrent.futures import ProcessPoolExecutor
        from multiprocessing import get_context

        return ProcessPoolExecutor(self.count, mp_context=get_context("fork"))


def _match_share(start: int, end: int) -> ScoredPairs:
    model, customers, members, (i, j) = _SHARED[-1]
    return match_pairs(model, customers, members, (i[start:end], j[start:end]))
