"""Many texts at once: all their letters in one array, so that a rule costs one pass and not one call a text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eccube_sync.linkage.hashing import scatter
from eccube_sync.matchers import Integers

_END = 10  # a line feed behind every text; no text holds one
_BITS = np.uint64(63)

Codes = NDArray[np.uint32]
Chosen = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Letters:
    """The code points of many texts, each text followed by a line feed, and where each text starts."""

    codes: Codes
    starts: Integers

    @classmethod
    def of(cls, texts: Sequence[str]) -> Letters:
        """The letters of these texts; a line feed within a text counts as a space."""
        codes = _codes(texts)
        ends = np.flatnonzero(codes == _END)
        if len(ends) != len(texts):
            codes = _codes([text.replace("\n", " ") for text in texts])
            ends = np.flatnonzero(codes == _END)
        return cls(codes, np.concatenate([np.zeros(1, np.int64), ends + 1])[: len(texts)])

    def __len__(self) -> int:
        return len(self.starts)

    def present(self) -> Chosen:
        """Which code points are letters of a text."""
        present: Chosen = self.codes != _END
        return present

    def lengths(self) -> Integers:
        """How many letters each text has."""
        return np.diff(self.starts, append=len(self.codes)) - 1

    def count(self, chosen: Chosen) -> Integers:
        """How many of the chosen letters each text has."""
        return self.total(chosen.astype(np.int64))

    def total(self, numbers: NDArray[np.int64]) -> Integers:
        """The sum over each text of one number a code point (overflowing silently)."""
        if not len(self):
            return np.empty(0, np.int64)
        total: Integers = np.add.reduceat(numbers, self.starts)
        return total

    def places(self, chosen: Chosen) -> Integers:
        """For each code point how many chosen ones stand before it in its text."""
        before: Integers = np.cumsum(chosen) - chosen
        return before - np.repeat(before[self.starts], self.lengths() + 1)

    def hashes(self, chosen: Chosen | None = None) -> Integers:
        """A hash of the chosen letters (all, if not given) of each text in their order; 0 where there are none."""
        chosen = self.present() if chosen is None else chosen & self.present()
        total = self.total(np.where(chosen, self.codes * place_factors(self.places(chosen)), 0))
        hashes = scatter(total.view(np.uint64)).view(np.int64)
        hashes[hashes == 0] = 1
        return np.where(self.count(chosen) > 0, hashes, 0)

    def anagrams(self) -> Integers:
        """A sum over the letters of each text: that of a text is that of its parts, in any order, together."""
        return self.total(np.where(self.present(), scatter(self.codes.astype(np.uint64)).view(np.int64), 0))

    def bags(self) -> NDArray[np.uint64]:
        """A set of 64 bits for each text: which letters it has. One slip of the pen changes two of them at most."""
        bits = np.uint64(1) << (self.codes.astype(np.uint64) & _BITS)
        bits[~self.present()] = 0
        return np.bitwise_or.reduceat(bits, self.starts) if len(self) else np.empty(0, np.uint64)


def _codes(texts: Sequence[str]) -> Codes:
    joined = "\n".join(texts) + "\n" if len(texts) else ""
    return np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)


def place_factors(places: Integers) -> Integers:
    """A fixed odd factor for each place: what is summed under them depends on its order."""
    most = int(places.max(initial=0)) + 1
    factors = scatter(np.arange(1, most + 1, dtype=np.uint64)) | np.uint64(1)
    return factors.view(np.int64)[places]
