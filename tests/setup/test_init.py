"""``init``: what it writes, what it never overwrites, where it refuses to write."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from eccube_sync.application import Application
from eccube_sync.cli import run
from eccube_sync.config import load
from eccube_sync.services.codes.keys import load_keys
from tests.setup.conftest import NewShop

Captured = pytest.CaptureFixture[str]


def init(*arguments: object) -> int:
    return run(["--language", "en", "init", *map(str, arguments)], Application())


def modes(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*")}


def test_everything_is_for_its_owner_only_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        assert init("--directory", tmp_path / "sync", "--shop-name", "見本書店") == 0
    finally:
        os.umask(before)
    found = modes(tmp_path)
    assert all(mode == (0o700 if (tmp_path / name).is_dir() else 0o600) for name, mode in found.items()), (
        found
    )
    assert found.keys() >= {
        "sync/eccube-sync.toml",
        "sync/secrets/database-runtime",
        "sync/secrets/database-setup",
    }


def test_the_configuration_can_be_used_at_once(tmp_path: Path) -> None:
    init("--directory", tmp_path / "sync", "--shop-name", "見本書店", "--format", "smaregi")
    settings = load(tmp_path / "sync" / "eccube-sync.toml")
    assert settings.shop.name == "見本書店"
    assert settings.sources[0].format == "smaregi"
    runtime, setup = settings.secret("database.runtime"), settings.secret("database.setup")
    assert runtime != setup
    assert min(len(runtime), len(setup)) >= 32
    assert load_keys(settings.folders).current_id


def test_an_existing_configuration_is_left_alone_with_everything_beside_it(
    tmp_path: Path, capsys: Captured
) -> None:
    (tmp_path / "eccube-sync.toml").write_text("mine")
    assert init("--directory", tmp_path) == 78
    assert "exists already" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["eccube-sync.toml"]
    assert (tmp_path / "eccube-sync.toml").read_text() == "mine"


def test_an_interrupted_init_is_finished_with_the_secrets_it_had_made(tmp_path: Path) -> None:
    folder = tmp_path / "sync"
    init("--directory", folder, "--shop-name", "x")
    before = {path.name: path.read_text() for path in (folder / "secrets").iterdir()}
    (folder / "eccube-sync.toml").unlink()
    (folder / "secrets" / "database-setup").unlink()
    assert init("--directory", folder, "--shop-name", "x") == 0
    after = {path.name: path.read_text() for path in (folder / "secrets").iterdir()}
    assert after.keys() == before.keys()
    assert {name for name in after if after[name] != before[name]} == {"database-setup"}


@pytest.mark.parametrize("place", ["public_html", "public_html/data", "www/html/x", "shop"])
def test_a_folder_a_browser_could_reach_is_refused(tmp_path: Path, place: str, capsys: Captured) -> None:
    eccube = tmp_path / "shop"
    eccube.mkdir()
    (eccube / ".env").write_text("DATABASE_URL=mysql://a:b@localhost:1/c\n")
    assert init("--directory", tmp_path / place / "sync", "--eccube-root", eccube) == 78
    assert "web root" in capsys.readouterr().err
    assert not (tmp_path / place / "sync").exists()


def test_an_eccube_that_is_not_there_is_named_and_nothing_is_written(
    tmp_path: Path, capsys: Captured
) -> None:
    assert init("--directory", tmp_path / "sync", "--eccube-root", tmp_path / "nowhere") == 78
    assert "nowhere" in capsys.readouterr().err
    assert not (tmp_path / "sync").exists()


@pytest.mark.parametrize("wish", [("--format", "smargi"), ("--single-account",)])
def test_a_wish_that_cannot_be_met_is_a_usage_error(tmp_path: Path, wish: tuple[str, ...]) -> None:
    assert init("--directory", tmp_path / "sync", *wish) == 64
    assert not (tmp_path / "sync").exists()


def test_the_mail_server_of_ec_cube_is_taken_with_its_password_in_a_file(new_shop: NewShop) -> None:
    env = new_shop.eccube / ".env"
    env.write_text(env.read_text().replace("null://default", "smtp://user:p%40ss@mail.example.jp:587"))
    assert new_shop.init() == 0
    settings = new_shop.settings()
    assert settings.mail is not None
    assert (settings.mail.host, settings.mail.user, settings.mail.security) == (
        "mail.example.jp",
        "user",
        "starttls",
    )
    assert settings.secret("mail") == "p@ss"
    assert "p@ss" not in new_shop.path.read_text()
    assert settings.mail.sender == new_shop.shop.rows("SELECT email01 FROM dtb_base_info")[0][0]


def test_a_database_that_does_not_answer_costs_only_the_shops_name(tmp_path: Path, capsys: Captured) -> None:
    eccube = tmp_path / "eccube"
    eccube.mkdir()
    (eccube / ".env").write_text("DATABASE_URL=mysql://someone:hidden@127.0.0.1:1/shopdb\n")
    assert init("--directory", tmp_path / "sync", "--eccube-root", eccube) == 0
    printed = capsys.readouterr().out
    assert "Fill in shop.name" in printed
    assert "hidden" not in printed
    assert 'eccube = "shopdb"' in (tmp_path / "sync" / "eccube-sync.toml").read_text()


def test_ec_cubes_own_password_is_kept_only_where_its_account_is_ours(new_shop: NewShop) -> None:
    new_shop.init()
    everything = "".join(path.read_text() for path in new_shop.folder.rglob("*") if path.is_file())
    assert "Q7'shop" not in everything
    single = new_shop.folder.with_name("single")
    assert init("--directory", single, "--eccube-root", new_shop.eccube, "--single-account") == 0
    assert (single / "secrets" / "database-runtime").read_text() == "Q7'shop\n"
    assert not (single / "secrets" / "database-setup").exists()


def test_it_says_what_to_do_next_in_order(tmp_path: Path, capsys: Captured) -> None:
    init("--directory", tmp_path / "sync", "--shop-name", "x")
    printed = capsys.readouterr().out
    places = [
        printed.index(f"eccube-sync {name}") for name in ("grants", "migrate", "check", "members", "classify")
    ]
    assert places == sorted(places)


def test_a_host_with_one_database_gets_a_prefix_and_works(new_shop: NewShop, capsys: Captured) -> None:
    assert new_shop.init("--one-database") == 0
    database = new_shop.settings().database
    assert (database.own, database.table_prefix) == (new_shop.shop.database, "eccube_sync_")
    assert database.accounts == "single"
    assert new_shop.run("migrate") == 0
    capsys.readouterr()
    new_shop.run("check")
    printed = capsys.readouterr().out
    assert "✓ our tables" in printed
    assert "✗ rights" not in printed
    assert "– dump of our tables" in printed
