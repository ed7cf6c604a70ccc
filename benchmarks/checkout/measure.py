"""What the shop feels of a night: ``python -m benchmarks.checkout.measure``.

10,000 checkouts (see ``shoppers``) with nothing beside them, and 10,000 or more while the program imports, classifies
and shows 100,000 members, and then runs a night with changes. Prints for each step the median, the 99th percentile and
the worst checkout, and at last the errors the shop saw, our longest transaction on EC-CUBE's tables, and whether any
points were lost.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.nightly.measure import benchmark_shop, configuration, load_customers, measure
from benchmarks.nightly.shop import TODAY
from tests.support.shop import Shop


def main() -> None:
    """Measure without us, then with us."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=63_000)
    parser.add_argument("--members", type=int, default=100_000)
    parser.add_argument("--changes", type=int, default=500, help="members and customers changed the next day")
    parser.add_argument("--checkouts", type=int, default=10_000)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--files", type=Path, help="folder of the made-up shop; made where it is missing")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="eccube-sync-checkout-"))
    try:
        files = asked.files or folder / "files"
        if not (files / "members-next.csv").exists():
            sizes = (f"--{name}={getattr(asked, name)}" for name in ("customers", "members", "changes"))
            subprocess.run([sys.executable, "-m", "benchmarks.nightly", str(files), *sizes], check=True)
        with benchmark_shop() as (_server, shop):
            load_customers(shop, files / "customers.csv")
            _compare(shop, folder, files, asked)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _compare(shop: Shop, folder: Path, files: Path, asked: argparse.Namespace) -> None:
    state = folder / "state"
    state.mkdir(mode=0o700)
    (state / "eccube-sync.toml").write_text(configuration(shop), encoding="utf-8")
    (state / "eccube-sync.toml").chmod(0o600)
    measure(state, f"{TODAY}T02:00", "migrate", "migrate")
    with _buying(shop, folder / "alone.json", asked):
        pass
    alone = _report(folder / "alone.json")
    spans: list[tuple[str, float, float]] = []
    longest = 0.0
    with _buying(shop, folder / "beside.json", asked):
        for name, moment, arguments in _steps(state, files):
            began = time.time()
            longest = max(longest, measure(state, moment, name, *arguments).longest_ms)
            spans.append((name, began, time.time()))
    beside = _report(folder / "beside.json")
    _show("nothing beside", alone["milliseconds"])
    for name, began, ended in spans:
        _show(name, [one for one in beside["milliseconds"] if began <= one[0] < ended])
    _show("all of it", beside["milliseconds"])
    print(f"errors the shop saw: {alone['errors'] or 0} without us, {beside['errors'] or 0} with us")
    print(f"our longest transaction on EC-CUBE's tables: {longest:.0f} ms")
    print(f"customers whose points are not what the shop left: {_lost(shop, beside)}")


def _steps(state: Path, files: Path) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """A first night, stage by stage, and a night with changes: name, moment, arguments."""
    first = state / f"members_{TODAY:%Y%m%d}_0030.csv"
    shutil.copy(files / "members.csv", first)
    yield "first import", f"{TODAY}T03:00", ("members", "import", str(first), "--apply")
    yield "first classification", f"{TODAY}T03:10", ("classify", "--apply")
    yield "first projection", f"{TODAY}T03:20", ("project", "--apply")
    tomorrow = TODAY + timedelta(days=1)
    following = state / f"members_{tomorrow:%Y%m%d}_0030.csv"
    shutil.copy(files / "members-next.csv", following)
    yield "a night with changes", f"{tomorrow}T03:00", ("nightly", str(following))


@contextmanager
def _buying(shop: Shop, report: Path, asked: argparse.Namespace) -> Iterator[None]:
    """Customers buy while this is open, and as often as was asked for at least."""
    assert shop.server is not None
    stop = report.with_suffix(".stop")
    options = ("--checkouts", str(asked.checkouts), "--threads", str(asked.threads), "--until", str(stop))
    command = [sys.executable, "-m", "benchmarks.checkout.shoppers", str(shop.server.socket), shop.database]
    process = subprocess.Popen([*command, *options, "--report", str(report)])
    try:
        yield
    finally:
        stop.touch()
        process.wait()


def _report(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def _show(name: str, checkouts: Sequence[tuple[float, float]]) -> None:
    times = sorted(milliseconds for _moment, milliseconds in checkouts)
    if len(times) < 100:
        print(f"{name:<28} {len(times):6,} checkouts: too few to tell")
        return
    hundredths = statistics.quantiles(times, n=100)
    print(
        f"{name:<28} {len(times):6,} checkouts, median {hundredths[49]:6.1f} ms, p99 {hundredths[98]:6.1f} ms, "
        f"worst {times[-1]:5.0f} ms",
        flush=True,
    )


def _lost(shop: Shop, report: dict[str, Any]) -> int:
    """Nobody but the shop writes points, so each customer must have what its last checkout left."""
    stand = {str(customer): int(point) for customer, point in shop.rows("SELECT id, point FROM dtb_customer")}
    return sum(stand[customer] != point for customer, point in report["points"].items())


if __name__ == "__main__":
    main()
