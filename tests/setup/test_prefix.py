"""A host with one database: our tables among EC-CUBE's with a prefix, and back again after EC-CUBE dropped them."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from eccube_sync.tables.customers import projection_state
from eccube_sync.tables.runs import installation, journal, run
from tests.support.installed import TODAY, InstalledShop, install_prefixed, remove
from tests.support.shop import Shop

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def host(mariadb_shop: Shop, tmp_path: Path) -> Iterator[InstalledShop]:
    """A shop on such a host, before ``migrate``."""
    made = install_prefixed(mariadb_shop, tmp_path / "sync")
    yield made
    remove(made)


def tables(shop: InstalledShop) -> set[str]:
    return {name for (name,) in shop.eccube.rows("SHOW TABLES")}


def drop_ours(shop: InstalledShop) -> None:
    """What ``doctrine:schema:update --force --complete`` does to every table EC-CUBE does not know."""
    assert shop.eccube.server is not None
    ours = [f"DROP TABLE `{shop.eccube.database}`.`{name}`" for name in tables(shop) if name[:5] == "sync_"]
    connection = shop.eccube.server.connect()
    with connection.cursor() as cursor:
        for statement in ["SET foreign_key_checks = 0", *ours]:
            cursor.execute(statement)
    connection.close()


def night(shop: InstalledShop, day: date) -> None:
    shop.at(day, 3)
    shop.drop_export(day)
    assert shop.run("-q", "nightly") in {0, 1}


def shown(shop: InstalledShop) -> list[tuple[int, ...]]:
    """Who is in the customer group."""
    return sorted(shop.eccube.rows("SELECT customer_id FROM plg_customer_group_customers_groups"))


def test_a_dropped_schema_comes_back_whole_and_the_next_night_is_right(
    host: InstalledShop, capsys: Captured
) -> None:
    before = tables(host)
    assert host.run("migrate") == 0
    assert {name[:5] for name in tables(host) - before} == {"sync_"}
    host.fill(customers=200, members=260, register=180)
    night(host, TODAY)
    members_shown, state = shown(host), host.state()
    assert members_shown
    drop_ours(host)
    assert tables(host) == before
    for command in ("nightly", "migrate"):
        assert host.run(command) == 78
        assert "eccube-sync restore" in capsys.readouterr().err
    assert host.run("restore", "--apply") == 0
    # The restore is a run of its own; everything else is as it was.
    now = host.state(run, journal, installation)
    assert now == {name: rows for name, rows in state.items() if name in now}
    assert set(state["journal"]) <= set(host.state()["journal"])
    assert shown(host) == members_shown

    host.add_customers(180, 200)
    night(host, TODAY + timedelta(days=1))
    assert not host.count(projection_state, projection_state.c.state == "drift")
    assert set(members_shown) <= set(shown(host)) | set(members_shown)
    assert len(shown(host)) > len(members_shown)


def test_every_run_leaves_a_dump_for_its_owner_only_and_the_newest_three_stay(host: InstalledShop) -> None:
    host.run("migrate")
    dumps = host.settings().folders.dumps
    for minute in range(5):
        host.at(TODAY, 12, minute)
        assert host.run("codes", "issue", "--count", "1", "--label", str(minute), "--apply") == 0
    kept = sorted(dumps.iterdir())
    assert [path.name[13:17] for path in kept] == ["0302", "0303", "0304"]
    assert {path.stat().st_mode & 0o777 for path in kept} == {0o600}
    assert dumps.stat().st_mode & 0o777 == 0o700


def test_a_damaged_dump_is_refused_and_nothing_is_dropped(host: InstalledShop, capsys: Captured) -> None:
    host.run("migrate")
    host.run("codes", "issue", "--count", "3", "--apply")
    (dump,) = host.settings().folders.dumps.iterdir()
    state, content = host.state(), dump.read_bytes()
    lines = gzip.decompress(content).splitlines(keepends=True)
    damages = (
        content[:-20],
        content[: len(content) // 2],
        b"not a dump",
        gzip.compress(b"".join(lines[:-1])),
        gzip.compress(b"".join(lines[:-2] + lines[-1:])),
        gzip.compress(b"".join(line.replace(b'"link_code"', b'"x` (y"') for line in lines)),
    )
    for damaged in damages:
        dump.write_bytes(damaged)
        assert host.run("restore", "--apply") == 65
        assert "nothing was changed" in capsys.readouterr().err
    assert host.state() == state


def test_a_restore_that_was_killed_is_told_about_and_done_again(
    host: InstalledShop, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    from eccube_sync.services.setup import restoring

    host.run("migrate")
    host.run("codes", "issue", "--count", "3", "--apply")
    state = host.state(run, journal, installation)

    class Killed(BaseException):
        pass

    def killed(*_arguments: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(restoring, "_insert", killed)
        with pytest.raises(Killed):
            host.run("restore", "--apply")
    for command in ("migrate", "classify"):
        assert host.run(command) == 78
        assert "eccube-sync restore" in capsys.readouterr().err
    assert host.run("restore", "--apply") == 0
    assert host.state(run, journal, installation) == state


def test_a_table_that_is_not_ours_keeps_its_name(host: InstalledShop, capsys: Captured) -> None:
    host.eccube.execute("CREATE TABLE sync_orders (id INT)")
    assert host.run("migrate") == 78
    assert "table_prefix" in capsys.readouterr().err
    assert host.run("migrate") == 78


def test_check_and_grants_speak_of_the_prefixed_tables(host: InstalledShop, capsys: Captured) -> None:
    host.run("migrate")
    capsys.readouterr()
    host.run("check")
    printed = capsys.readouterr().out
    assert "✓ our tables" in printed
    assert not [line for line in printed.splitlines() if line.startswith("✗ rights")]
