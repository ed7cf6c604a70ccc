"""What the nights need: a mail server that keeps everything, and a server of runs that can be killed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.installed import InstalledShop
from tests.support.smtp import Sink, mail_sink

ROOT = Path(__file__).parents[2]

ON_ONE_ENGINE = pytest.mark.parametrize("shop", ["sqlite"], indirect=True)
"""For rules that do not hang on the database; whole nights are proved on both."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one run: its exit code, what it said, how long it took, and its external calls by stage."""

    code: int
    output: str
    seconds: float
    calls: dict[str, int]


class Runs:
    """Runs of the program in processes of their own, as cron starts them."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, shop: InstalledShop, *arguments: str, **how: Any) -> Outcome:
        """One run; see ``together``."""
        return self.together(shop, how, arguments=arguments)[0]

    def together(
        self, shop: InstalledShop, *jobs: dict[str, Any], arguments: tuple[str, ...] = ()
    ) -> list[Outcome]:
        """Several runs at the same time. ``kill`` = (stage, n): the run dies before its n-th external call there."""
        common = {
            "configuration": str(shop.path),
            "now": shop.clock.moment.isoformat(),
            "arguments": list(arguments or ("nightly",)),
        }
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps([common | job for job in jobs], default=str) + "\n")
        self._process.stdin.flush()
        return [Outcome(**one) for one in json.loads(self._process.stdout.readline())]


@pytest.fixture(scope="session")
def runs() -> Iterator[Runs]:
    """A server of runs for all tests of this folder."""
    command = [sys.executable, "-m", "tests.nightly.driver"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        yield Runs(process)
        assert process.stdin is not None
        process.stdin.close()
        process.wait(10)


@pytest.fixture(scope="session")
def mail_server() -> Iterator[Sink]:
    """One well-behaved mail server for all tests of this folder."""
    with mail_sink() as server:
        yield server


@pytest.fixture
def sink(mail_server: Sink) -> Sink:
    """The mail server, with nothing received yet."""
    mail_server.mails.clear()
    return mail_server
