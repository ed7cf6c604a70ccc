"""Our tables: the definitions, the migrations and the generated files say the same, on real databases."""

from __future__ import annotations

import ast
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import URL, Connection, NullPool, create_engine, inspect

from eccube_sync import resources
from eccube_sync.errors import ConfigurationError
from eccube_sync.services.setup.migrating import migrate, needed_version, require_schema, schema_state
from eccube_sync.services.setup.schemafiles import (
    DIALECTS,
    SQL_FOLDER,
    migration_texts,
    schema_sql,
    without_schema,
)
from eccube_sync.tables import OWN_SCHEMA, metadata
from eccube_sync.tables.runs import guard_approval
from eccube_sync.tables.version import schema_version
from tests.setup.conftest import Place

VERSIONS = sorted((SQL_FOLDER / "migrations" / "versions").glob("*.py"))


def described(connection: Connection, schema: str) -> dict[str, Any]:
    """Everything the database knows about our tables, in an order of its own."""
    inspector = inspect(connection)
    tables = {}
    for name in inspector.get_table_names(schema):
        if name == schema_version.name:
            continue
        foreign = inspector.get_foreign_keys(name, schema)
        tables[name] = {
            "columns": [
                column | {"type": repr(column["type"])} for column in inspector.get_columns(name, schema)
            ],
            "key": inspector.get_pk_constraint(name, schema),
            "references": sorted((key | {"referred_schema": ""} for key in foreign), key=repr),
            "unique": sorted(inspector.get_unique_constraints(name, schema), key=repr),
            "indexes": sorted(inspector.get_indexes(name, schema), key=repr),
            "options": inspector.get_table_options(name, schema),
        }
    connection.rollback()
    return tables


def differences_alembic_sees(place: Place) -> list[Any]:
    """What the next migration would be made of."""
    if place.shop.server is None:
        address: str | URL = f"sqlite:///{place.folder / place.own}"
    else:
        address = place.shop.server.url(place.own)
    options = {"include_name": lambda name, _kind, _parents: name != schema_version.name}
    with create_engine(address, poolclass=NullPool).connect() as connection:
        context = MigrationContext.configure(connection=connection, opts=options)
        return list(compare_metadata(context, without_schema()))


def described_now(place: Place) -> dict[str, Any]:
    database = place.database()
    with database.connect() as connection:
        return described(connection, database.own_schema)


def empty_schema(place: Place) -> None:
    if place.shop.server is not None:
        place.root(f"DROP DATABASE IF EXISTS {place.own}", f"CREATE DATABASE {place.own} COLLATE utf8mb4_bin")
    else:
        (place.folder / place.own).unlink(missing_ok=True)


def stored_version(place: Place) -> str | None:
    with place.database().connect() as connection:
        return schema_state(connection).stored


def set_version(place: Place, version: str) -> None:
    with place.database().connect() as connection, connection.begin():
        connection.execute(schema_version.update().values(version_num=version))


def test_migrations_make_exactly_the_tables_that_are_defined(place: Place) -> None:
    assert place.run("migrate") == 0
    migrated = described_now(place)
    assert differences_alembic_sees(place) == []
    empty_schema(place)
    with place.database().connect() as connection, connection.begin():
        metadata.create_all(connection)
    assert set(migrated) == {table.name for table in metadata.sorted_tables}
    assert migrated == described_now(place)


def test_the_generated_schema_file_makes_the_same_tables(place: Place) -> None:
    assert place.run("migrate") == 0
    migrated = described_now(place)
    empty_schema(place)
    own = OWN_SCHEMA if place.shop.server is None else place.own
    script = schema_sql(place.shop.kind).replace(f"{OWN_SCHEMA}.", f"{own}.")
    with place.database().connect() as connection, connection.begin():
        for statement in script.split(";\n"):
            if statement.strip():
                connection.exec_driver_sql(statement)
    assert migrated == described_now(place)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_generated_schema_files_are_up_to_date(dialect: str) -> None:
    stored = resources.text("sql", "schema", f"{dialect}.sql")
    assert stored == schema_sql(dialect), "run: make schema"


def test_no_migration_is_missing() -> None:
    assert migration_texts(len(VERSIONS) + 1) == {}


def test_every_migration_is_one_step_under_the_number_in_its_name() -> None:
    for number, path in enumerate(VERSIONS, 1):
        tree = ast.parse(path.read_text())
        assigned = {
            node.targets[0].id: node.value.value  # type: ignore[attr-defined]
            for node in tree.body
            if isinstance(node, ast.Assign)
        }
        before = f"{number - 1:04}" if number > 1 else None
        assert assigned == {"revision": path.name[:4], "down_revision": before}, path.name
        assert int(path.name[:4]) == number
        (upgrade,) = (node for node in tree.body if isinstance(node, ast.FunctionDef))
        assert len(upgrade.body) == 1, path.name


def test_migrating_twice_changes_nothing_and_says_so(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    assert place.run("migrate") == 0
    before = described_now(place)
    capsys.readouterr()
    assert place.run("migrate") == 0
    assert "nothing to do" in capsys.readouterr().out
    assert described_now(place) == before


def test_a_database_of_ours_that_is_made_on_sqlite_is_for_its_owner_only(sqlite_place: Place) -> None:
    before = os.umask(0)
    try:
        sqlite_place.run("migrate")
    finally:
        os.umask(before)
    assert (sqlite_place.folder / sqlite_place.own).stat().st_mode & 0o777 == 0o600


def test_migrating_a_shop_that_is_not_there_makes_no_empty_one(
    sqlite_place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = sqlite_place.folder / "no-shop.db"
    sqlite_place.values["database"]["eccube"] = missing
    assert sqlite_place.run("migrate") == 78
    assert "no-shop.db" in capsys.readouterr().err
    assert not missing.exists()


def test_without_a_prefix_no_table_is_made_among_ec_cubes(
    mariadb_place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    before = mariadb_place.shop.rows("SHOW TABLES")
    mariadb_place.values["database"]["own"] = mariadb_place.shop.database
    assert mariadb_place.run("migrate") == 78
    assert mariadb_place.run("migrate", "--sql") == 78
    assert "database.table_prefix" in capsys.readouterr().err
    assert mariadb_place.shop.rows("SHOW TABLES") == before


def test_the_printed_statements_make_prefixed_tables_too(
    mariadb_place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    mariadb_place.values["database"] |= {"own": mariadb_place.shop.database, "table_prefix": "sync_"}
    assert mariadb_place.run("migrate", "--sql") == 0
    script = capsys.readouterr().out
    statements = [part for part in script.split(";\n") if part.strip()]
    mariadb_place.root(*statements)
    assert stored_version(mariadb_place) == needed_version()
    assert mariadb_place.run("migrate") == 0
    assert "nothing to do" in capsys.readouterr().out


def test_the_printed_statements_make_the_same_tables(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    assert place.run("migrate", "--sql") == 0
    script = capsys.readouterr().out
    place.run("migrate")
    migrated = described_now(place)
    empty_schema(place)
    if place.shop.server is None:
        with sqlite3.connect(place.folder / place.own) as own:
            own.executescript(script)
    else:
        with place.database().connect() as connection, connection.begin():
            for statement in script.split(";\n"):
                if statement.strip():
                    connection.exec_driver_sql(statement)
    assert described_now(place) == migrated
    assert stored_version(place) == needed_version()


def test_printing_the_statements_writes_nothing(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert place.run("migrate", "--sql") == 0
    assert "CREATE TABLE" in capsys.readouterr().out
    if place.shop.server is None:
        assert not (place.folder / place.own).exists()
    else:
        assert (
            place.shop.rows(
                "SELECT 1 FROM information_schema.schemata WHERE schema_name = :own", own=place.own
            )
            == []
        )


def test_only_the_statements_still_to_run_are_printed(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.run("migrate")
    set_version(place, f"{len(VERSIONS) - 1:04}")
    capsys.readouterr()
    place.run("migrate", "--sql")
    printed = capsys.readouterr().out
    assert printed.count("UPDATE schema_version") == 1


def test_statements_are_printed_without_a_server_too(
    mariadb_place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    del mariadb_place.values["database"]["socket"]
    mariadb_place.values["database"] |= {"host": "127.0.0.1", "port": 1}
    assert mariadb_place.run("migrate", "--sql") == 0
    assert f"CREATE DATABASE IF NOT EXISTS `{mariadb_place.own}`" in capsys.readouterr().out


# --- killed, older, newer ----------------------------------------------------------------------

KILLED = """
import os, signal, sys
from sqlalchemy import event, Engine
from eccube_sync.cli import main

left = [int(sys.argv[1])]

@event.listens_for(Engine, "before_cursor_execute")
def count(connection, cursor, statement, *rest):
    if statement.split()[0] in ("CREATE", "INSERT", "UPDATE") or statement.startswith("\\nCREATE"):
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)

main(sys.argv[2:])
"""


@pytest.mark.parametrize("steps", [2, 3])
def test_a_migration_that_was_killed_is_finished_by_the_next(place: Place, steps: int) -> None:
    place.write()
    command = [sys.executable, "-c", KILLED, str(steps), "--config", str(place.path), "migrate"]
    killed = subprocess.run(command, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert stored_version(place) != needed_version()
    assert place.run("migrate") == 0
    with place.database().connect() as connection:
        require_schema(connection)
        tables = described(connection, place.database().own_schema)
    assert set(tables) == {table.name for table in metadata.sorted_tables}
    assert all(
        {index.name for index in table.indexes} <= {index["name"] for index in tables[table.name]["indexes"]}
        for table in metadata.sorted_tables
    )


def test_without_our_tables_a_command_says_to_migrate(place: Place) -> None:
    with (
        place.database().connect() as connection,
        pytest.raises(ConfigurationError, match="eccube-sync migrate"),
    ):
        require_schema(connection)


def test_older_tables_are_refused_until_migrated(place: Place) -> None:
    place.run("migrate")
    set_version(place, "0001")
    with place.database().connect() as connection, pytest.raises(ConfigurationError, match=r"0001.*migrate"):
        require_schema(connection)
    assert place.run("migrate") == 0
    with place.database().connect() as connection:
        require_schema(connection)


def test_tables_of_a_newer_program_are_refused_and_left_alone(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.run("migrate")
    before = described_now(place)
    set_version(place, "9999")
    with place.database().connect() as connection, pytest.raises(ConfigurationError, match="newer"):
        require_schema(connection)
    assert place.run("migrate") == 78
    assert place.run("migrate", "--sql") == 78
    assert "9999" in capsys.readouterr().err
    assert described_now(place) == before
    assert stored_version(place) == "9999"


@pytest.fixture
def column_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A release with one more migration, which adds a column."""
    add_column_step(tmp_path, monkeypatch)
    return "9000"


def add_column_step(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    versions = folder / "sql" / "migrations" / "versions"
    versions.mkdir(parents=True)
    for path in VERSIONS:
        (versions / path.name).write_text(path.read_text())
    (versions / "9000_add_store_city.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\n"
        f'revision = "9000"\ndown_revision = "{VERSIONS[-1].name[:4]}"\n'
        "def upgrade():\n"
        '    op.add_column("store", sa.Column("city", sa.String(64)), if_not_exists=True)\n'
    )
    monkeypatch.setattr(resources, "folder", folder.joinpath)


def test_an_update_adds_a_column_also_when_its_version_was_not_stored(place: Place, column_step: str) -> None:
    settings = place.settings()
    migrate(settings, place.clock, "test")
    assert stored_version(place) == column_step
    set_version(place, VERSIONS[-1].name[:4])
    migrate(settings, place.clock, "test")
    assert stored_version(place) == column_step
    schema = place.database().own_schema
    with place.database().connect() as connection:
        assert "city" in [column["name"] for column in inspect(connection).get_columns("store", schema)]


def test_the_tables_are_saved_before_they_change_and_the_program_before_can_go_back(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.MonkeyPatch.context() as updated:
        place.settings().folders.create()
        assert place.run("migrate") == 0
        assert place.run("guards", "approve", "2027-04-01", "12") == 0
        before = approvals(place)
        add_column_step(place.folder, updated)
        assert place.run("migrate") == 0
        assert "eccube-sync restore" in capsys.readouterr().out
    assert place.run("check") == 78
    assert place.run("restore") == 0
    assert stored_version(place) == "9000"
    assert place.run("restore", "--apply") == 0
    assert stored_version(place) == needed_version()
    assert approvals(place) == before
    assert before


def approvals(place: Place) -> list[tuple[Any, ...]]:
    with place.database().connect() as connection:
        return [tuple(row) for row in connection.execute(guard_approval.select())]


def test_migrating_prints_no_logs(place: Place, capfd: pytest.CaptureFixture[str]) -> None:
    place.run("migrate")
    captured = capfd.readouterr()
    assert captured.err == ""
    assert len(captured.out.splitlines()) == 1
