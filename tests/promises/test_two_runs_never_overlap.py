"""However many runs start at once, on one machine or on several, one works; the others say so and change nothing."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from statistics import median

import pytest

from eccube_sync.errors import ExitCode, LockedError
from eccube_sync.services.running import file_lock, stage_lock
from tests.promises.scale import parts, scale
from tests.promises.scenes import Scene, wait_for
from tests.support.installed import InstalledShop
from tests.support.runs import Outcome
from tests.support.watch import KILLED

pytestmark = pytest.mark.promise("P6")

Play = Callable[[str, str], Scene]
STARTS = scale(8, 50)


def start_at_once(scene: Scene, folders: list[InstalledShop], marks: Path) -> list[Outcome]:
    """So many starts; whoever gets in waits inside until all the others have given up."""
    marks.mkdir()
    hold = {"at": ("import", 1), "holding": marks / "holding", "until": marks / "until"}
    jobs = [
        {
            "configuration": folders[number % len(folders)].path,
            "hold": hold,
            "then": marks / f"ended-{number}",
        }
        for number in range(STARTS)
    ]
    with ThreadPoolExecutor(1) as aside:
        starting = aside.submit(scene.runs.together, scene.shop, *jobs)
        try:
            wait_for(lambda: len(list(marks.glob("ended-*"))) >= STARTS - 1 or starting.done())
        finally:
            (marks / "until").touch()
        return starting.result()


@pytest.mark.parametrize("kind", ["sqlite", "mysql"])
@pytest.mark.parametrize("part", parts(1, 10))
def test_of_many_starts_one_wins(
    play: Play, kind: str, part: int, tmp_path: Path, proof: Counter[str]
) -> None:
    """On a server, half of them start on another machine, where no file of ours stands in their way."""
    night = play("night", kind)
    folders = [night.shop]
    if kind == "mysql":
        elsewhere = tmp_path / "elsewhere"
        shutil.copytree(night.shop.folder, elsewhere)
        folders.append(replace(night.shop, folder=elsewhere))
    outcomes = start_at_once(night, folders, tmp_path / "marks")
    winners = [one for one in outcomes if one.code != ExitCode.LOCKED]
    assert [one.code for one in winners] == [night.clean.code], [one.output for one in winners]
    losers = [one for one in outcomes if one.code == ExitCode.LOCKED]
    assert all("under way" in one.output for one in losers)
    # Half of them: so many at once share the processor.
    assert median(one.seconds for one in losers) < 1
    if winners[0] in outcomes[1::2] and len(folders) == 2:  # its files are on the other machine
        shutil.rmtree(night.shop.folder)
        shutil.copytree(folders[1].folder, night.shop.folder)
        night.shop.configure()
    assert night.heal() == set()
    proof["starts"] += STARTS
    proof["winners"] += len(winners)


@pytest.mark.parametrize("kind", ["sqlite", "mysql"])
def test_the_lock_of_a_killed_run_is_free_at_once(play: Play, kind: str, proof: Counter[str]) -> None:
    """Its file lock goes with the process, its lock on the server as soon as that has noticed."""
    night = play("night", kind)
    for step in range(100, scale(300, night.clean.steps), 100):
        night.again()
        assert night.play(kill=step).code == KILLED
        killed = time.monotonic()
        while locked(night):
            assert time.monotonic() - killed < 1
        proof["locks regained"] += 1


def locked(night: Scene) -> bool:
    """Whether a run would be turned away."""
    with night.shop.connect() as (shop, connection):
        try:
            with stage_lock(shop, connection, "batch"):
                return False
        except LockedError:
            return True


HELPERS = """
import sys, time
from pathlib import Path
from eccube_sync.linkage.workers import Workers
from eccube_sync.services.running import file_lock
with file_lock(Path(sys.argv[1]), "batch"), Workers(2).pool() as pool:
    working = [pool.submit(time.sleep, 300) for _one in range(2)]
    while not all(one.running() for one in working):
        time.sleep(0.01)
    print("working", flush=True)
    working[0].result()
"""


def test_helpers_of_a_killed_run_do_not_keep_its_lock(tmp_path: Path) -> None:
    """A classification in several processes: they hold what their parent held open, and go when it is gone."""
    lock = tmp_path / "batch.lock"
    command = [sys.executable, "-c", HELPERS, str(lock)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as run:
        assert run.stdout is not None
        try:
            assert run.stdout.readline() == "working\n"
            run.kill()
            run.wait()
            wait_for(lambda: is_free(lock), 20)
        finally:
            end_group(run.pid)


def is_free(lock: Path) -> bool:
    try:
        with file_lock(lock, "batch"):
            return True
    except LockedError:
        return False


def end_group(group: int) -> None:
    """End whatever is left of the group of processes."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return
