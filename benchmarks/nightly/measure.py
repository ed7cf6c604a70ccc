"""Measure a shop's first import, first classification and following nights: ``python -m benchmarks.nightly.measure``.

Every step is the real command in a process of its own, on a private MariaDB with Debian's own memory settings,
as one database account. Prints seconds, CPU seconds of our process (not of the server), its largest memory, and the
longest transaction that touched a table of EC-CUBE.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.nightly.shop import TODAY
from eccube_sync.population import END_DATE_COLUMN
from tests.support.accounts import single_account
from tests.support.mariadb import Server, running_mariadb
from tests.support.shop import Shop, open_shop

DEBIAN = (
    "--innodb-buffer-pool-size=128M",
    "--innodb-log-file-size=96M",
    "--innodb-flush-log-at-trx-commit=1",
)
CONFIGURATION = """\
language = "en"
[shop]
name = "Benchmark"
[database]
socket = "{socket}"
eccube = "{eccube}"
own = "eccube_sync_benchmark"
accounts = "single"
[database.runtime]
user = "{user}"
[[source]]
key = "smaregi"
format = "smaregi"
taken_at = "name"
[source.columns]
end_date = ["{end_date}"]
[source.expiry]
policy = "column"
[[projection]]
kind = "customer_group"
group = "店舗会員"
[guards]
clock_seconds = 2000000000
file_megabytes = 1000
file_rows = 2000000
downgrades = 100000
surprise_downgrades = 100000
[legal]
relation = "same_company"
"""


@dataclass(frozen=True, slots=True)
class Step:
    """One command, measured."""

    name: str
    seconds: float
    cpu_seconds: float
    mebibytes: float
    longest_ms: float

    def line(self) -> str:
        """For the table."""
        return (
            f"{self.name:<44} {self.seconds:8.1f} s {self.cpu_seconds:8.1f} s CPU"
            f" {self.mebibytes:8.0f} MiB {self.longest_ms:8.0f} ms"
        )


def measure(folder: Path, moment: str, name: str, *arguments: str) -> Step:
    """Run the program at ``moment`` (Japanese time) in ``folder``; raises when it fails."""
    report = folder / "report.json"
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.nightly.step", str(report), moment, *arguments],
        stdout=subprocess.DEVNULL,
        env=os.environ | {"ECCUBE_SYNC_CONFIG": str(folder / "eccube-sync.toml")},
    )
    _process_id, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    if os.waitstatus_to_exitcode(status) not in {0, 1}:
        raise SystemExit(f"{name}: exit {os.waitstatus_to_exitcode(status)}")
    longest = json.loads(report.read_text())["longest_eccube_transaction_ms"]
    step = Step(name, seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, longest)
    print(step.line(), flush=True)
    return step


@contextmanager
def benchmark_shop(kept: Path | None = None) -> Iterator[tuple[Server, Shop]]:
    """A MariaDB with an empty EC-CUBE shop; in a ``kept`` folder it is as it was left the last time."""
    # A folder of its own: the server runs as another account, which must be able to enter it.
    folder = kept or Path(tempfile.mkdtemp(prefix="eccube-sync-db-"))
    try:
        with running_mariadb(folder, DEBIAN) as server:
            yield server, open_shop(server, "eccube_benchmark")
    finally:
        if kept is None:
            shutil.rmtree(folder, ignore_errors=True)


def load_customers(shop: Shop, path: Path, *, update: bool = False) -> None:
    """Put the rows of a file into ``dtb_customer``; with ``update`` the customers are there and have new phones."""
    assert shop.server is not None
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        header = next(rows)
        marks = ", ".join(["%s"] * len(header))
        statement = f"INSERT INTO dtb_customer ({', '.join(header)}) VALUES ({marks})"
        if update:
            statement += " ON DUPLICATE KEY UPDATE phone_number = VALUES(phone_number)"
        connection: Any = shop.server.connect(shop.database)
        with connection, connection.cursor() as cursor:
            batch: list[list[str | None]] = []
            for row in rows:
                batch.append([None if cell == r"\N" else cell for cell in row])
                if len(batch) == 2000:
                    cursor.executemany(statement, batch)
                    batch = []
            if batch:
                cursor.executemany(statement, batch)


def main() -> None:
    """Make the shop, run the steps, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=63_000)
    parser.add_argument("--members", type=int, default=100_000)
    parser.add_argument("--changes", type=int, default=500, help="members and customers changed the next day")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="eccube-sync-bench-"))
    try:
        files = folder / "files"
        # In a process of its own: the memory of this one would count as the measured ones' (Linux, ru_maxrss).
        sizes = (f"--{name}={getattr(arguments, name)}" for name in ("customers", "members", "changes"))
        subprocess.run([sys.executable, "-m", "benchmarks.nightly", str(files), *sizes], check=True)
        _run(folder, files, arguments.changes)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def configuration(shop: Shop) -> str:
    """A configuration for the shop, with the one account of a rental server."""
    assert shop.server is not None
    user = single_account(shop.server, shop.database, "eccube_sync_benchmark", user="benchmark")
    return CONFIGURATION.format(
        socket=shop.server.socket, eccube=shop.database, user=user, end_date=END_DATE_COLUMN
    )


def _run(folder: Path, files: Path, changes: int) -> None:
    state = folder / "state"
    state.mkdir(mode=0o700)
    tomorrow = TODAY + timedelta(days=1)
    with benchmark_shop() as (_server, shop):
        load_customers(shop, files / "customers.csv")
        text = configuration(shop)
        (state / "eccube-sync.toml").write_text(text, encoding="utf-8")
        (state / "eccube-sync.toml").chmod(0o600)
        first = state / f"members_{TODAY:%Y%m%d}_0030.csv"
        shutil.copy(files / "members.csv", first)
        measure(state, f"{TODAY}T03:00", "migrate", "migrate")
        measure(state, f"{TODAY}T03:00", "first import", "members", "import", str(first), "--apply")
        measure(state, f"{TODAY}T03:10", "first classification", "classify", "--apply")
        measure(state, f"{TODAY}T03:20", "first projection", "project", "--apply")
        measure(state, f"{TODAY}T03:30", "a night without changes", "nightly")
        load_customers(shop, files / "customers-next.csv", update=True)
        following = state / f"members_{tomorrow:%Y%m%d}_0030.csv"
        shutil.copy(files / "members-next.csv", following)
        measure(
            state,
            f"{tomorrow}T03:00",
            f"a night with {changes} + {changes} changes",
            "nightly",
            str(following),
        )


if __name__ == "__main__":
    main()
