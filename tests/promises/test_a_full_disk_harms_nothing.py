"""No room for an export, a journal, a state file or a log: nothing is half done, and with room again all is well."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from eccube_sync.errors import ExitCode
from eccube_sync.tables.runs import run as run_table
from tests.promises.scale import CAMPAIGN, chance
from tests.promises.scenes import SCENES, Scene

pytestmark = pytest.mark.promise("P1", "P2")

Play = Callable[[str, str], Scene]


@pytest.mark.parametrize("name", SCENES)
def test_the_disk_is_full_from_any_write_on(play: Play, name: str, proof: Counter[str]) -> None:
    found = play(name, "sqlite")
    writes = range(1, found.clean.files + 1)
    number = 3 if name == "night" else 1
    for at in writes if CAMPAIGN else sorted(chance("full", name).sample(writes, min(number, len(writes)))):
        found.again()
        outcome = found.play(full=at, gives_up=5)
        assert outcome.code in {0, 1, ExitCode.CONFIGURATION}, (at, outcome.code, outcome.output)
        assert len(found.heal(owner_told=True)) <= 1
        proof["disks filled"] += 1


def test_a_disk_of_one_megabyte_that_is_full(play: Play, proof: Counter[str]) -> None:
    """A real one where root runs the tests, else a folder nobody may write to."""
    found = play("night", "mysql")
    folder = found.shop.folder
    kept = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    folders = [path.relative_to(folder) for path in folder.rglob("*") if path.is_dir()]
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", str(folder)]
    real = os.geteuid() == 0 and subprocess.run(mount, check=False).returncode == 0
    try:
        if real:
            for path in sorted(folders):
                (folder / path).mkdir(mode=0o700)
            for path, content in kept.items():
                (folder / path).write_bytes(content)
                (folder / path).chmod(0o600)
        filler = folder / "filler"
        fill(filler) if real else folder.chmod(0o500)
        outcome = found.play()
        assert outcome.code == ExitCode.CONFIGURATION, outcome.output
        filler.unlink() if real else folder.chmod(0o700)
        assert len(found.heal(owner_told=True)) <= 1
    finally:
        if real:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
    proof["disks filled"] += 1


def fill(path: Path) -> None:
    """Write until there is no room."""
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            return


def ended_into_a_full_log(scene: Scene) -> int:
    """The exit code of a command whose output nobody has room for."""
    command = [sys.executable, "-c", "from eccube_sync.cli import main; main()"]
    with Path("/dev/full").open("w") as log:
        call = [*command, "--config", str(scene.shop.path), *scene.arguments]
        return subprocess.run(call, stdout=log, stderr=log, check=False).returncode


def test_a_log_without_room_stops_no_night(play: Play) -> None:
    found = play("night", "sqlite")
    before = found.shop.count(run_table)
    assert ended_into_a_full_log(found) not in (120, ExitCode.UNEXPECTED)
    assert found.shop.count(run_table) > before
    newest = found.shop.rows(select(run_table).order_by(run_table.c.id.desc()).limit(1))
    assert newest[0].state == "done"
    found.again()


def test_a_plan_that_cannot_be_shown_is_not_applied(play: Play) -> None:
    found = play("classification", "sqlite")
    before = found.shop.count(run_table)
    assert ended_into_a_full_log(found) == ExitCode.CONFIGURATION
    assert found.shop.count(run_table) == before
    assert found.heal() == set()
