"""No minute, hour or day holds more mails than its cap, also when sending is killed and begun again in between."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import pytest

from eccube_sync.mailclient import Client, Reply
from tests.outbox.conftest import Outbox, ids_of, make_outbox, outbox
from tests.outbox.test_crashes import KilledError
from tests.promises.scale import chance, scale
from tests.support.smtp import FaultyServer

__all__ = ["make_outbox", "outbox"]
pytestmark = pytest.mark.promise("P10")

MAILS = scale(90, 500)
RESTARTS = 5
PER_MINUTE, PER_HOUR = 20, 300


@pytest.mark.parametrize("shop", scale(["sqlite"], ["sqlite", "mariadb"]), indirect=True)
def test_no_minute_is_over_its_cap_also_across_restarts(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch, proof: Counter[str]
) -> None:
    outbox.set_notices(per_minute=PER_MINUTE, per_hour=PER_HOUR)
    outbox.expire(*outbox.people(MAILS))
    left: list[datetime] = []
    random = chance("restarts")
    deaths = {random.randint(5, MAILS - 5) for _one in range(RESTARTS)}
    real = Client.finish

    def finish(client: Client) -> Reply:
        """Every mail takes a while; some calls die at the dot."""
        left.append(outbox.ours.clock.now())
        outbox.later(seconds=random.random())
        if len(left) in deaths:
            raise KilledError
        return real(client)

    monkeypatch.setattr(Client, "finish", finish)
    kills = 0
    with FaultyServer() as server:
        outbox.use(server)
        while "queued" in outbox.states() or "claimed" in outbox.states():
            try:
                outbox.send(ignore_window=True)
            except KilledError:
                kills += 1
            outbox.later(seconds=random.choice([0, 1, 30]))
        arrived = Counter(ids_of(server))
    outbox.send(ignore_window=True)
    for cap, span in ((PER_MINUTE, timedelta(minutes=1)), (PER_HOUR, timedelta(hours=1))):
        for first, after in zip(left, left[cap:], strict=False):
            assert after - first >= span
    assert kills == len(deaths)
    assert max(arrived.values()) == 1
    assert Counter(outbox.states()) == Counter(sent=len(arrived), in_doubt=kills)
    proof["mails"] += MAILS
    proof["restarts"] += kills
