"""What every promise's tests may use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.promises.recording import FIGURES
from tests.promises.scale import SEED
from tests.promises.scenes import SCENES, Scene, Setting, setting
from tests.support.mariadb import Server
from tests.support.quickfolder import quick_folder
from tests.support.runs import Runs
from tests.support.smtp import Sink


@pytest.fixture
def proof(request: pytest.FixtureRequest) -> Iterator[Counter[str]]:
    """What a test counts, to be told of with its promise: ``proof["kills"] += 1``."""
    figures: Counter[str] = Counter()
    request.node.stash[FIGURES] = figures
    yield figures
    print(f"seed {SEED}, so far: {dict(figures)}")  # noqa: T201 - shown with a failure


@pytest.fixture(scope="session")
def _scenes(mariadb_server: Server, mail_server: Sink, runs: Runs) -> Iterator[Callable[[str, str], Scene]]:
    known: dict[tuple[str, str], Scene] = {}
    settings: dict[tuple[object, str], Setting] = {}
    with ExitStack() as stack:

        def find(name: str, kind: str) -> Scene:
            if (name, kind) not in known:
                before = SCENES[name][0], kind
                if before not in settings:
                    folder = stack.enter_context(quick_folder())
                    made = setting(name, kind, mariadb_server, mail_server, runs, folder)
                    settings[before] = stack.enter_context(made)
                known[name, kind] = settings[before].scene(name)
            return known[name, kind]

        yield find


@pytest.fixture
def play(_scenes: Callable[[str, str], Scene]) -> Callable[[str, str], Scene]:
    """A command at the moment before it runs, by its name and the kind of database; each is prepared once."""

    def begin(name: str, kind: str) -> Scene:
        found = _scenes(name, kind)
        found.again()
        return found

    return begin
