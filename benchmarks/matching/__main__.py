"""Measure how well and how fast customers are matched: ``python -m benchmarks.matching`` (or ``make matching``).

Makes the shops, runs every contender in a process of its own, one after the other, and prints a line for each.
``--results FILE`` adds the lines to a file; ``--document`` writes what the file holds into the documents.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.matching.contenders import CONTENDERS
from benchmarks.matching.document import write_documents
from benchmarks.matching.seeds import SPLITS
from benchmarks.matching.table import print_line

SIZES = (10_000, 100_000, 1_000_000)
_LARGEST = {"recordlinkage ECM": 100_000}
_SEEDS_AT_MOST = {1_000_000: 1}


@dataclass(frozen=True, slots=True)
class Data:
    """One pair of sides: what it is called, and the module and arguments that make it."""

    name: str
    seed: int
    members: int
    maker: Sequence[str]


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.matching", description=__doc__)
    parser.add_argument(
        "--split", choices=SPLITS, default="validation", help="which seeds; test only for the table"
    )
    parser.add_argument(
        "--sizes", type=int, nargs="*", default=SIZES, help="members; customers are 63 %% of them"
    )
    parser.add_argument("--contenders", nargs="*", choices=CONTENDERS, default=list(CONTENDERS))
    parser.add_argument("--febrl", action="store_true", help="FEBRL 2, 3 and 4 too")
    parser.add_argument("--results", type=Path, help="add the results to this file, a line of JSON each")
    parser.add_argument("--document", action="store_true", help="write the tables of docs/ from --results")
    arguments = parser.parse_args()
    for data in (*_shops(arguments.split, arguments.sizes), *(_febrl() if arguments.febrl else ())):
        with tempfile.TemporaryDirectory(prefix="eccube-sync-matching-") as folder:
            _python(*data.maker[:1], folder, *data.maker[1:])
            for name in arguments.contenders:
                if data.members <= _LARGEST.get(name, data.members):
                    _measure(name, data, folder, arguments.results)
    if arguments.document:
        write_documents(arguments.results)


def _shops(split: str, sizes: Sequence[int]) -> Iterator[Data]:
    for members in sizes:
        for seed in SPLITS[split][: _SEEDS_AT_MOST.get(members)]:
            yield Data(split, seed, members, ("benchmarks.matching.rows", str(seed), str(members)))


def _febrl() -> Iterator[Data]:
    for number, members in ((2, 1000), (3, 3000), (4, 5000)):
        yield Data(f"FEBRL {number}", 0, members, ("benchmarks.matching.febrl", str(number)))


def _measure(name: str, data: Data, folder: str, results: Path | None) -> None:
    result = json.loads(_python("benchmarks.matching.step", name, folder))
    line = {"data": data.name, "seed": data.seed, **result}
    print_line(line)
    if results:
        with results.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def _python(module: str, *arguments: str) -> str:
    """What a module prints."""
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    main()
