"""One contender on one shop, in a process of its own: ``python -m benchmarks.matching.step CONTENDER FOLDER``.

Prints one line of JSON: what it cost from raw rows to decisions, and how good it is. The cost counts all cores and
child processes; the questions about quality are answered after the clock has stopped.
"""

from __future__ import annotations

import gc
import json
import resource
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.matching.contenders import contender
from benchmarks.matching.metrics import Quality, measure
from benchmarks.matching.sides import read_side, read_truth
from eccube_sync.cli import COLLECT_RARELY

_USED = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)


@dataclass(frozen=True, slots=True)
class Cost:
    """``peak_mib``: the most memory of this process, and of its largest child beside it."""

    cpu_seconds: float
    wall_seconds: float
    peak_mib: float


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the table."""

    contender: str
    customers: int
    members: int
    candidates: int
    cost: Cost
    quality: Quality


def run(name: str, folder: Path) -> Result:
    """Measure one contender; the collector goes as rarely as in our program, for all of them."""
    gc.set_threshold(*COLLECT_RARELY)
    link = contender(name)
    wall, cpu = time.perf_counter(), _cpu_seconds()
    outcome_of = link(read_side(folder, "customers"), read_side(folder, "members"))
    cost = Cost(_cpu_seconds() - cpu, time.perf_counter() - wall, _peak_mib())
    outcome, truth = outcome_of(), read_truth(folder)
    return Result(
        name, len(truth.customers), len(truth.members), len(outcome.candidates), cost, measure(outcome, truth)
    )


def _cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in _USED]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _peak_mib() -> float:
    return sum(resource.getrusage(who).ru_maxrss for who in _USED) / 1024


if __name__ == "__main__":
    print(json.dumps(asdict(run(sys.argv[1], Path(sys.argv[2])))))
