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
        with self.pool() as pool:
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
            with self.pool() as pool:
                shares = list(pool.map(_match_share, bounds[:-1], bounds[1:]))
        finally:
            _SHARED.pop()
        found = ScoredPairs.joined(shares)
        return found.take(np.lexsort((found.member_ids, found.customer_ids)))

    def pool(self) -> ProcessPoolExecutor:
        """Processes that end when this one does, however it ends."""
        # Not needed by most commands, and slow to import.
        from concurrent.futures import ProcessPoolExecutor
        from multiprocessing import get_context

        return ProcessPoolExecutor(self.count, mp_context=get_context("fork"), initializer=_end_with_parent)


def _end_with_parent() -> None:
    """A process of a killed run would wait for work for ever, and keep open its lock and its connection."""
    from multiprocessing import parent_process
    from signal import SIGKILL, raise_signal
    from threading import Thread

    parent = parent_process()
    assert parent is not None

    def wait() -> None:
        parent.join()
        raise_signal(SIGKILL)  # a normal end would wait for the work under way

    Thread(target=wait, daemon=True).start()


def _match_share(start: int, end: int) -> ScoredPairs:
    model, customers, members, (i, j) = _SHARED[-1]
    return match_pairs(model, customers, members, (i[start:end], j[start:end]))
