"""Measure the bridge and an idle ``inbox``: ``python -m benchmarks.bridge.measure --members 1000000``.

A private MariaDB with Debian's own memory settings. After a first night, customers confirm their address, 20 at a
time, each with a link code in the plugin's inbox; the bridge is told over HTTP, and the time runs until the card
shows the class.

``--shop FOLDER`` keeps the shop there. The next time it is taken as it was left, also one of
``benchmarks.matching.database``, and other customers register.
"""

from __future__ import annotations

import argparse
import csv
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from typing import Any

from benchmarks.late import hold_back, still_to_come
from benchmarks.nightly.measure import benchmark_shop, configuration, load_customers, measure
from benchmarks.nightly.shop import TODAY
from eccube_sync.clock import FixedClock
from eccube_sync.services.projection.pluginkeys import ensure_keys
from tests.bridge.running import RunningBridge, signed
from tests.plugin.shopside import Plugin
from tests.plugin.tables import CARD, install_plugin
from tests.support.installed import InstalledShop
from tests.support.shop import Shop

SECTIONS = """\
[[projection]]
kind = "plugin"
[bridge]
port = {port}
"""
NIGHT = f"{TODAY}T03:00"
POLL = 0.005
LONGEST = 120.0


def main() -> None:
    """Make the shop, run the steps, print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=100_000)
    parser.add_argument("--customers", type=int, default=63_000)
    parser.add_argument("--registrations", type=int, default=200)
    parser.add_argument("--at-once", type=int, default=20)
    parser.add_argument("--shop", type=Path, help="keep the shop in this folder, and take the one kept there")
    arguments = parser.parse_args()
    folder = arguments.shop or Path(tempfile.mkdtemp(prefix="eccube-sync-bench-"))
    try:
        files = folder / "files"
        if not (files / "members.csv").exists():
            sizes = (f"--{name}={getattr(arguments, name)}" for name in ("customers", "members"))
            subprocess.run([sys.executable, "-m", "benchmarks.nightly", str(files), *sizes], check=True)
        with benchmark_shop(folder / "server" if arguments.shop else None) as (_server, shop):
            bridge = _night(folder / "state", files, shop)
            _run(bridge, files, shop, arguments.registrations, arguments.at_once)
    finally:
        if not arguments.shop:
            shutil.rmtree(folder, ignore_errors=True)


def _night(state: Path, files: Path, shop: Shop) -> RunningBridge:
    """The shop with the plugin after its first night, and a bridge for it."""
    new = not state.exists()
    state.mkdir(mode=0o700, exist_ok=True)
    bridge = RunningBridge(InstalledShop(shop, state, FixedClock(datetime.now().astimezone()), ""))
    text = configuration(shop)
    bridge.shop.path.write_text(text + SECTIONS.format(port=bridge.port), encoding="utf-8")
    bridge.shop.path.chmod(0o600)
    with_plugin = bool(shop.rows(f"SHOW TABLES LIKE '{CARD}'"))
    if not with_plugin:
        install_plugin(shop)
    if new:
        load_customers(shop, hold_back(files / "customers.csv", state))
        export = state / f"members_{TODAY:%Y%m%d}_0030.csv"
        shutil.copy(files / "members.csv", export)
        measure(state, NIGHT, "migrate", "migrate")
        measure(state, NIGHT, "first night", "nightly", str(export))
    elif not with_plugin:
        measure(state, NIGHT, "the classes shown, and everybody's card", "project", "--apply")
    ensure_keys(bridge.shop.settings().folders)
    return bridge


def _run(bridge: RunningBridge, files: Path, shop: Shop, registrations: int, at_once: int) -> None:
    state = bridge.shop.folder
    coming, codes = _coming(files, state, shop, at_once + registrations)
    printed = _print_codes(state, codes)
    for _again in range(3):
        before = getrusage(RUSAGE_CHILDREN)
        measure(state, f"{TODAY}T09:00", "inbox, nothing came in", "inbox")
        after = getrusage(RUSAGE_CHILDREN)
        processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(f"{'':<44} {processor:8.2f} s of the processor")
    with _started(bridge):
        shop.insert("dtb_customer", [row | {"customer_status_id": 1} for row in coming])
        for row in coming:
            Plugin(bridge.shop).type_code(int(row["id"]), printed[codes[row["id"]]])
        _warm(bridge)
        with (
            _Watch(shop) as watch,
            ThreadPoolExecutor(at_once, initializer=partial(_connect, shop)) as people,
        ):
            confirm = partial(_confirm, bridge, watch)
            ids = [int(row["id"]) for row in coming]
            first = sorted(people.map(confirm, ids[:at_once]))
            seconds = sorted(people.map(confirm, ids[at_once:]))
    print(f"the first {at_once} after the start, all within {1000 * first[-1]:.0f} ms")
    for name, share in (("half", 0.5), ("95 %", 0.95), ("99 %", 0.99), ("all", 1.0)):
        index = min(int(share * len(seconds)), len(seconds) - 1)
        print(f"address confirmed → class on the card, {name} within {1000 * seconds[index]:.0f} ms")


def _coming(files: Path, state: Path, shop: Shop, number: int) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Store members among the customers held back, who register now; their rows, and id → member's code."""
    with (files / "truth.csv").open(encoding="utf-8", newline="") as file:
        members = {row["customer"]: row["member"] for row in csv.DictReader(file)}
    rows = [
        row for row in still_to_come(state, shop) if row["id"] in members and row["customer_status_id"] == "2"
    ][:number]
    return rows, {str(row["id"]): members[str(row["id"])] for row in rows}


def _print_codes(state: Path, codes: dict[str, str]) -> dict[str, str]:
    """Issue and hand out a code to each of these members; member's code → link code."""
    labels, handed_out = state / "labels.csv", state / "handed-out.csv"
    labels.unlink(missing_ok=True)
    count = str(len(codes))
    measure(
        state, NIGHT, "codes issue", "codes", "issue", "--count", count, "--output", str(labels), "--apply"
    )
    with labels.open(encoding="utf-8-sig", newline="") as file:
        printed = list(csv.DictReader(file))
    pairs = list(zip(printed, codes.values(), strict=True))
    lines = ["serial,member_code", *(f"{label['serial']},{member}" for label, member in pairs)]
    handed_out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    measure(state, NIGHT, "codes assign", "codes", "assign", str(handed_out), "--apply")
    return {member: label["code"] for label, member in pairs}


@contextmanager
def _started(bridge: RunningBridge) -> Iterator[None]:
    bridge.start()
    try:
        yield
    finally:
        print(f"the bridge stopped with {bridge.stop()}")


def _warm(bridge: RunningBridge) -> None:
    """The first request of a process reads what the later ones find there."""
    bridge.classify(1)
    bridge.settle()


class _Watch(threading.Thread):
    """Looks for all customers together when their cards show the class: one by one they would load the server."""

    def __init__(self, shop: Shop) -> None:
        super().__init__(daemon=True)
        assert shop.server is not None
        self._connection: Any = shop.server.connect(shop.database)
        self._looked_for: dict[int, threading.Event] = {}
        self._stopped = threading.Event()

    def __enter__(self) -> _Watch:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stopped.set()
        self.join()
        self._connection.close()

    def until_shown(self, eccube_id: int) -> None:
        """Wait until the card of a customer shows the class."""
        shown = self._looked_for[eccube_id] = threading.Event()
        if not shown.wait(LONGEST):
            raise SystemExit(f"customer {eccube_id} has no card after {LONGEST:.0f} s")

    def run(self) -> None:
        with self._connection.cursor() as cursor:
            while not self._stopped.wait(POLL):
                if not self._looked_for:
                    continue
                ids = ", ".join(map(str, list(self._looked_for)))
                cursor.execute(
                    f"SELECT customer_id FROM {CARD} WHERE state <> 'not_linked' AND customer_id IN ({ids})"
                )
                for (eccube_id,) in cursor.fetchall():
                    self._looked_for.pop(eccube_id).set()


_OF_THREAD = threading.local()


def _connect(shop: Shop) -> None:
    """The shop's connection of one thread: making one for every customer would load the machine."""
    assert shop.server is not None
    _OF_THREAD.connection = shop.server.connect(shop.database)


def _confirm(bridge: RunningBridge, watch: _Watch, eccube_id: int) -> float:
    """One customer confirms the address; seconds until the card shows the class."""
    path = f"/v1/customers/{eccube_id}/classify"
    with _OF_THREAD.connection.cursor() as cursor:
        cursor.execute(f"UPDATE dtb_customer SET customer_status_id = 2 WHERE id = {eccube_id}")
    headers = signed(bridge.keys, path)
    started = time.perf_counter()
    status, _told = bridge.ask("POST", path, b"{}", headers)
    if status != 202:
        raise SystemExit(f"the bridge answered {status}")
    watch.until_shown(eccube_id)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
