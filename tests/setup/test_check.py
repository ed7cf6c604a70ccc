"""``check``: a line for everything, every fault provoked once, and nothing ever written."""

from __future__ import annotations

import hashlib
import json
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import NullPool, create_engine, insert, update

from eccube_sync.clock import to_database
from eccube_sync.services.codes.keys import ensure_key, key_file
from eccube_sync.services.setup.findings import TITLES
from eccube_sync.services.setup.migrating import needed_version
from eccube_sync.services.setup.migrations import upgrade
from eccube_sync.tables import metadata
from eccube_sync.tables.customers import customer, projection_state
from eccube_sync.tables.notices import notice
from eccube_sync.tables.runs import installation, run
from eccube_sync.tables.version import schema_version
from tests.setup.conftest import NOW, Place
from tests.support.maildir import Maildir
from tests.support.mariadb import Server
from tests.support.smtp import FaultyServer

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def ready(place: Place, request: pytest.FixtureRequest) -> Place:
    """A shop with nothing to mend."""
    return make_ready(place, request)


@pytest.fixture
def sqlite_ready(sqlite_place: Place, request: pytest.FixtureRequest) -> Place:
    return make_ready(sqlite_place, request)


@pytest.fixture
def mariadb_ready(mariadb_place: Place, request: pytest.FixtureRequest) -> Place:
    return make_ready(mariadb_place, request)


def make_ready(place: Place, request: pytest.FixtureRequest) -> Place:
    settings = place.settings()
    settings.folders.create()
    ensure_key(settings.folders)
    if place.shop.server is None:
        shutil.copy(request.getfixturevalue("migrated_file"), place.folder / place.own)
    else:
        user, replaced = place.values["database.runtime"]["user"], place.own
        place.own = place.values["database"]["own"] = request.getfixturevalue("migrated_schema")
        tables = [f"{place.own}.{table.name}" for table in metadata.sorted_tables]
        place.root(
            f"GRANT ALL ON {place.own}.* TO {user}@localhost",
            f"REVOKE ALL ON {replaced}.* FROM {user}@localhost",
            "SET FOREIGN_KEY_CHECKS = 0",
            *(f"DELETE FROM {name}" for name in tables),
            f"UPDATE {place.own}.schema_version SET version_num = '{needed_version()}'",
        )
    return place


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our tables on SQLite, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "ours.db"
    with create_engine(f"sqlite:///{path}", poolclass=NullPool).connect() as connection:
        upgrade(connection)
    return path


@pytest.fixture(scope="session")
def migrated_schema(mariadb_server: Server) -> str:
    """Our tables on MariaDB, emptied before every use."""
    mariadb_server.execute("CREATE DATABASE sync_ready COLLATE utf8mb4_bin")
    with create_engine(mariadb_server.url("sync_ready"), poolclass=NullPool).connect() as connection:
        upgrade(connection)
    return "sync_ready"


def found(place: Place, capsys: Captured) -> list[dict[str, str]]:
    """What ``check`` finds with the configuration as the place now has it."""
    place.write()
    capsys.readouterr()
    code = place.run("check", "--json")
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert answer["ok"] == (code == 0)
    assert code in (0, 78)
    return list(answer["checks"])


def faults(place: Place, capsys: Captured, *, ignored: tuple[str, ...] = ("clock",)) -> dict[str, str]:
    """Key → message of what is wrong. A clock that stands is not the subject."""
    return {
        one["check"]: one["message"]
        for one in found(place, capsys)
        if one["state"] == "wrong" and one["check"] not in ignored
    }


def write(place: Place, *statements: Any) -> None:
    """Put rows into our tables as a run would have."""
    with place.database().connect() as connection, connection.begin():
        for statement in statements:
            connection.execute(statement)


def a_run(number: int = 1, command: str = "nightly", state: str = "done", hours_ago: float = 3) -> Any:
    moment = to_database(NOW - timedelta(hours=hours_ago))
    return insert(run).values(
        id=number, command=command, today=NOW.date(), state=state, started_at=moment, finished_at=moment,
        actor="test", program_version="0",
    )  # fmt: skip


def a_customer(eccube_id: int = 1) -> Any:
    return insert(customer).values(
        id=1, eccube_id=eccube_id, eccube_created_at=to_database(NOW), state="full", current=1, fingerprint="f",
        first_run_id=1, changed_run_id=1,
    )  # fmt: skip


# --- all is well ---------------------------------------------------------------------------------


def test_a_shop_with_nothing_to_mend_has_no_faults(ready: Place, capsys: Captured) -> None:
    assert faults(ready, capsys) == {}


def test_every_matter_has_its_line(sqlite_ready: Place, capsys: Captured) -> None:
    seen = {one["check"] for one in found(sqlite_ready, capsys)}
    assert seen == set(TITLES)


def test_people_get_one_line_each_with_a_sign(sqlite_ready: Place, capsys: Captured) -> None:
    expected = found(sqlite_ready, capsys)
    sqlite_ready.run("check")
    lines = capsys.readouterr().out.splitlines()
    signs = {"ok": "✓", "wrong": "✗", "note": "–"}
    assert [line[0] for line in lines] == [signs[one["state"]] for one in expected]


def test_checking_writes_nothing_at_all(sqlite_ready: Place, capsys: Captured) -> None:
    sqlite_ready.shop.add_customer()
    sqlite_ready.values["projection"] = {"kind": "customer_group", "group": "店舗会員"}
    sqlite_ready.write()

    def everything() -> dict[str, str]:
        files = [*sqlite_ready.folder.rglob("*"), Path(sqlite_ready.shop.database)]
        return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files if path.is_file()}

    before = everything()
    sqlite_ready.run("check")
    assert everything() == before


def test_checking_before_migrating_makes_no_database(sqlite_place: Place, capsys: Captured) -> None:
    assert "migrate" in faults(sqlite_place, capsys)["connection"]
    assert not (sqlite_place.folder / sqlite_place.own).exists()


# --- configuration, files, decisions -------------------------------------------------------------


def test_every_fault_of_the_configuration_is_a_line(sqlite_ready: Place, capsys: Captured) -> None:
    sqlite_ready.values["shop"] = {"nam": "x"}
    wrong = found(sqlite_ready, capsys)
    assert {one["check"] for one in wrong} == {"configuration"}
    assert len(wrong) == 2  # the misspelt key, and the name that is missing


def test_no_configuration_at_all_is_a_line_too(sqlite_place: Place, capsys: Captured) -> None:
    assert sqlite_place.run("--config", "/nowhere/eccube-sync.toml", "check") == 78
    assert "✗ configuration" in capsys.readouterr().out


@pytest.mark.parametrize("change", ["missing", "readable", "config_writable", "no_drop"])
def test_folders_that_others_could_use_or_that_are_missing(
    sqlite_ready: Place, capsys: Captured, change: str
) -> None:
    folders = sqlite_ready.settings().folders
    if change == "missing":
        shutil.rmtree(folders.crash)
    elif change == "readable":
        folders.review_out.chmod(0o755)
    elif change == "no_drop":
        sqlite_ready.values["source"]["watch"] = sqlite_ready.folder / "elsewhere"
    else:
        folders.root.chmod(0o775)
    assert faults(sqlite_ready, capsys).keys() == {"folders"}


def test_lost_keys_of_link_codes(sqlite_ready: Place, capsys: Captured) -> None:
    key_file(sqlite_ready.settings().folders).unlink()
    assert "link-codes.json" in faults(sqlite_ready, capsys)["secrets"]


def test_no_legal_ground(sqlite_ready: Place, capsys: Captured) -> None:
    del sqlite_ready.values["legal"]
    assert "legal.relation" in faults(sqlite_ready, capsys)["legal"]


def test_advertising_without_a_complete_sender(sqlite_ready: Place, capsys: Captured) -> None:
    sqlite_ready.values["notices"] = {"promotion": True}
    assert "notices.promotion" in faults(sqlite_ready, capsys)["configuration"]
    sqlite_ready.values["sender"] = {
        "name": "株式会社見本", "postal_address": "東京都", "contact": "03-0000-0000",
        "unsubscribe_url": "https://shop.example.jp/stop",
    }  # fmt: skip
    assert faults(sqlite_ready, capsys) == {}


# --- mail ------------------------------------------------------------------------------------------


def test_a_template_with_a_mistake_is_named_with_its_line(sqlite_ready: Place, capsys: Captured) -> None:
    folder = sqlite_ready.folder / "mails" / "expired"
    folder.mkdir(parents=True)
    (folder / "body.txt").write_text("one\n{{ custmer_name }}\n")
    sqlite_ready.values["notices"] = {"templates": folder.parent}
    message = faults(sqlite_ready, capsys)["templates"]
    assert "expired/body.txt, line 2" in message


def with_mail(place: Place, port: int) -> None:
    password = place.folder / "secrets" / "mail"
    password.write_text("secret\n")
    password.chmod(0o600)
    place.values["mail"] = {
        "host": "127.0.0.1", "port": port, "security": "plain", "sender": "shop@example.jp", "user": "shop",
        "password_file": password,
    }  # fmt: skip


def test_the_login_at_the_mail_server_is_tried_and_nothing_is_sent(
    sqlite_ready: Place, capsys: Captured
) -> None:
    with FaultyServer(offers=("AUTH PLAIN LOGIN",)) as server:
        with_mail(sqlite_ready, server.port)
        assert faults(sqlite_ready, capsys) == {}
        commands = [line.split()[0].upper() for line in server.heard]
        assert b"AUTH" in commands
        assert b"MAIL" not in commands


def test_a_mail_server_that_refuses_the_login(sqlite_ready: Place, capsys: Captured) -> None:
    with FaultyServer("auth", "535 5.7.8 no", offers=("AUTH PLAIN LOGIN",)) as server:
        with_mail(sqlite_ready, server.port)
        assert "refused our login" in faults(sqlite_ready, capsys)["mail"]


def test_a_mailbox_that_cannot_be_read_every_night(
    sqlite_ready: Place, tmp_path: Path, capsys: Captured
) -> None:
    with FaultyServer(offers=("AUTH PLAIN LOGIN",)) as server:
        with_mail(sqlite_ready, server.port)
        sqlite_ready.values["mail"]["bounces"] = tmp_path / "Maildir"
        assert "no Maildir" in faults(sqlite_ready, capsys)["returned"]
        Maildir(tmp_path / "Maildir")
        assert faults(sqlite_ready, capsys) == {}


# --- the database ----------------------------------------------------------------------------------


def test_a_server_that_is_not_there(mariadb_place: Place, capsys: Captured) -> None:
    mariadb_place.settings().folders.create()
    del mariadb_place.values["database"]["socket"]
    mariadb_place.values["database"] |= {"host": "127.0.0.1", "port": 1}
    assert "2003" in faults(mariadb_place, capsys)["connection"]


def test_a_database_that_is_no_ec_cube(ready: Place, capsys: Captured) -> None:
    ready.shop.execute("ALTER TABLE dtb_customer RENAME TO other_customer")
    assert {"generation", "eccube_schema"} <= faults(ready, capsys).keys()


def test_a_column_of_ec_cube_that_was_dropped(ready: Place, capsys: Captured) -> None:
    ready.shop.execute("ALTER TABLE dtb_customer DROP COLUMN kana01")
    assert "dtb_customer.kana01" in faults(ready, capsys)["eccube_schema"]


@pytest.mark.parametrize(
    ("changed", "words"), [("kana01 VARCHAR(20)", "too short"), ("create_date VARCHAR(255)", "another type")]
)
def test_a_column_of_ec_cube_that_was_changed(
    mariadb_ready: Place, capsys: Captured, changed: str, words: str
) -> None:
    mariadb_ready.shop.execute(f"ALTER TABLE dtb_customer MODIFY {changed}")
    assert words in faults(mariadb_ready, capsys)["eccube_schema"]


@pytest.mark.parametrize(("version", "words"), [("0001", "migrate"), ("9999", "newer")])
def test_our_tables_of_another_version(ready: Place, capsys: Captured, version: str, words: str) -> None:
    write(ready, update(schema_version).values(version_num=version))
    assert words in faults(ready, capsys)["schema"]


def test_a_database_that_is_a_copy_or_a_restored_backup(ready: Place, capsys: Captured) -> None:
    row = {"id": 1, "install_id": "x", "run_counter": 3, "created_at": to_database(NOW)}
    write(ready, insert(installation).values(**row, database_name="elsewhere"))
    assert "copy" in faults(ready, capsys)["identity"]


def test_clocks_that_differ(mariadb_ready: Place, capsys: Captured) -> None:
    mariadb_ready.clock.advance(timedelta(days=400))
    assert "synchronisation" in faults(mariadb_ready, capsys, ignored=())["clock"]


# --- rights --------------------------------------------------------------------------------------------


def with_account(place: Place, *grants: str) -> None:
    """Let an account with these rights run everything; it is dropped with the server."""
    user = f"checked_{place.shop.database}"
    password = place.folder / "secrets" / "checked"
    password.write_text("secret\n")
    password.chmod(0o600)
    place.root(f"CREATE USER {user}@localhost IDENTIFIED BY 'secret'")
    for grant in grants:
        place.root(
            f"GRANT {grant} TO {user}@localhost".replace("OURS", place.own).replace(
                "SHOP", place.shop.database
            )
        )
    place.values["database"]["accounts"] = "two"
    place.values["database.runtime"] = {"user": user, "password_file": password}
    place.values["database.setup"] = {"user": "root"}


def rights(place: Place, capsys: Captured) -> list[str]:
    return [f"{one['state']} {one['message']}" for one in found(place, capsys) if one["check"] == "rights"]


def test_too_few_rights_are_named(mariadb_ready: Place, capsys: Captured) -> None:
    with_account(mariadb_ready, "SELECT (id) ON SHOP.dtb_customer", "SELECT ON OURS.source")
    (line,) = rights(mariadb_ready, capsys)
    assert line.startswith("wrong missing")
    assert "INSERT ON card_state" in line


@pytest.mark.parametrize("privilege", ["FILE", "SUPER", "ALL PRIVILEGES", "SELECT"])
def test_rights_on_the_whole_server_are_refused(
    mariadb_ready: Place, capsys: Captured, privilege: str
) -> None:
    with_account(mariadb_ready, "ALL ON SHOP.*", "ALL ON OURS.*", f"{privilege} ON *.*")
    assert any(line.startswith("wrong rights on the whole server") for line in rights(mariadb_ready, capsys))


def test_all_rights_on_a_database_are_too_many_for_the_account_of_every_day(
    mariadb_ready: Place, capsys: Captured
) -> None:
    with_account(mariadb_ready, "ALL ON SHOP.*", "ALL ON OURS.*")
    assert len([line for line in rights(mariadb_ready, capsys) if line.startswith("wrong")]) == 2


def test_all_rights_on_both_databases_are_only_noted_for_a_single_account(
    mariadb_ready: Place, capsys: Captured
) -> None:
    with_account(mariadb_ready, "ALL ON SHOP.*", "ALL ON OURS.*")
    mariadb_ready.values["database"]["accounts"] = "single"
    del mariadb_ready.values["database.setup"]
    lines = rights(mariadb_ready, capsys)
    assert [line.split()[0] for line in lines] == ["note", "note", "ok"]


def test_rights_on_any_other_database_are_refused(mariadb_ready: Place, capsys: Captured) -> None:
    with_account(mariadb_ready, "ALL ON SHOP.*", "ALL ON OURS.*", "SELECT ON mysql.*")
    mariadb_ready.values["database"]["accounts"] = "single"
    del mariadb_ready.values["database.setup"]
    assert any(line.startswith("wrong SELECT on all of mysql") for line in rights(mariadb_ready, capsys))


def test_a_right_to_write_where_we_never_write_is_refused(mariadb_ready: Place, capsys: Captured) -> None:
    with_account(mariadb_ready, "UPDATE (email) ON SHOP.dtb_customer", "SELECT (id) ON SHOP.dtb_customer")
    assert any("UPDATE (email) ON dtb_customer; revoke" in line for line in rights(mariadb_ready, capsys))


# --- projections, plugins --------------------------------------------------------------------------------


def test_a_place_that_cannot_show_a_class(ready: Place, capsys: Captured) -> None:
    ready.values["projection"] = {"kind": "customer_group", "group": "no such group"}
    assert "no such group" in faults(ready, capsys)["projections"]


def test_values_we_did_not_write_and_never_adopted(ready: Place, capsys: Captured) -> None:
    ready.shop.add_customer()
    ready.shop.execute(
        "INSERT INTO plg_customer_group_customers_groups (customer_id, group_id) VALUES (1, 1)"
    )
    ready.values["projection"] = {"kind": "customer_group", "group": "1"}
    write(ready, a_run(), a_customer())
    assert "--adopt" in faults(ready, capsys)["projections"]


def test_a_class_that_somebody_else_changed(ready: Place, capsys: Captured) -> None:
    ready.shop.add_customer()
    ready.values["projection"] = {"kind": "customer_group", "group": "1"}
    state = {"projection_key": "customer_group:1", "customer_id": 1, "state": "done", "run_id": 1}
    write(
        ready,
        a_run(),
        a_customer(),
        insert(projection_state).values(
            **state, wanted_class="store", written_class="store", written_value="member"
        ),
    )
    assert "somebody else changed 1" in faults(ready, capsys)["projections"]


def test_a_plugin_that_rewrites_groups_is_a_fault_only_where_we_write_groups(
    ready: Place, capsys: Captured
) -> None:
    ready.shop.add_plugin("CustomerGroupRank42")
    assert faults(ready, capsys) == {}
    ready.values["projection"] = {"kind": "customer_group", "group": "1"}
    assert "CustomerGroupRank42" in faults(ready, capsys)["plugins"]


# --- what the runs left behind -----------------------------------------------------------------------------


def test_a_night_that_is_overdue(ready: Place, capsys: Captured) -> None:
    write(ready, a_run(hours_ago=25.9))
    assert faults(ready, capsys) == {}
    write(ready, update(run).values(finished_at=to_database(NOW - timedelta(hours=26.1))))
    assert "cron" in faults(ready, capsys)["nightly"]


def test_a_night_that_was_taken_back_has_been_a_night(ready: Place, capsys: Captured) -> None:
    write(ready, a_run(state="undone", hours_ago=26.1))
    assert "cron" in faults(ready, capsys)["nightly"]
    write(ready, update(run).values(finished_at=to_database(NOW - timedelta(hours=3))))
    assert faults(ready, capsys) == {}


@pytest.mark.parametrize("state", ["failed", "interrupted"])
def test_a_last_run_that_did_not_finish(ready: Place, capsys: Captured, state: str) -> None:
    write(ready, a_run(1), a_run(2, state=state))
    assert "runs show 2" in faults(ready, capsys)["runs"]
    write(ready, a_run(3))
    assert faults(ready, capsys) == {}


def test_mails_in_doubt(ready: Place, capsys: Captured) -> None:
    row = {
        "id": 1, "notice_key": "k", "kind": "expired", "customer_id": 1, "event_on": NOW.date(), "state": "in_doubt",
        "message_id": "<m>", "run_id": 1, "created_at": to_database(NOW),
    }  # fmt: skip
    write(ready, a_run(), a_customer(), insert(notice).values(**row))
    assert "notices resolve" in faults(ready, capsys)["in_doubt"]
