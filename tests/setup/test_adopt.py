"""``adopt``: only a person says that a restored or moved database is the right one."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import insert, select, update

from eccube_sync.clock import to_database
from eccube_sync.tables.runs import installation
from tests.setup.conftest import NOW, Place

Captured = pytest.CaptureFixture[str]
ROW = {"id": 1, "install_id": "x", "run_counter": 3, "created_at": to_database(NOW)}


@pytest.fixture
def moved(place: Place) -> Place:
    """A database that says it is another one."""
    place.settings().folders.create()
    assert place.run("migrate") == 0
    with place.database().connect() as connection, connection.begin():
        connection.execute(insert(installation).values(**ROW, database_name="elsewhere"))
    return place


def recorded(place: Place) -> str:
    with place.database().connect() as connection:
        return str(connection.execute(select(installation.c.database_name)).scalar_one())


def test_without_a_yes_it_says_why_and_writes_nothing(moved: Place, capsys: Captured) -> None:
    assert moved.run("adopt") == 0
    printed = capsys.readouterr().out
    assert "elsewhere" in printed
    assert "--apply" in printed
    assert recorded(moved) == "elsewhere"
    assert not (moved.folder / "installation.json").exists()


def test_nobody_adopts_without_saying_as_what(moved: Place, capsys: Captured) -> None:
    assert moved.run("adopt", "--apply") == 64
    assert "--as staging" in capsys.readouterr().err
    assert recorded(moved) == "elsewhere"


def test_after_a_yes_the_database_is_accepted(moved: Place, capsys: Captured) -> None:
    assert moved.run("adopt", "--as", "production", "--apply") == 0
    assert recorded(moved) != "elsewhere"
    capsys.readouterr()
    assert moved.run("adopt", "--as", "production", "--apply") == 0
    assert "nothing to adopt" in capsys.readouterr().out


def test_a_restored_backup_is_accepted_at_the_run_it_stands_at(moved: Place, capsys: Captured) -> None:
    moved.run("adopt", "--as", "production", "--apply")
    known = moved.folder / "installation.json"
    known.write_text(json.dumps({"install_id": "x", "run_counter": 99}))
    assert moved.run("adopt") == 0
    assert "restored" in capsys.readouterr().out
    assert moved.run("adopt", "--as", "production", "--apply") == 0
    assert json.loads(known.read_text())["run_counter"] == 3


def test_a_database_without_a_run_needs_no_adoption(place: Place, capsys: Captured) -> None:
    place.settings().folders.create()
    place.run("migrate")
    capsys.readouterr()
    assert place.run("adopt", "--as", "production", "--apply") == 0
    assert "nothing to adopt" in capsys.readouterr().out


def test_a_database_whose_counter_went_on_is_not_taken_for_a_restored_one(
    moved: Place, capsys: Captured
) -> None:
    moved.run("adopt", "--as", "production", "--apply")
    with moved.database().connect() as connection, connection.begin():
        connection.execute(update(installation).values(run_counter=7))
    capsys.readouterr()
    moved.run("adopt")
    assert "nothing to adopt" in capsys.readouterr().out
