"""A small server of program runs, so that a run can be killed at any point without taking the tests along.

Run as ``python -m tests.nightly.driver``. Each line on standard input is a JSON list of jobs, which are carried out
at the same time, each in a process of its own with a clock that stands still; the answer is a line that says what
became of each. What stops a run is fastened to the program from outside: the program knows nothing of it.
"""

from __future__ import annotations

import contextlib
import json
import os
import smtplib
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

import eccube_sync.commands  # noqa: F401 - read once here, so that every job starts at once
from eccube_sync.application import Application
from eccube_sync.cli import run as run_program
from eccube_sync.clock import FixedClock
from eccube_sync.services import nightly

KILLED = 99
"""What a process killed by us ends with."""

Job = dict[str, Any]


class Watch:
    """Counts what a run does outside its own memory, by stage; dies or pauses when told to.

    An external call is a statement, a commit, the renaming of a file, or something said to a mail server.
    """

    def __init__(self, job: Job) -> None:
        self.calls: Counter[str] = Counter()
        self._stage = "start"
        self._kill = tuple(job.get("kill") or ())
        self._hold: dict[str, Any] = job.get("hold") or {}

    def fasten(self) -> None:
        """Attach to everything the program calls."""
        event.listen(Engine, "before_cursor_execute", lambda *_: self._step())
        event.listen(Engine, "commit", lambda *_: self._step())
        for module, name in ((os, "rename"), (os, "replace"), (smtplib.SMTP, "send")):
            setattr(module, name, self._watched(getattr(module, name)))
        for name, stage in nightly.STAGES.items():
            nightly.STAGES[name] = self._staged(name, stage)
        nightly._notify = self._staged("notify", nightly._notify)  # type: ignore[assignment]

    def _watched(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*arguments: Any, **options: Any) -> Any:
            self._step()
            return function(*arguments, **options)

        return watched

    def _staged(self, name: str, stage: Callable[..., None]) -> Callable[..., None]:
        def staged(*arguments: Any) -> None:
            self._stage = name
            try:
                stage(*arguments)
            finally:
                self._stage = f"after {name}"

        return staged

    def _step(self) -> None:
        self.calls[self._stage] += 1
        here = (self._stage, self.calls[self._stage])
        if here == self._kill:
            os._exit(KILLED)
        if self._hold and here == tuple(self._hold["at"]):
            Path(self._hold["holding"]).touch()
            _wait_for(self._hold["until"])


def _wait_for(path: str) -> None:
    limit = time.monotonic() + 30
    while not Path(path).exists() and time.monotonic() < limit:
        time.sleep(0.005)


def carry_out(job: Job, answer: Path) -> int:
    """One run of the program; what it did goes into ``answer``."""
    if job.get("after"):
        _wait_for(job["after"])
    watch = Watch(job)
    watch.fasten()
    clock = FixedClock(datetime.fromisoformat(job["now"]))
    started = time.monotonic()
    with (
        Path(job["output"]).open("w", encoding="utf-8") as output,
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(output),
    ):
        code = run_program(["--config", job["configuration"], *job["arguments"]], Application(clock=clock))
    answer.write_text(json.dumps({"seconds": time.monotonic() - started, "calls": watch.calls}))
    if job.get("then"):
        Path(job["then"]).touch()
    return code


def _start(job: Job, answer: Path) -> int:
    child = os.fork()
    if child:
        return child
    try:
        code = carry_out(job, answer)
    except BaseException as error:
        sys.stderr.write(f"driver: {error!r}\n")
        os._exit(98)
    os._exit(code)


def _serve(jobs: list[Job], folder: Path) -> list[dict[str, Any]]:
    for number, job in enumerate(jobs):
        job["output"] = str(folder / f"{number}.txt")
    children = [_start(job, folder / f"{number}.json") for number, job in enumerate(jobs)]
    found = []
    for number, child in enumerate(children):
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        answer = folder / f"{number}.json"
        said: dict[str, Any] = json.loads(answer.read_text()) if answer.exists() else {}
        output = folder / f"{number}.txt"
        text = output.read_text(encoding="utf-8") if output.exists() else ""
        found.append({"code": code, "output": text, "seconds": 0.0, "calls": {}} | said)
    return found


def main() -> None:
    """Serve until standard input ends."""
    for line in sys.stdin:
        with tempfile.TemporaryDirectory() as folder:
            sys.stdout.write(json.dumps(_serve(json.loads(line), Path(folder))) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
