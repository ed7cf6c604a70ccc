"""New customers one by one in a running process: ``python -m benchmarks.matching.onecustomer CONFIGURATION CUSTOMERS``.

Each customer of the JSON file registers, then is decided about as the bridge does it: a run of its own with plan,
link or case, class, projection and journal. Prints wall and CPU milliseconds of the half of them, and of 95 of 100.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, text

from benchmarks.nightly.shop import TODAY
from eccube_sync.application import Application
from eccube_sync.clock import FixedClock
from eccube_sync.services.inbox.inboxing import apply_inbox, plan_inbox
from eccube_sync.services.running import Shop, applied_run

WARMING = 10
"""The first ones of a process read the model and the program itself."""


def main() -> None:
    """Register and decide, one after the other."""
    configuration, customers = Path(sys.argv[1]), Path(sys.argv[2])
    moment = datetime(TODAY.year, TODAY.month, TODAY.day, 12, tzinfo=ZoneInfo("Asia/Tokyo")).astimezone(UTC)
    application = Application(config_path=configuration, clock=FixedClock(moment))
    walls, processors = [], []
    with application.open_shop() as (shop, connection):
        for row in json.loads(customers.read_text(encoding="utf-8")):
            _register(connection, row)
            started, used = time.perf_counter(), time.process_time()
            _decide(shop, connection, int(row["id"] or 0))
            walls.append(time.perf_counter() - started)
            processors.append(time.process_time() - used)
    for name, seconds in (("wall", walls[WARMING:]), ("our CPU", processors[WARMING:])):
        print(
            f"one new customer in a running process, {name:<12} half {_share(seconds, 0.5):6.1f} ms"
            f"   95 % {_share(seconds, 0.95):6.1f} ms   ({len(seconds)} customers)",
            flush=True,
        )


def _register(connection: Connection, row: dict[str, str | None]) -> None:
    marks = ", ".join(f":{name}" for name in row)
    with connection.begin():
        connection.execute(text(f"INSERT INTO dtb_customer ({', '.join(row)}) VALUES ({marks})"), row)


def _decide(shop: Shop, connection: Connection, eccube_id: int) -> None:
    plan = plan_inbox(shop, connection, only=[eccube_id])
    with applied_run(shop, connection, "bridge", stage="inbox") as run:
        apply_inbox(run, plan)


def _share(seconds: Sequence[float], share: float) -> float:
    return sorted(seconds)[int(share * (len(seconds) - 1))] * 1000


if __name__ == "__main__":
    main()
