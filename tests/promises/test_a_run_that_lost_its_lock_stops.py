"""A run whose connection, and with it its lock, is taken away writes nothing more; one mail at most is under way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from eccube_sync.errors import ExitCode
from tests.promises.keeping import content
from tests.promises.scale import chance, parts, scale
from tests.promises.scenes import Scene, connections

pytestmark = pytest.mark.promise("P7")

Play = Callable[[str, str], Scene]


@pytest.mark.parametrize("part", parts(1, 5))
def test_nothing_is_written_after_the_lock_is_lost(play: Play, part: int, proof: Counter[str]) -> None:
    found, random = play("night", "mysql"), chance("lock", part)
    server = found.shop.eccube.server
    assert server is not None
    schemas = found.shop.eccube.database, found.shop.settings().database.own
    for _time in range(scale(3, 20)):
        found.again()
        seen: dict[str, object] = {}

        def take_away(seen: dict[str, object] = seen) -> None:
            for number in connections(found.shop):
                server.execute(f"KILL {number}")
            found.wait_for_the_server()
            seen.update(tables=content(server, *schemas), mails=len(found.sink.mails))

        outcome = found.interrupted(random.randint(45, found.clean.steps - 40), take_away)
        assert outcome.code == ExitCode.LOCKED, outcome.output
        assert content(server, *schemas) == seen["tables"]
        assert len(found.sink.mails) - int(str(seen["mails"])) <= 1
        assert len(found.heal()) <= 1
        proof["locks taken away"] += 1
