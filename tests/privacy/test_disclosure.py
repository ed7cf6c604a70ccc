"""What we hold about a person, written down for the person."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from sqlalchemy import update

from eccube_sync.tables.links import link
from tests.privacy.conftest import ON_SQLITE, Canary

Captured = pytest.CaptureFixture[str]


def lines_of(path: Path) -> list[tuple[str, ...]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [tuple(line) for line in csv.reader(file)][1:]


@ON_SQLITE
def test_a_member_gets_everything_our_tables_say_in_a_file_for_its_owner_only(
    canary: Canary, capsys: Captured
) -> None:
    (path,) = canary.shop.settings().folders.exports.iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    lines = lines_of(path)
    said = {(line[2], line[3]) for line in lines}
    assert {("family name", "鏑木"), ("e-mail addresses", "canary.kaburagi@example.jp")} <= said
    assert ("member code (barcode)", canary.code) in said
    assert {"mail", "question to a reviewer", "answer of a reviewer"} <= {line[0] for line in lines}
    assert any("鏑木さんに電話する" in line[3] for line in lines)
    capsys.readouterr()
    canary.shop.run("runs", "exports")
    assert "a person asked what we hold" in capsys.readouterr().out


@ON_SQLITE
def test_a_customer_gets_no_data_of_a_member_who_is_a_guess(canary: Canary, capsys: Captured) -> None:
    exports = canary.shop.settings().folders.exports
    for path in exports.iterdir():
        path.unlink()
    assert canary.shop.run("export", str(canary.eccube_id)) == 0
    assert "--member CODE" in capsys.readouterr().out
    (path,) = exports.iterdir()
    lines = lines_of(path)
    assert ("customer id", str(canary.eccube_id)) in {(line[2], line[3]) for line in lines}
    assert "class set by the shop" in {line[0] for line in lines}
    assert not any(line[3] == "鏑木" or canary.code in line[3] for line in lines)


@ON_SQLITE
def test_a_customer_gets_the_store_data_once_the_link_is_proven(canary: Canary) -> None:
    with canary.shop.connect() as (_shop, connection), connection.begin():
        connection.execute(update(link).where(link.c.active == 1).values(proven_by="link_code"))
    target = canary.shop.folder / "for-the-person.csv"
    assert canary.shop.run("export", str(canary.eccube_id), "--output", str(target)) == 0
    assert ("family name", "鏑木") in {(line[2], line[3]) for line in lines_of(target)}
    for arguments in ((), ("999999",), ("1", "--member", canary.code)):
        assert canary.shop.run("export", *arguments) == 64
