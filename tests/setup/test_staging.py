"""A copy for tests mails nobody but its tester, also after the database was copied again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from eccube_sync.mailmessage import STAGING_MARK
from tests.support.installed import TODAY, InstalledShop, install
from tests.support.shop import Shop
from tests.support.smtp import Sink, mail_sink

Captured = pytest.CaptureFixture[str]
TESTER = "tester@example.jp"


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    """One mail server for production and staging."""
    with mail_sink() as server:
        yield server


@pytest.fixture
def production(sqlite_shop: Shop, tmp_path: Path, sink: Sink) -> InstalledShop:
    """A shop some of whose members end today: tonight will mail them."""
    sink.mails.clear()
    shop = install(sqlite_shop, tmp_path / "sync")
    shop.mail_port = sink.port
    shop.sections = '[owner]\nmail = "owner@shop.example.jp"\n[notices]\nkinds = ["expired"]\n'
    shop.configure()
    shop.fill(customers=100, members=120)
    shop.members = [
        replace(one, end_date=TODAY + timedelta(days=12 if place % 2 else 36), unlimited=False)
        for place, one in enumerate(shop.members)
    ]
    night(shop, 0)
    return shop


def night(shop: InstalledShop, days: int) -> None:
    day = TODAY + timedelta(days=days)
    shop.at(day, 11)
    shop.drop_export(day)
    assert shop.run("-q", "nightly") in {0, 1}


def copied(production: InstalledShop, folder: Path) -> InstalledShop:
    """The same shop on another machine: both databases and the configuration, a state folder of its own."""
    folder.mkdir(mode=0o700, exist_ok=True)
    shutil.copy(production.eccube.database, folder / "eccube.db")
    shutil.copy(production.settings().sqlite_path("own"), folder / "copy.db")
    lines = f'kind = "sqlite"\neccube = "{folder}/eccube.db"\nown = "copy.db"'
    shop = InstalledShop(production.eccube, folder, production.clock, lines)
    shop.mail_port, shop.sections = production.mail_port, production.sections
    shop.members = production.members
    shop.configure()
    shop.settings().folders.create()
    if not (folder / "secrets" / "link-codes.json").exists():
        shutil.copytree(production.folder / "secrets", folder / "secrets", dirs_exist_ok=True)
    return shop


def test_every_mail_of_staging_goes_to_the_tester_and_says_so_also_after_the_next_copy(
    production: InstalledShop, tmp_path: Path, sink: Sink, capsys: Captured
) -> None:
    staging = copied(production, tmp_path / "staging")
    assert staging.run("nightly") == 78
    assert "adopt --as staging --mails-to ADDRESS" in capsys.readouterr().err
    assert staging.run("adopt", "--as", "staging", "--apply") == 64
    assert staging.run("adopt", "--as", "production", "--mails-to", TESTER) == 64
    assert staging.run("adopt", "--as", "staging", "--mails-to", TESTER, "--apply") == 0
    sink.mails.clear()
    night(staging, 15)
    assert_redirected(sink)

    sink.mails.clear()
    night(production, 15)
    real = {recipient for _sender, (recipient,), _content in sink.mails}
    assert len(real) >= 2
    assert TESTER not in real

    again = copied(production, tmp_path / "staging")
    sink.mails.clear()
    night(again, 40)
    assert_redirected(sink)
    capsys.readouterr()
    again.run("check")
    assert "staging" in capsys.readouterr().out
    again.run("adopt")
    assert "This is staging" in capsys.readouterr().out


def assert_redirected(sink: Sink) -> None:
    assert len(sink.mails) >= 2
    for _sender, recipients, content in sink.mails:
        assert recipients == [TESTER]
        message = message_from_bytes(content, policy=policy.default)
        assert message["To"] == TESTER
        assert str(message["Subject"]).startswith(STAGING_MARK)
        assert message["Message-ID"]


def test_what_was_staging_can_become_production(
    production: InstalledShop, tmp_path: Path, sink: Sink
) -> None:
    moved = copied(production, tmp_path / "moved")
    assert moved.run("adopt", "--as", "staging", "--mails-to", TESTER, "--apply") == 0
    assert moved.run("adopt", "--as", "production", "--apply") == 0
    sink.mails.clear()
    night(moved, 15)
    assert {recipient for _sender, (recipient,), _content in sink.mails} > {"owner@shop.example.jp"}
