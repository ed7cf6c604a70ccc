"""A backup put back, or a database copied, stops every run until a person says what it is; no mail leaves twice (P11).

These are the faults most likely to hurt a shop: (a) a dump is put back after the night that mailed everybody,
(b) the database is copied for tests and run with the shop's own configuration, (c) a plugin renames the column the
class is shown with. Copies that become staging are in tests/setup/test_staging.py, the journal of mails that left
in tests/outbox/test_restored.py, and backups at any point of any life in
``test_whatever_happens_the_books_agree.py``.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import inspect, select, update

from eccube_sync.tables.notices import notice
from eccube_sync.tables.runs import installation
from tests.nightly.endstate import differences, eccube_state, received
from tests.promises.scale import scale
from tests.support.installed import TODAY, InstalledShop
from tests.support.mariadb import Server
from tests.support.shop import Shop
from tests.support.smtp import Sink

pytestmark = pytest.mark.promise("P11")

Captured = pytest.CaptureFixture[str]
NIGHT = TODAY + timedelta(days=1)
SECTIONS = '[notices]\nper_minute = 10000\nper_hour = 10000\nper_day = 10000\nkinds = ["expired"]\n'


@pytest.fixture
def on_the_eve(installed: InstalledShop, sink: Sink) -> InstalledShop:
    """A shop whose members' terms all ended yesterday: tonight tells every linked customer."""
    shop = installed
    shop.mail_port, shop.sections = sink.port, SECTIONS
    shop.guards = "downgrades = 1000\nsurprise_downgrades = 1000"
    shop.configure()
    shop.fill(scale(60, 900), scale(80, 1100))
    shop.members = [replace(one, end_date=TODAY, unlimited=False) for one in shop.members]
    shop.drop_export(TODAY)
    shop.at(TODAY, 3)
    assert shop.run("-q", "nightly") in {0, 1}
    return shop


def night(shop: InstalledShop, days: int = 0) -> int:
    """A night on new data, by day, so that its mails leave at once."""
    shop.drop_export(NIGHT + timedelta(days=days))
    shop.at(NIGHT + timedelta(days=days), 11)
    return shop.run("-q", "nightly")


def dumped(shop: InstalledShop, folder: Path) -> Callable[[], None]:
    """Keep our database as it is; what is returned puts it back."""
    if shop.eccube.server is None:
        path = shop.settings().sqlite_path("own")
        shutil.copy2(path, folder / "dump.db")
        return lambda: shutil.copy2(folder / "dump.db", path) and None
    server, own, kept = (
        shop.eccube.server,
        shop.settings().database.own,
        f"{shop.settings().database.own}_kept",
    )
    copy(server, own, kept)

    def put_back() -> None:
        names = tables(server, kept)
        server.execute(
            "SET FOREIGN_KEY_CHECKS = 0",
            *(f"DELETE FROM {own}.`{name}`" for name in names),
            *(f"INSERT INTO {own}.`{name}` SELECT * FROM {kept}.`{name}`" for name in names),
        )
        server.execute(f"DROP DATABASE {kept}")

    return put_back


def tables(server: Server, database: str) -> list[str]:
    """The tables of a database."""
    with server.connect(database) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW TABLES")
        return [str(row[0]) for row in cursor.fetchall()]


def copy(server: Server, database: str, new: str) -> None:
    """Copy a database under another name, as a dump and its import do."""
    server.execute(f"CREATE DATABASE {new}")
    for name in tables(server, database):
        server.execute(f"CREATE TABLE {new}.`{name}` LIKE {database}.`{name}`")
        server.execute(f"INSERT INTO {new}.`{name}` SELECT * FROM {database}.`{name}`")


def test_a_dump_of_yesterday_put_back_mails_none_of_those_who_were_mailed(
    on_the_eve: InstalledShop, sink: Sink, proof: Counter[str], tmp_path: Path, capsys: Captured
) -> None:
    shop = on_the_eve
    put_back = dumped(shop, tmp_path)
    assert night(shop) in {0, 1}
    told = received(sink.mails)
    assert len(told) >= scale(20, 300)

    put_back()
    before = shop.state()
    assert night(shop) == 78
    assert "restored backup" in capsys.readouterr().err
    assert shop.state() == before
    assert len(sink.mails) == len(told)

    assert shop.run("-q", "adopt", "--as", "production", "--apply") == 0
    for days in (0, 1, 2):
        assert night(shop, days) == (1 if days == 0 else 0)
    assert len(received(sink.mails)) == len(told)  # which asserts that none came twice
    assert shop.count(notice, notice.c.state == "in_doubt") == len(told)
    proof["mails that did not leave again"] += len(told)


@pytest.mark.parametrize("shop", ["mariadb"], indirect=True)
@pytest.mark.parametrize("copied", ["both", "ours"])
def test_a_copy_under_another_name_is_not_written_and_mails_nobody(
    on_the_eve: InstalledShop, sink: Sink, proof: Counter[str], capsys: Captured, copied: str
) -> None:
    shop, server = on_the_eve, on_the_eve.eccube.server
    assert server is not None
    shop.at(NIGHT, 3)
    shop.drop_export(NIGHT)
    assert shop.run("-q", "nightly") in {0, 1}
    assert shop.count(notice, notice.c.state == "queued")
    lines, database = shop.database_lines, shop.settings().database
    for name in {"both": (database.eccube, database.own), "ours": (database.own,)}[copied]:
        copy(server, name, f"{name}_stg")
        server.execute(f"GRANT ALL ON {name}_stg.* TO {database.runtime.user}@localhost")
        lines = lines.replace(f'"{name}"', f'"{name}_stg"')
    shop.database_lines = lines
    shop.configure()
    before, eccube = shop.state(), eccube_state(shop)
    for command in (
        ["nightly"],
        ["classify", "--apply"],
        ["project", "--apply"],
        ["notify", "--ignore-window"],
    ):
        shop.at(NIGHT, 11)
        shop.drop_export(NIGHT)
        assert shop.run("-q", *command) == 78, command
    assert "looks like a copy" in capsys.readouterr().err
    assert shop.state() == before
    assert differences(eccube, eccube_state(shop)) == []
    assert sink.mails == []
    for name in tables_of_copies(server):
        server.execute(f"DROP DATABASE {name}")
    proof["copies refused"] += 1


@pytest.mark.parametrize("shop", ["mariadb"], indirect=True)
def test_the_same_database_on_another_host_is_not_written_and_mails_nobody(
    on_the_eve: InstalledShop, sink: Sink, proof: Counter[str], capsys: Captured
) -> None:
    shop = on_the_eve
    with shop.connect() as (_service, connection), connection.begin():
        name = connection.execute(select(installation.c.database_name)).scalar_one()
        connection.execute(update(installation).values(database_name=f"another.{name}"))
    before, eccube = shop.state(), eccube_state(shop)
    assert night(shop) == 78
    assert "looks like a copy" in capsys.readouterr().err
    assert shop.state() == before
    assert differences(eccube, eccube_state(shop)) == []
    assert sink.mails == []
    proof["copies refused"] += 1


def tables_of_copies(server: Server) -> list[str]:
    """The databases this test made."""
    with server.connect("mysql") as connection, connection.cursor() as cursor:
        cursor.execute("SHOW DATABASES LIKE '%stg'")
        return [str(row[0]) for row in cursor.fetchall()]


def test_a_copy_under_the_same_names_is_known_by_a_state_folder_that_never_saw_it(
    on_the_eve: InstalledShop, sink: Sink, proof: Counter[str], capsys: Captured
) -> None:
    """Another server whose host and databases are called the same, as in containers, and a new state folder."""
    shop = on_the_eve
    assert shop.run("-q", "classify", "--apply") == 0
    (shop.settings().folders.root / "installation.json").unlink()
    before = shop.state()
    assert night(shop) == 78
    assert "never seen this database" in capsys.readouterr().err
    assert shop.state() == before
    assert sink.mails == []
    assert shop.run("-q", "adopt", "--as", "production", "--apply") == 0
    assert night(shop) in {0, 1}
    assert sink.mails
    proof["copies refused"] += 1


def test_a_column_that_a_plugin_renamed_stops_the_night_before_it_writes_to_eccube(
    on_the_eve: InstalledShop, sink: Sink, eccube_columns: Callable[[Shop], set[str]]
) -> None:
    shop = on_the_eve
    assert "backend_name" in eccube_columns(shop.eccube)
    shop.eccube.execute("ALTER TABLE plg_customer_group RENAME COLUMN backend_name TO admin_name")
    before = eccube_state(shop)
    assert night(shop) == 78
    assert differences(before, eccube_state(shop)) == []
    assert sink.mails == []  # nobody is told of a class that EC-CUBE does not show


@pytest.fixture
def eccube_columns() -> Callable[[Shop], set[str]]:
    """The columns of the plugin's table of groups."""
    return lambda shop: {one["name"] for one in inspect(shop.engine).get_columns("plg_customer_group")}
