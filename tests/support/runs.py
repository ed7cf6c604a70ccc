"""Runs of the program in processes of their own, as cron starts them; see ``driver``."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.installed import InstalledShop

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one run: its exit code, what it said, how long it took, and what it called outside."""

    code: int
    output: str
    seconds: float
    calls: dict[str, int]
    """Steps by stage of a night."""
    steps: int
    """Before and after every external call."""
    statements: int
    files: int
    """How often something was written to a file of ours."""


class Runs:
    """A server of runs."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, shop: InstalledShop, *arguments: str, **how: Any) -> Outcome:
        """One run; see ``together``."""
        return self.together(shop, how, arguments=arguments)[0]

    def together(
        self, shop: InstalledShop, *jobs: dict[str, Any], arguments: tuple[str, ...] = ()
    ) -> list[Outcome]:
        """Several runs at the same time.

        ``kill``: the run dies at this step, or at the n-th of a stage (stage, n). ``kill_after``:
        it gets a SIGKILL after so many seconds. ``hold``: it pauses there.
        ``gives_up``: the bridge, which would try for ever, stops after so many seconds.
        ``fail``: its n-th statement fails with an error of the server. ``full``: from its n-th write to a file on the
        disk is full.
        """
        common = {
            "configuration": str(shop.path),
            "now": shop.clock.moment.isoformat(),
            "arguments": list(arguments or ("nightly",)),
        }
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps([common | job for job in jobs], default=str) + "\n")
        self._process.stdin.flush()
        return [Outcome(**one) for one in json.loads(self._process.stdout.readline())]


@contextmanager
def running_runs() -> Iterator[Runs]:
    """A server of runs that has read the program once, so that each run starts at once."""
    command = [sys.executable, "-m", "tests.support.driver"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        yield Runs(process)
        assert process.stdin is not None
        process.stdin.close()
        process.wait(10)
