"""What matching costs with the database: ``python -m benchmarks.matching.database [--members N] [--changes N]``.

The real commands on a private MariaDB, each in a process of its own: the first classification, everybody again,
nobody changed (which is the ordered scan for changes), new customers one by one, and some members and customers
changed. Prints wall and CPU seconds of our processes, and the server's CPU seconds beside them.

``--shop FOLDER`` keeps the shop there. The next time it is taken as it was left, and new customers register in it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from itertools import islice
from pathlib import Path

from benchmarks.late import hold_back, still_to_come
from benchmarks.nightly.measure import benchmark_shop, configuration, load_customers, measure
from benchmarks.nightly.shop import TODAY
from tests.support.mariadb import Server
from tests.support.shop import Shop

LATE = 200
STEPS = ("all", "none", "one", "changes")
_CLOCK_TICK = os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Make the files, run the steps."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.matching.database", description=__doc__)
    parser.add_argument("--members", type=int, default=1_000_000, help="customers are 63 %% of them")
    parser.add_argument(
        "--changes", type=int, default=1000, help="members, and customers, changed the next day"
    )
    parser.add_argument("--files", type=Path, help="take the files that benchmarks.matching.files wrote here")
    parser.add_argument("--shop", type=Path, help="keep the shop in this folder, and take the one kept there")
    parser.add_argument(
        "--steps", nargs="*", choices=STEPS, default=list(STEPS), help="all of them otherwise"
    )
    arguments = parser.parse_args()
    folder = arguments.shop or Path(tempfile.mkdtemp(prefix="eccube-sync-bench-"))
    try:
        files = arguments.files or folder / "files"
        if not (files / "members.csv").exists():
            sizes = (str(arguments.members), str(arguments.changes))
            command = [sys.executable, "-m", "benchmarks.matching.files", str(files), *sizes]
            subprocess.run(command, check=True)
        with benchmark_shop(folder / "server" if arguments.shop else None) as (server, shop):
            _run(server, shop, folder / "state", files, arguments.steps)
    finally:
        if not arguments.shop:
            shutil.rmtree(folder, ignore_errors=True)


def _run(server: Server, shop: Shop, state: Path, files: Path, steps: Sequence[str]) -> None:
    tomorrow = TODAY + timedelta(days=1)
    new = not state.exists()
    state.mkdir(mode=0o700, exist_ok=True)
    (state / "eccube-sync.toml").write_text(configuration(shop), encoding="utf-8")
    (state / "eccube-sync.toml").chmod(0o600)
    if new:
        load_customers(shop, hold_back(files / "customers.csv", state))
        _step(server, state, f"{TODAY}T03:00", "migrate")
        _import(server, state, f"{TODAY}T03:00", files / "members.csv", f"members_{TODAY:%Y%m%d}_0030.csv")
        _step(server, state, f"{TODAY}T03:10", "classify", "--apply")
    if "all" in steps:
        _step(server, state, f"{TODAY}T03:20", "classify", "--all", "--apply")
    if "none" in steps:
        _step(server, state, f"{TODAY}T03:30", "classify", "--apply")
    if "one" in steps:
        _one_by_one(shop, state)
    if "changes" in steps:
        load_customers(shop, files / "customers-next.csv", update=True)
        later = f"members_{tomorrow:%Y%m%d}_0030.csv"
        _import(server, state, f"{tomorrow}T03:00", files / "members-next.csv", later)
        _step(server, state, f"{tomorrow}T03:10", "classify", "--apply")


def _one_by_one(shop: Shop, state: Path) -> None:
    customers = state / "registering.json"
    rows = list(islice(still_to_come(state, shop), LATE))
    customers.write_text(json.dumps(rows), encoding="utf-8")
    configuration = str(state / "eccube-sync.toml")
    command = [sys.executable, "-m", "benchmarks.matching.onecustomer", configuration, str(customers)]
    subprocess.run(command, check=True)


def _import(server: Server, state: Path, moment: str, source: Path, name: str) -> None:
    export = state / name
    shutil.copy(source, export)
    _step(server, state, moment, "members", "import", str(export), "--apply", name="members import --apply")


def _step(server: Server, state: Path, moment: str, *arguments: str, name: str = "") -> None:
    before = _server_seconds(server)
    measure(state, moment, name or " ".join(arguments), *arguments)
    print(f"{'':<44} {_server_seconds(server) - before:10.1f} s CPU of the server", flush=True)


def _server_seconds(server: Server) -> float:
    assert server.process is not None
    after_name = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / _CLOCK_TICK


if __name__ == "__main__":
    main()
