"""Ten thousand webhooks, a crash and an outage between: ``python -m benchmarks.bridge.burst --webhooks 10000``.

A private MariaDB with Debian's own memory settings. After a first night, that many customers register; each is told
about once over HTTP. The bridge is killed in the midst of the first half; the second half comes while the database
server is down. The bridge must deal with all it acknowledged, and ``inbox`` with the rest. Then all are told about
again, and nothing may be decided or mailed twice.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from benchmarks.bridge.measure import NIGHT, SECTIONS
from benchmarks.nightly.measure import benchmark_shop, configuration, load_customers, measure
from benchmarks.nightly.shop import TODAY
from eccube_sync.clock import FixedClock
from tests.bridge.burst import tell_each
from tests.bridge.running import SECRET, RunningBridge, wait_for
from tests.bridge.test_burst import decided, known
from tests.plugin.tables import install_plugin
from tests.support.installed import InstalledShop
from tests.support.shop import Shop

HOURS = 3600.0


def main() -> None:
    """Make the shop, send the webhooks, say what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=20_000)
    parser.add_argument("--webhooks", type=int, default=10_000)
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="eccube-sync-bench-"))
    try:
        files = folder / "files"
        sizes = (f"--members={arguments.members}", f"--customers={arguments.webhooks + 1000}")
        subprocess.run([sys.executable, "-m", "benchmarks.nightly", str(files), *sizes], check=True)
        with benchmark_shop() as (_server, shop):
            bridge = _first_night(folder, files, shop)
            _burst(bridge, shop)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _first_night(folder: Path, files: Path, shop: Shop) -> RunningBridge:
    """A shop after the night in which only 1,000 customers had confirmed their address."""
    state = folder / "state"
    state.mkdir(mode=0o700)
    install_plugin(shop)
    bridge = RunningBridge(InstalledShop(shop, state, FixedClock(datetime.now().astimezone()), ""))
    assert shop.server is not None
    text = configuration(shop)
    secret = state / "webhook"
    secret.write_text(SECRET)
    lines = SECTIONS.format(port=bridge.port) + 'webhook_secret_file = "webhook"\n'
    bridge.shop.path.write_text(text + lines, encoding="utf-8")
    for path in (secret, bridge.shop.path):
        path.chmod(0o600)
    load_customers(shop, files / "customers.csv")
    ((first,),) = shop.rows("SELECT id FROM dtb_customer ORDER BY id LIMIT 1 OFFSET 1000")
    shop.execute(f"UPDATE dtb_customer SET customer_status_id = 1 WHERE id >= {first}")
    export = state / f"members_{TODAY:%Y%m%d}_0030.csv"
    shutil.copy(files / "members.csv", export)
    measure(state, NIGHT, "migrate", "migrate")
    measure(state, NIGHT, "first night", "nightly", str(export))
    assert bridge.keys
    return bridge


def _burst(bridge: RunningBridge, shop: Shop) -> None:
    installed = bridge.shop
    new = [row[0] for row in shop.rows("SELECT id FROM dtb_customer WHERE customer_status_id = 1")]
    shop.execute("UPDATE dtb_customer SET customer_status_id = 2")
    first, second = new[: len(new) // 2], new[len(new) // 2 :]
    bridge.start()
    acknowledged = _tell(bridge, first, "then the bridge was killed", kill_after=len(first) // 2)
    bridge.start()
    assert shop.server is not None
    shop.server.kill()
    acknowledged |= _tell(bridge, second, "while the database server was down")
    shop.server.start()
    wait_for(lambda: bridge.waiting() == 0, HOURS)
    print(f"lost: {len(acknowledged - known(installed, 'full'))}", flush=True)
    measure(installed.folder, f"{TODAY}T12:00", "inbox: those that were not acknowledged", "inbox")
    print(f"lost after inbox: {len(set(new) - known(installed, 'full'))}", flush=True)
    once = decided(installed)
    again = tell_each(bridge, new)
    wait_for(lambda: bridge.waiting() == 0, HOURS)
    same = "nothing" if decided(installed) == once else "SOMETHING"
    print(f"told again about {len(again)}: {same} was decided or mailed again")
    print(f"the bridge stopped with {bridge.stop()}")


def _tell(bridge: RunningBridge, customers: Sequence[int], when: str, **how: int) -> set[int]:
    started = time.perf_counter()
    acknowledged = tell_each(bridge, customers, **how)
    seconds = time.perf_counter() - started
    print(
        f"{len(acknowledged)} of {len(customers)} webhooks acknowledged in {seconds:.0f} s, {when}",
        flush=True,
    )
    return acknowledged


if __name__ == "__main__":
    main()
