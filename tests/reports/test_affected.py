"""Who was touched by a run: masked on the terminal, whole in a private file that is logged."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from sqlalchemy import select

from eccube_sync.services.customers.masking import mask_mail, mask_name, mask_number
from eccube_sync.tables.links import link
from eccube_sync.tables.runs import journal
from eccube_sync.tables.runs import run as run_table
from tests.support.installed import TODAY, InstalledShop


@pytest.fixture
def peopled(installed: InstalledShop) -> InstalledShop:
    """A shop after its first night."""
    installed.fill(30, 40)
    installed.drop_export(TODAY)
    installed.at(TODAY, 3)
    assert installed.run("nightly") in {0, 1}
    return installed


def test_everybody_a_night_touched_is_listed_and_the_list_is_logged(
    peopled: InstalledShop, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    [night] = [row.id for row in peopled.rows(select(run_table.c.id))]
    path = tmp_path / "affected.csv"
    capfd.readouterr()
    assert peopled.run("report", "affected", str(night), "--csv", str(path)) == 0
    shown = capfd.readouterr().out
    assert path.stat().st_mode & 0o777 == 0o600
    rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
    sides = [row["customer or member"] for row in rows]
    assert (sides.count("customer"), sides.count("member")) == (30, 40)
    by_number = {(row["customer or member"], row["number"]): row for row in rows}
    for position, person in enumerate(peopled.customers):
        row = by_number["customer", str(position + 1)]
        assert row["mail"] == person.email
        assert person.email not in shown
    linked = peopled.count(link, link.c.active == 1)
    assert sum("link" in row["touched"].split(", ") for row in rows) == 2 * linked > 10
    [logged] = peopled.rows(
        select(journal).where(journal.c.subject == "export", journal.c.reason == "affected")
    )
    assert (logged.new_value, logged.reason) == ("70", "affected")


def test_the_terminal_masks_and_writes_nothing(
    peopled: InstalledShop, capfd: pytest.CaptureFixture[str]
) -> None:
    before = peopled.state()
    capfd.readouterr()
    assert peopled.run("report", "affected", "1", "--json") == 0
    told = json.loads(capfd.readouterr().out)
    assert told["headline"] == "Run 1 touched 30 customers and 40 members."
    assert len(told["listings"][0]["rows"]) == 20
    assert not any(one.email in json.dumps(told) for one in peopled.customers)
    assert peopled.state() == before


def test_an_unknown_run_and_a_place_in_the_way_are_refused(peopled: InstalledShop, tmp_path: Path) -> None:
    assert peopled.run("report", "affected", "99") == 64
    taken = tmp_path / "taken.csv"
    taken.write_text("mine")
    assert peopled.run("report", "affected", "1", "--csv", str(taken)) == 64
    public = tmp_path / "public_html"
    public.mkdir()
    assert peopled.run("report", "affected", "1", "--csv", str(public / "x.csv")) == 64
    assert taken.read_text() == "mine"


def test_masks_keep_what_tells_people_apart_and_no_more() -> None:
    assert mask_name("山田 花子") == "山＊ 花＊"
    assert mask_mail("hanako@example.jp") == "h＊@example.jp"
    assert mask_number("09012345678") == "＊5678"
    assert [mask_name(""), mask_mail(""), mask_number("")] == ["", "", ""]
    assert mask_number("12") == mask_mail("odd") == "＊"
