"""The raw rows of both sides on disk, in chunks as a database gives them, and the truth beside them."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eccube_sync.linkage.people import People
from eccube_sync.matchers import Integers


@dataclass(frozen=True, slots=True)
class Truth:
    """Who is behind each row, by position; ``live`` says which members' cards work."""

    customers: Integers
    members: Integers
    live: NDArray[np.bool_]


def write_side(folder: Path, side: str, chunks: Iterator[People]) -> None:
    """One file with the chunks of one side, one behind another."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{side}.pickle").open("wb") as file:
        for people in chunks:
            pickle.dump(people, file)


def read_side(folder: Path, side: str) -> Iterator[People]:
    """The chunks of one side; only one is in memory at a time."""
    with (folder / f"{side}.pickle").open("rb") as file:
        while True:
            try:
                yield pickle.load(file)
            except EOFError:
                return


def write_truth(folder: Path, truth: Truth) -> None:
    """Who is who, apart from the rows: no contender reads it."""
    np.savez(folder / "truth.npz", customers=truth.customers, members=truth.members, live=truth.live)


def read_truth(folder: Path) -> Truth:
    """What ``write_truth`` wrote."""
    with np.load(folder / "truth.npz") as stored:
        return Truth(stored["customers"], stored["members"], stored["live"])
