"""Customers buy while nights run: no checkout fails, nobody's points change, and what the shop holds is waited for.

The program writes no points at all, so there is nothing of ours that EC-CUBE's absolute writes could overwrite; what
can be proved is that it stays so. How long a checkout takes is measured apart: ``benchmarks/checkout``.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from benchmarks.checkout import shoppers
from eccube_sync.services.projection.heldrows import PATIENCE, write_unless_held
from tests.nightly.story import FAR
from tests.promises.scale import SEED, chance, scale
from tests.promises.scenes import connections, wait_for
from tests.support.installed import TODAY, InstalledShop
from tests.support.runs import Runs

pytestmark = pytest.mark.promise("P17")

ON_MARIADB = pytest.mark.parametrize("shop", ["mariadb"], indirect=True)

ROOT = Path(__file__).parents[2]
SHOWN = "SELECT customer_id FROM plg_customer_group_customers_groups ORDER BY customer_id"
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
def buying(busy: InstalledShop, report: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Eight customers at a time who buy, think for 50 ms, and write their points as EC-CUBE does."""
    assert busy.eccube.server is not None
    command = [sys.executable, "-m", shoppers.__name__, str(busy.eccube.server.socket), busy.eccube.database]
    command += [
        "--checkouts",
        str(scale(240, 10_000)),
        "--threads",
        "8",
        "--seed",
        str(SEED),
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
    nights = 0
    with buying(busy, tmp_path / "report.json") as process:
        while process.poll() is None:
            nights += 1
            busy.eccube.execute("DELETE FROM plg_customer_group_customers_groups")
            assert night(busy, nights) in {0, 1}
            assert busy.eccube.rows(SHOWN) == shown
    report: dict[str, Any] = json.loads((tmp_path / "report.json").read_text())
    assert process.returncode == 0
    assert report["errors"] == {}
    assert nights and report["checkouts"] == scale(240, 10_000)
    assert points_of(busy) == points | report["points"]
    assert busy.eccube.rows(f"SELECT {NEVER_OURS} FROM dtb_customer ORDER BY id") == before
    proof["checkouts"] += report["checkouts"]
    proof["nights"] += nights


@ON_MARIADB
@pytest.mark.promise("P17", "P1", "P19")
def test_nights_killed_at_any_moment_hurt_no_checkout_and_the_next_one_shows_everybody(
    busy: InstalledShop, runs: Runs, tmp_path: Path, proof: Counter[str]
) -> None:
    shown, points = busy.eccube.rows(SHOWN), points_of(busy)
    random, usual, nights = chance("killed beside checkouts"), 0.1, 0
    with buying(busy, tmp_path / "report.json") as process:
        while process.poll() is None:
            nights += 1
            busy.eccube.execute("DELETE FROM plg_customer_group_customers_groups")
            busy.drop_export(TODAY + timedelta(days=nights))
            busy.at(TODAY + timedelta(days=nights), 3)
            killed = runs.run(busy, "-q", "nightly", kill_after=random.uniform(0.02, usual))
            assert killed.code in {-signal.SIGKILL, 0}, killed.output
            proof["kills"] += killed.code != 0
            wait_for(lambda: not connections(busy))
            clean = runs.run(busy, "-q", "nightly")
            assert clean.code == 0, clean.output
            usual = clean.seconds
            assert busy.eccube.rows(SHOWN) == shown
    report: dict[str, Any] = json.loads((tmp_path / "report.json").read_text())
    assert report["errors"] == {}
    assert points_of(busy) == points | report["points"]
    assert proof["kills"]
    proof["checkouts"] += report["checkouts"]
    proof["nights"] += nights


@ON_MARIADB
def test_a_row_the_shop_holds_is_shown_by_the_next_night_and_all_others_by_this_one(
    busy: InstalledShop, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = busy.eccube.rows(SHOWN)
    busy.eccube.execute("DELETE FROM plg_customer_group_customers_groups")
    held = shown[len(shown) // 2][0]
    with busy.eccube.connect() as connection, connection.begin() as transaction:
        connection.exec_driver_sql(f"SELECT id FROM dtb_customer WHERE id = {held} FOR UPDATE")
        capsys.readouterr()
        busy.at(TODAY + timedelta(days=1), 3)
        assert busy.run("nightly") in {0, 1}
        assert "1 classes could not be shown because the shop held their rows" in capsys.readouterr().out
        assert busy.eccube.rows(SHOWN) == [row for row in shown if row[0] != held]
        transaction.rollback()
    assert night(busy, 2) in {0, 1}
    assert busy.eccube.rows(SHOWN) == shown


def test_a_table_the_shop_holds_is_not_waited_for_row_by_row() -> None:
    tried: list[int] = []

    def write(rows: Sequence[int]) -> None:
        tried.append(len(rows))
        raise OperationalError("", {}, Exception(1205))

    waiting = write_unless_held([range(50)] * 4, write)
    assert list(waiting) == [*range(50)] * 4
    assert tried == [50] + [1] * PATIENCE
