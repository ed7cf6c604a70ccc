"""Names, addresses, phone numbers and secrets stay where they belong, whatever is called and whatever fails.

One person with words nobody else has, and passwords and keys: every command is run with all logs on, under a umask
that forbids nothing, and made to fail in the middle by an error that holds those very words.
"""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from tests.privacy.conftest import WORDS, Canary, canary_in
from tests.promises.every_command import calls, command_paths
from tests.promises.scale import chance, scale
from tests.support.installed import InstalledShop

pytestmark = [
    pytest.mark.promise("P30"),
    pytest.mark.parametrize("shop", ["mariadb"], indirect=True),
    pytest.mark.timeout(1200),
]

ROOT = Path(__file__).parents[2]
SHOWS_PEOPLE = {"members show", "customers show", "overrides list"}
"""What is called to see one person, or what the staff itself wrote down, in a terminal of one's own."""
NUMBERS = {"2999999911927", "91192774"}
"""Card and member number: lists name a member by it, errors and logs do not."""


@pytest.fixture
def canary(installed: InstalledShop) -> Iterator[Canary]:
    with canary_in(installed) as found:
        yield found


class Watch(logging.Handler):
    """Everything that any library logs."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if not record.name.startswith("mail."):  # the mail server of the tests, in this process
            self.lines.append(self.format(record))


NOTHING_TO_DO = frozenset(
    {"codes revoke", "customers link", "matcher calibrate", "notices bounces", "notices resolve", "restore"}
)
"""Commands that say so here; all others must do something, or this would prove nothing about them."""


@contextmanager
def everything_logged() -> Iterator[Watch]:
    """As a careless admin, or a debugging integrator, might have it."""
    watch, root = Watch(), logging.getLogger()
    level = root.level
    root.addHandler(watch)
    root.setLevel(logging.DEBUG)
    # Rows are logged by SQLAlchemy below INFO only, and only for whoever changes the program: it has no such option.
    statements = logging.getLogger("sqlalchemy.engine")
    statements.setLevel(logging.INFO)
    try:
        yield watch
    finally:
        statements.setLevel(logging.NOTSET)
        root.removeHandler(watch)
        root.setLevel(level)


@contextmanager
def careless_umask() -> Iterator[None]:
    before = os.umask(0)
    try:
        yield
    finally:
        os.umask(before)


def secrets_of(canary: Canary) -> list[str]:
    """Passwords and keys in the shop's folder."""
    found = [(canary.shop.folder / "password").read_text().strip()]
    for path in (canary.shop.folder / "secrets").iterdir():
        found += re.findall(r"[0-9A-Za-z+/=_-]{20,}", path.read_text())
    assert len(found) > 2
    return found


def leaks(text: str, words: list[str]) -> list[str]:
    return [word for word in words if word in text]


def of_errors(call: tuple[str, ...], code: int) -> list[str]:
    """What an error may not say. One of wrong use may repeat what was just typed, to the one who typed it."""
    return [word for word in WORDS if code != 64 or not any(word in argument for argument in call)]


def run(canary: Canary, call: tuple[str, ...]) -> int:
    path, *arguments = call
    return canary.shop.run(*path.split(), *arguments)


def test_no_command_says_logs_or_leaves_anything_that_is_not_its_own(
    canary: Canary,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    proof: Counter[str],
) -> None:
    secrets, found = secrets_of(canary), []
    todo = calls(canary, tmp_path)
    assert {path for path, *_arguments in todo} == set(command_paths())
    with everything_logged() as watch, careless_umask():
        for call in todo:
            if call[0] == "forget customer":  # nobody is forgotten who would be read again
                canary.withdraw()
                assert run(canary, ("classify", "--apply")) in {0, 1}
            watch.lines.clear()
            capfd.readouterr()
            code = run(canary, call)
            out, err = capfd.readouterr()
            found += [(call, word, "errors") for word in leaks(err, [*of_errors(call, code), *secrets])]
            found += [(call, word, "logs") for word in leaks("\n".join(watch.lines), [*WORDS, *secrets])]
            if call[0] not in SHOWS_PEOPLE:
                found += [
                    (call, word, "output")
                    for word in leaks(out, [word for word in WORDS if word not in NUMBERS])
                ]
            if call[0] != "plugin connect":
                found += [(call, word, "output") for word in leaks(out, secrets)]
            nothing_to_do = call[0] in NOTHING_TO_DO or any(
                word in argument for word in WORDS for argument in call
            )
            if code == 71 or (code == 64 and not nothing_to_do):
                found.append((call, err, "failed"))
            proof["commands"] += 1
    assert not found, "\n".join(map(repr, found))
    files = [canary.shop.folder, *canary.shop.folder.rglob("*"), tmp_path / "affected.csv"]
    assert [path for path in files if path.stat().st_mode & 0o077] == []


class FailingAt:
    """Lets the database fail at the n-th statement of a command, with an error that tells everything."""

    def __init__(self, statement: int) -> None:
        self.left = statement

    def __call__(self, *_arguments: object) -> None:
        self.left -= 1
        if self.left == 0:
            raise RuntimeError(" ".join(WORDS))


def test_whatever_fails_leaves_ids_only(
    canary: Canary,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    proof: Counter[str],
) -> None:
    chosen, found = chance("failures"), []
    todo = [call for call in calls(canary, tmp_path) if call[0] != "demo"]
    failures = [(call, chosen.choice((1, 2, 5, 12, 30))) for call in todo for _time in range(scale(1, 4))]
    with everything_logged() as watch, careless_umask():
        for call, statement in chosen.sample(failures, scale(30, len(failures))):
            failing = FailingAt(statement)
            event.listen(Engine, "before_cursor_execute", failing)
            watch.lines.clear()
            capfd.readouterr()
            try:
                code = run(canary, call)
            finally:
                event.remove(Engine, "before_cursor_execute", failing)
            err = capfd.readouterr().err
            said = err + "\n".join(watch.lines)
            found += [(call, statement, word) for word in leaks(said, of_errors(call, code))]
            proof["failures"] += code == 71
    assert not found, "\n".join(map(repr, found))
    crashed = list((canary.shop.folder / "crash").iterdir())
    assert crashed
    for path in crashed:
        assert not leaks(path.read_text(), [*WORDS])
        assert path.stat().st_mode & 0o777 == 0o600
    assert (canary.shop.folder / "crash").stat().st_mode & 0o777 == 0o700


def test_the_list_of_processes_tells_nothing(canary: Canary, proof: Counter[str]) -> None:
    words = [word.encode() for word in (*WORDS, *secrets_of(canary))]
    command = [
        sys.executable,
        "-m",
        "tests.promises.program",
        str(canary.shop.path),
        canary.shop.clock.moment.isoformat(),
    ]
    process = subprocess.Popen([*command, "-q", "nightly"], cwd=ROOT)
    seen: set[bytes] = set()
    watching = threading.Thread(target=_look_at, args=(process, seen))
    watching.start()
    assert process.wait(300) in {0, 1}
    watching.join()
    assert seen
    assert not [word for word in words for told in seen if word in told]
    proof["looks at processes"] += len(seen)


def _look_at(process: subprocess.Popen[bytes], seen: set[bytes]) -> None:
    """Arguments and environment of the process and of all it starts, as others on the machine see them."""
    while process.poll() is None:
        family = {process.pid}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                if parent in family or int(folder.name) == process.pid:
                    family.add(int(folder.name))
                    seen.add((folder / "cmdline").read_bytes())
                    seen.add((folder / "environ").read_bytes())
            except OSError:
                continue
        time.sleep(0.02)
