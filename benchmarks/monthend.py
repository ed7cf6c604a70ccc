"""A month-end of 10,000 memberships that end on one day, on a private MariaDB: ``python -m benchmarks.monthend``.

Every night, every send window and every mail to a real mail server on this machine, within the published limits of a
rental host. Checks what the suite checks at a smaller size, and prints who was mailed when.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.nightly.monthend import MonthEnd, play
from tests.support.installed import install, remove
from tests.support.mariadb import running_mariadb
from tests.support.shop import mariadb_shop
from tests.support.smtp import mail_sink

HOST = "lolipop_standard"


def main() -> None:
    """Play it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=10_700)
    people = parser.parse_args().people
    # Not below a folder only root may enter: the server runs as another account.
    directory = Path(tempfile.mkdtemp(prefix="eccube-sync-"))
    try:
        with running_mariadb(directory) as server, mariadb_shop(server) as eccube, mail_sink() as sink:
            shop = install(eccube, Path(tempfile.mkdtemp(prefix="eccube-sync-")) / "sync")
            month_end = MonthEnd(shop, sink, people, f'host = "{HOST}"')
            found = play(month_end)
            most = month_end.check_caps(*shop.settings().notices.caps)
            remove(shop)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    print(f"memberships that ended on one day: {found['ending']}, of them renewed late: {found['renewing']}")
    for day, kinds in found["by_day"].items():  # type: ignore[attr-defined]
        print(f"{day}  " + ", ".join(f"{kind}: {number}" for kind, number in sorted(kinds.items())))
    print(f"mails by state: {dict(found['states'])}; the most within a minute, hour, day: {most}")  # type: ignore[call-overload]
    print(f"{time.process_time():.0f} CPU seconds", file=sys.stderr)


if __name__ == "__main__":
    main()
