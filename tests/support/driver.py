"""A small server of program runs, so that a run can be killed at any point without taking the tests along.

Run as ``python -m tests.support.driver``. Each line on standard input is a JSON list of jobs, which are carried out
at the same time, each in a process of its own with a clock that stands still; the answer is a line that says what
became of each. What stops a run is fastened to the program from outside: the program knows nothing of it.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import tempfile
import threading
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from sqlite3 import dbapi2
from typing import Any

import numpy.ma  # noqa: F401
import sqlalchemy.dialects.mysql.pymysql
import sqlalchemy.dialects.sqlite.pysqlite  # noqa: F401

import eccube_sync.commands  # noqa: F401 - read once here, as all below, so that every job starts at once
from eccube_sync import db
from eccube_sync.application import Application
from eccube_sync.cli import run as run_program
from eccube_sync.clock import FixedClock
from eccube_sync.services.bridge.queue import Queue, Told
from eccube_sync.services.bridge.worker import Worker
from eccube_sync.services.notices import sending, shopmail
from tests.support.watch import LONGEST_WAIT, Watch, wait_for

Job = dict[str, Any]


def carry_out(job: Job, answer: Path) -> int:
    """One run of the program; what it did goes into ``answer``."""
    if job.get("after"):
        wait_for(job["after"])
    _hurry(job.get("hurry") or {})
    watch = Watch(job)
    watch.fasten()
    clock = FixedClock(datetime.fromisoformat(job["now"]))
    started = time.monotonic()
    with (
        Path(job["output"]).open("w", encoding="utf-8") as output,
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(output),
    ):
        code = _run(job, clock)
    said = {"calls": watch.calls, "steps": watch.steps, "statements": watch.statements, "files": watch.files}
    answer.write_text(json.dumps(said | {"seconds": time.monotonic() - started}))
    if job.get("then"):
        Path(job["then"]).touch()
    return code


def _hurry(seconds: dict[str, float]) -> None:
    """Shorter times than a shop needs: how long the server bears silence, and we an unanswered statement or mail."""
    if "silence" in seconds:
        db.SESSION = (f"SET SESSION wait_timeout = {int(seconds['silence'])}", *db.SESSION[1:])
    if "answer" in seconds:
        db.LONGEST_ANSWER = int(seconds["answer"])
    if "dot" in seconds:
        for module in (sending, shopmail):
            usual = module.mail_server
            module.mail_server = lambda settings, usual=usual: replace(  # type: ignore[assignment]
                usual(settings), dot_timeout=seconds["dot"]
            )


def _run(job: Job, clock: FixedClock) -> int:
    arguments = job["arguments"]
    if arguments[0] == "bridge":
        seconds = job.get("gives_up") or LONGEST_WAIT
        return _bridge(job["configuration"], clock, [int(one) for one in arguments[1:]], seconds)
    return run_program(["--config", job["configuration"], *arguments], Application(clock=clock))


def _bridge(configuration: str, clock: FixedClock, eccube_ids: list[int], seconds: float) -> int:
    """The bridge without its doors: what it was told is written down, and its worker works until nobody waits."""
    shop = Application(config_path=Path(configuration), clock=clock).shop()
    queue = Queue(shop.settings.folders.bridge_queue)
    queue.put([Told(frozenset(eccube_ids))], clock.now().timestamp())
    worker = Worker(shop, queue)
    worker.start()
    limit = time.monotonic() + seconds
    # Looked at beside the queue, so that looking is no step of the run.
    with contextlib.closing(dbapi2.connect(shop.settings.folders.bridge_queue)) as looking:
        while (
            waits := looking.execute("SELECT COUNT(*) FROM waiting").fetchone()[0]
        ) and time.monotonic() < limit:
            time.sleep(0.01)
    worker.stop(30)
    return 1 if waits else 0


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


def _kill_later(child: int, job: Job) -> threading.Timer:
    timer = threading.Timer(job.get("kill_after") or 0, os.kill, (child, signal.SIGKILL))
    if job.get("kill_after"):
        timer.start()
    return timer


def _said(answer: Path) -> dict[str, Any]:
    """What a run left; nothing where it was killed before, or while it said so."""
    try:
        found: dict[str, Any] = json.loads(answer.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return found


def _serve(jobs: list[Job], folder: Path) -> list[dict[str, Any]]:
    for number, job in enumerate(jobs):
        job["output"] = str(folder / f"{number}.txt")
    children = [_start(job, folder / f"{number}.json") for number, job in enumerate(jobs)]
    killers = [_kill_later(child, job) for child, job in zip(children, jobs, strict=True)]
    found = []
    for number, child in enumerate(children):
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        killers[number].cancel()
        said = _said(folder / f"{number}.json")
        output = folder / f"{number}.txt"
        text = output.read_text(encoding="utf-8") if output.exists() else ""
        found.append(
            {
                "code": code,
                "output": text,
                "seconds": 0.0,
                "calls": {},
                "steps": 0,
                "statements": 0,
                "files": 0,
            }
            | said
        )
    return found


def main() -> None:
    """Serve until standard input ends."""
    for line in sys.stdin:
        with tempfile.TemporaryDirectory() as folder:
            sys.stdout.write(json.dumps(_serve(json.loads(line), Path(folder))) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
