"""Customers buy while nights run: no checkout fails, nobody's points change, and what the shop holds is waited for.

The program writes no points at all, so there is nothing of ours that EC-CUBE's absolute writes could overwrite; what
can be proved is that it stays so. How long a checkout takes is measured apart: ``benchmarks/checkout``.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from threading import Event, Thread, Timer
from typing import Any

import pymysql
import pytest
from sqlalchemy.exc import OperationalError

from benchmarks.checkout import shoppers
from eccube_sync.errors import ExitCode
from eccube_sync.services.projection.heldrows import PATIENCE, write_each
from tests.nightly.story import FAR
from tests.promises.scale import CAMPAIGN, SEED, chance, scale
from tests.promises.scenes import connections, wait_for
from tests.support.installed import TODAY, InstalledShop
from tests.support.runs import Outcome, Runs

pytestmark = pytest.mark.promise("P17")

ON_MARIADB = pytest.mark.parametrize("shop", ["mariadb"], indirect=True)

ROOT = Path(__file__).parents[2]
SHOWN = "SELECT customer_id FROM plg_customer_group_customers_groups ORDER BY customer_id"
CONNECTING = 10
"""Statements at the most until a run is connected; after one that fails there it says that it cannot connect."""
NEVER_OURS = (
    "id, customer_status_id, name01, name02, kana01, kana02, email, phone_number, birth, password, secret_key"
)


def night(shop: InstalledShop, days: int) -> int:
    day = TODAY + timedelta(days=days)
    shop.drop_export(day)
    shop.at(day, 3)
    return shop.run("-q", "nightly")


def points_of(shop: InstalledShop) -> dict[str, int]:
    return {
        str(customer): int(point)
        for customer, point in shop.eccube.rows("SELECT id, point FROM dtb_customer")
    }


@pytest.fixture
def busy(installed: InstalledShop) -> InstalledShop:
    """A shop whose group somebody empties again and again, so that each night has everybody to show.

    No membership ends, however many nights the checkouts take.
    """
    installed.drift = "repair"
    installed.configure()
    installed.fill(120, 160)
    for place, one in enumerate(installed.members):
        installed.members[place] = replace(one, status=0, left_on=None, end_date=FAR, unlimited=False)
    assert night(installed, 0) in {0, 1}
    return installed


@contextmanager
def buying(
    busy: InstalledShop, report: Path, checkouts: int, absent: int = 0
) -> Iterator[subprocess.Popen[bytes]]:
    """Eight customers at a time who buy, think for 50 ms, and write their points as EC-CUBE does; one may be absent."""
    assert busy.eccube.server is not None
    command = [sys.executable, "-m", shoppers.__name__, str(busy.eccube.server.socket), busy.eccube.database]
    command += [
        "--checkouts",
        str(checkouts),
        "--threads",
        "8",
        "--seed",
        str(SEED),
        "--absent",
        str(absent),
        "--report",
        str(report),
    ]
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@ON_MARIADB
@pytest.mark.promise("P17", "P19")
def test_no_checkout_fails_and_no_points_are_lost_while_nights_run(
    busy: InstalledShop, tmp_path: Path, proof: Counter[str]
) -> None:
    before = busy.eccube.rows(f"SELECT {NEVER_OURS} FROM dtb_customer ORDER BY id")
    shown, points = busy.eccube.rows(SHOWN), points_of(busy)
    nights, checkouts = 0, scale(240, 10_000)
    with buying(busy, tmp_path / "report.json", checkouts) as process:
        while process.poll() is None:
            nights += 1
            busy.eccube.execute("DELETE FROM plg_customer_group_customers_groups")
            assert night(busy, nights) in {0, 1}
            assert busy.eccube.rows(SHOWN) == shown
    report: dict[str, Any] = json.loads((tmp_path / "report.json").read_text())
    assert process.returncode == 0
    assert report["errors"] == {}
    assert nights and report["checkouts"] == checkouts
    assert points_of(busy) == points | report["points"]
    assert busy.eccube.rows(f"SELECT {NEVER_OURS} FROM dtb_customer ORDER BY id") == before
    proof["checkouts"] += report["checkouts"]
    proof["nights"] += nights


def killed(busy: InstalledShop, runs: Runs, random: Random, usual: Outcome) -> Outcome:
    """The process dies."""
    return runs.run(busy, "-q", "nightly", kill_after=random.uniform(0.02, usual.seconds))


def cut_off(busy: InstalledShop, runs: Runs, random: Random, usual: Outcome) -> Outcome:
    """The server kills its connections."""
    server = busy.eccube.server
    assert server is not None

    def cut() -> None:
        for number in connections(busy):
            with suppress(pymysql.err.OperationalError):  # it was over by then
                server.execute(f"KILL {number}")

    cutting = Timer(random.uniform(0.02, usual.seconds), cut)
    cutting.start()
    outcome = runs.run(busy, "-q", "nightly")
    cutting.join()
    return outcome


def refused_a_lock(busy: InstalledShop, runs: Runs, random: Random, usual: Outcome) -> Outcome:
    """A statement waits too long for a lock."""
    failing = {"at": random.randint(CONNECTING + 1, usual.statements), "number": 1205}
    return runs.run(busy, "-q", "nightly", fail=failing)


@contextmanager
def holding_a_row(busy: InstalledShop, customer: int, seconds: float) -> Iterator[None]:
    """Something in the shop holds a customer's row for so long, again and again."""
    over = Event()

    def hold() -> None:
        while not over.wait(seconds / 2):
            with busy.eccube.connect() as connection, connection.begin():
                connection.exec_driver_sql(f"SELECT id FROM dtb_customer WHERE id = {customer} FOR UPDATE")
                over.wait(seconds)

    holder = Thread(target=hold)
    holder.start()
    try:
        yield
    finally:
        over.set()
        holder.join()


@ON_MARIADB
@pytest.mark.promise("P17", "P1", "P19")
def test_whatever_stops_the_nights_no_checkout_fails_and_the_next_one_shows_everybody(
    busy: InstalledShop, runs: Runs, tmp_path: Path, proof: Counter[str]
) -> None:
    """The fault of the eight about checkouts: nights are killed, cut off, refused locks, and a row is held besides."""
    shown, points = busy.eccube.rows(SHOWN), points_of(busy)
    random, nights = chance("stopped beside checkouts"), 0
    held = shown[len(shown) // 2]
    usual = runs.run(busy, "-q", "nightly")
    with (
        buying(busy, tmp_path / "report.json", scale(240, 20_000), absent=held[0]) as process,
        holding_a_row(busy, held[0], scale(0.3, 60)),
    ):
        while process.poll() is None:
            nights += 1
            busy.eccube.execute("DELETE FROM plg_customer_group_customers_groups")
            busy.drop_export(TODAY + timedelta(days=nights))
            busy.at(TODAY + timedelta(days=nights), 3)
            stop = random.choice((killed, cut_off, refused_a_lock))
            stopped = stop(busy, runs, random, usual)
            assert stopped.code in {-signal.SIGKILL, ExitCode.LOCKED, 0, 1}, stopped.output
            proof["kills"] += stopped.code == -signal.SIGKILL
            wait_for(lambda: not connections(busy))
            clean = runs.run(busy, "-q", "nightly")
            assert clean.code in {0, 1}, clean.output
            waits = set(shown) - set(busy.eccube.rows(SHOWN))
            assert waits <= {held}
            proof["nights in which a held row waited"] += len(waits)
    assert night(busy, nights + 1) in {0, 1}
    assert busy.eccube.rows(SHOWN) == shown
    report: dict[str, Any] = json.loads((tmp_path / "report.json").read_text())
    assert report["errors"] == {}
    assert points_of(busy) == points | report["points"]
    assert proof["kills"]
    assert proof["nights in which a held row waited"] or not CAMPAIGN
    times = sorted(milliseconds for _ended, milliseconds in report["milliseconds"])
    proof["ms for 99 % of the checkouts beside stopped nights"] += round(times[len(times) * 99 // 100])
    proof["ms for the slowest of them"] += round(times[-1])
    proof["checkouts"] += report["checkouts"]
    proof["nights"] += nights


@ON_MARIADB
def test_a_row_the_shop_holds_waits_for_the_next_night_and_nobody_else_waits(
    busy: InstalledShop, capsys: pytest.CaptureFixture[str]
) -> None:
    """A checkout of any of the fifty customers who are shown together with the held one is done at once."""
    shown = busy.eccube.rows(SHOWN)
    busy.eccube.execute("DELETE FROM plg_customer_group_customers_groups")
    held, slowest = shown[-1], 0.0
    with ThreadPoolExecutor(1) as aside, busy.eccube.connect() as holder, holder.begin() as transaction:
        holder.exec_driver_sql(f"SELECT id FROM dtb_customer WHERE id = {held[0]} FOR UPDATE")
        capsys.readouterr()
        busy.at(TODAY + timedelta(days=1), 3)
        showing = aside.submit(busy.run, "nightly")
        while not showing.done():
            for (one,) in shown[:-1]:
                began = time.monotonic()
                busy.eccube.execute(f"UPDATE dtb_customer SET point = point + 1 WHERE id = {one}")
                slowest = max(slowest, time.monotonic() - began)
        assert showing.result() in {0, 1}
        assert "1 classes could not be shown because the shop held their rows" in capsys.readouterr().out
        assert busy.eccube.rows(SHOWN) == shown[:-1]
        transaction.rollback()
    assert slowest < 1  # our own patience with a held row is two seconds
    assert night(busy, 2) in {0, 1}
    assert busy.eccube.rows(SHOWN) == shown


def test_a_table_the_shop_holds_is_not_waited_for_row_by_row() -> None:
    tried: list[int] = []

    def write(rows: Sequence[int]) -> None:
        tried.append(len(rows))
        raise OperationalError("", {}, Exception(1205))

    assert write_each([range(50)] * 6, write) == ([range(50)] * PATIENCE, [range(50)] * 3)
    assert tried == [50] * PATIENCE
