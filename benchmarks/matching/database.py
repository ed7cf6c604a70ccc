"""What matching costs with the database: ``python -m benchmarks.matching.database [--members N] [--changes N]``.

The real commands on a private MariaDB, each in a process of its own: the first classification, everybody again,
nobody changed (which is the ordered scan for changes), new customers one by one, and some members and customers
changed. Prints wall and CPU seconds of our processes, and the server's CPU seconds beside them.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from datetime import timedelta
from itertools import islice
from pathlib import Path

from benchmarks.nightly.measure import benchmark_shop, configuration, load_customers, measure
from benchmarks.nightly.shop import TODAY
from tests.support.mariadb import Server

LATE = 200
_CLOCK_TICK = os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Make the files, run the steps."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.matching.database", description=__doc__)
    parser.add_argument("--members", type=int, default=1_000_000, help="customers are 63 %% of them")
    parser.add_argument(
        "--changes", type=int, default=1000, help="members, and customers, changed the next day"
    )
    parser.add_argument("--files", type=Path, help="take the files that benchmarks.matching.files wrote here")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="eccube-sync-bench-"))
    try:
        files = arguments.files or folder / "files"
        if not arguments.files:
            sizes = (str(arguments.members), str(arguments.changes))
            command = [sys.executable, "-m", "benchmarks.matching.files", str(files), *sizes]
            subprocess.run(command, check=True)
        _run(folder / "state", files)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(state: Path, files: Path) -> None:
    state.mkdir(mode=0o700)
    tomorrow = TODAY + timedelta(days=1)
    with benchmark_shop() as (server, shop):
        late = _hold_back(files / "customers.csv", state)
        load_customers(shop, state / "customers.csv")
        text = configuration(shop)
        (state / "eccube-sync.toml").write_text(text, encoding="utf-8")
        (state / "eccube-sync.toml").chmod(0o600)
        _step(server, state, f"{TODAY}T03:00", "migrate")
        _import(server, state, f"{TODAY}T03:00", files / "members.csv", f"members_{TODAY:%Y%m%d}_0030.csv")
        _step(server, state, f"{TODAY}T03:10", "classify", "--apply")
        _step(server, state, f"{TODAY}T03:20", "classify", "--all", "--apply")
        _step(server, state, f"{TODAY}T03:30", "classify", "--apply")
        _one_by_one(state / "eccube-sync.toml", late)
        load_customers(shop, files / "customers-next.csv", update=True)
        later = f"members_{tomorrow:%Y%m%d}_0030.csv"
        _import(server, state, f"{tomorrow}T03:00", files / "members-next.csv", later)
        _step(server, state, f"{tomorrow}T03:10", "classify", "--apply")


def _hold_back(customers: Path, state: Path) -> Path:
    """Split the customers: all but the last ``LATE``, and these, who register one by one when all the rest is done."""
    # Line by line: this process must stay small, its memory would count as the measured ones'.
    with customers.open(encoding="utf-8") as lines:
        kept = sum(1 for _ in lines) - LATE
    late = state / "late.csv"
    with (
        customers.open(encoding="utf-8") as lines,
        (state / "customers.csv").open("w", encoding="utf-8") as most,
    ):
        header = next(lines)
        most.write(header)
        most.writelines(islice(lines, kept - 1))
        late.write_text("".join([header, *lines]), encoding="utf-8")
    return late


def _one_by_one(configuration: Path, customers: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.matching.onecustomer", str(configuration), str(customers)]
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
