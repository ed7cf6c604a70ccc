"""Write the benchmark shop's files: ``python -m benchmarks.nightly FOLDER [--customers N] [--members N]``."""

from __future__ import annotations

import argparse
import time
from datetime import date
from pathlib import Path

from benchmarks.nightly.shop import SEED, TODAY, write_next_night, write_shop
from eccube_sync.population import generate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--customers", type=int, default=63_000)
    parser.add_argument("--members", type=int, default=100_000)
    parser.add_argument("--changes", type=int, default=500, help="members and customers changed the next day")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--today", type=date.fromisoformat, default=TODAY)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    shop = generate(arguments.seed, arguments.customers, arguments.members, arguments.today)
    write_shop(shop, arguments.folder)
    write_next_night(shop, arguments.folder, arguments.changes, arguments.today)
    for path in sorted(arguments.folder.glob("*.csv")):
        print(f"{path}\t{path.stat().st_size:,} bytes")
    print(f"{time.perf_counter() - started:.1f} s")


if __name__ == "__main__":
    main()
