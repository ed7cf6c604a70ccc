"""Nothing of ours lies where a browser could fetch it, and a secret is readable by us only."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from eccube_sync import config
from eccube_sync.errors import ConfigurationError
from eccube_sync.secretsfile import read_secret, write_private
from eccube_sync.webroot import web_root_above
from tests.test_config import MINIMAL, MYSQL


def faults(text: str, path: Path, *, check_secrets: bool = True) -> dict[str, str]:
    with pytest.raises(config.SettingsError) as caught:
        config.parse(text, path, check_secrets=check_secrets)
    return {fault.key: fault.words for fault in caught.value.faults}


@pytest.mark.parametrize(
    "folder",
    [
        "/home/shop/public_html/sync",
        "/home/shop/PUBLIC_HTML",
        "/home/shop/www/html/x",
        "/opt/htdocs/x",
        "/srv/app/public",
        "/home/shop/www",
        "/usr/home/shop/www",
        "/home/users/2/shop/web",
    ],
)
def test_a_folder_with_the_name_of_a_web_root_is_one(folder: str) -> None:
    assert web_root_above(Path(folder) / "deep" / "er") is not None


@pytest.mark.parametrize(
    "folder", ["/home/shop/sync", "/var/www/sync", "/home/html/x", "/home/publicity/x", "/home/a/b/www"]
)
def test_other_folders_are_not_web_roots(folder: str) -> None:
    assert web_root_above(Path(folder)) is None


def test_a_folder_that_serves_eccube_is_a_web_root(tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    (shop / "var").mkdir(parents=True)
    (shop / "index.php").touch()
    assert web_root_above(shop / "var") is None
    (shop / ".htaccess").touch()
    assert web_root_above(shop / "var") == shop


def test_a_link_into_a_web_root_is_followed(tmp_path: Path) -> None:
    inside = tmp_path / "public_html" / "data"
    inside.mkdir(parents=True)
    (tmp_path / "data").symlink_to(inside)
    assert web_root_above(tmp_path / "data") == tmp_path / "public_html"


def test_every_folder_below_a_web_root_is_told_at_once_with_what_to_do(tmp_path: Path) -> None:
    shop = tmp_path / "eccube"
    for name in ("html", "texts"):
        (shop / name).mkdir(parents=True)
    text = MINIMAL.replace("own.sqlite", "eccube/own.sqlite").replace(
        "[shop]", f'[shop]\neccube_root = "{shop}"'
    )
    text += (
        'watch = "eccube/html/drop"\n[state]\ndirectory = "eccube/var/sync"\n'
        '[notices]\ntemplates = "eccube/texts"\n'
        '[mail]\nsender = "a@example.jp"\nuser = "a"\npassword_file = "eccube/mail"\n'
    )
    found = faults(text, tmp_path / "eccube-sync.toml", check_secrets=False)
    assert set(found) == {
        "state.directory",
        "database.own",
        "source[0].watch",
        "notices.templates",
        "mail.password_file",
    }
    for words in found.values():
        assert f"below the web root {shop}" in words
        assert "move it to a folder outside" in words


def test_a_configuration_file_below_a_web_root_is_refused(tmp_path: Path) -> None:
    found = faults(MINIMAL, tmp_path / "public_html" / "eccube-sync.toml")
    assert "below the web root" in found[""]


def test_an_eccube_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    text = MINIMAL.replace("[shop]", '[shop]\neccube_root = "none"')
    assert "is not a folder" in faults(text, tmp_path / "eccube-sync.toml")["shop.eccube_root"]


def secret_file(folder: Path, content: bytes = b"pa ss#word\n", mode: int = 0o600) -> Path:
    path = folder / "secret"
    path.write_bytes(content)
    path.chmod(mode)
    return path


def with_runtime_password(folder: Path) -> str:
    return MYSQL.replace('user = "eccube_sync"', f'user = "eccube_sync"\npassword_file = "{folder}/secret"')


def test_a_password_is_read_from_its_file_and_stands_nowhere_else(tmp_path: Path) -> None:
    secret_file(tmp_path)
    settings = config.parse(with_runtime_password(tmp_path), tmp_path / "eccube-sync.toml")
    assert settings.secret("database.runtime") == "pa ss#word"
    assert "pa ss#word" not in repr(settings)
    assert "pa ss#word" not in settings.model_dump_json()


def test_a_password_may_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = MYSQL.replace('user = "eccube_sync"', 'user = "eccube_sync"\npassword_env = "SYNC_PASSWORD"')
    path = tmp_path / "eccube-sync.toml"
    assert "SYNC_PASSWORD is not set" in faults(text, path)["database.runtime.password_env"]
    monkeypatch.setenv("SYNC_PASSWORD", "from-outside")
    assert config.parse(text, path).secret("database.runtime") == "from-outside"


def test_no_password_is_needed_where_none_is_named(tmp_path: Path) -> None:
    settings = config.parse(MYSQL, tmp_path / "eccube-sync.toml")
    assert [settings.secret(key) for key in ("database.runtime", "database.setup", "mail")] == ["", "", ""]


def test_a_password_others_can_read_is_refused_with_the_command_to_run(tmp_path: Path) -> None:
    path = secret_file(tmp_path, mode=0o640)
    found = faults(with_runtime_password(tmp_path), tmp_path / "eccube-sync.toml")
    assert f"run: chmod 600 {path}" in found["database.runtime.password_file"]


def test_a_missing_password_file_is_told_when_the_configuration_is_read(tmp_path: Path) -> None:
    found = faults(with_runtime_password(tmp_path), tmp_path / "eccube-sync.toml")
    assert "does not exist" in found["database.runtime.password_file"]


def test_the_password_for_setup_may_be_put_away_until_migrate_wants_it(tmp_path: Path) -> None:
    text = MYSQL + '[database.setup]\nuser = "setup"\npassword_file = "gone"\n'
    settings = config.parse(text, tmp_path / "eccube-sync.toml")
    with pytest.raises(ConfigurationError, match=r"database\.setup: .*gone does not exist"):
        settings.secret("database.setup")


def test_with_one_account_setup_uses_its_password(tmp_path: Path) -> None:
    secret_file(tmp_path)
    text = with_runtime_password(tmp_path).replace("[database]\n", '[database]\naccounts = "single"\n')
    assert config.parse(text, tmp_path / "eccube-sync.toml").secret("database.setup") == "pa ss#word"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"one\ntwo\n", "in one line"),
        (b"\x82\xa0", "is not UTF-8"),
        (b"a" * 70_000, "in one line"),
    ],
)
def test_a_secret_is_one_line_of_text(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        read_secret(secret_file(tmp_path, content))


@pytest.mark.parametrize("content", [b"word", b"word\n", b"word\r\n", b"\xef\xbb\xbfword\n"])
def test_the_line_end_of_an_editor_is_not_part_of_a_secret(tmp_path: Path, content: bytes) -> None:
    assert read_secret(secret_file(tmp_path, content)) == "word"


def test_a_link_is_not_followed_to_a_secret(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(secret_file(tmp_path))
    with pytest.raises(ConfigurationError, match="not a link"):
        read_secret(tmp_path / "link")


def test_a_pipe_or_a_folder_is_not_a_secret(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    for name in ("pipe", "."):
        with pytest.raises(ConfigurationError, match="not a plain file"):
            read_secret(tmp_path / name)


def test_a_secret_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = secret_file(tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    with pytest.raises(ConfigurationError, match="belongs to another user; run: chown"):
        read_secret(path)


def test_a_private_file_is_ours_alone_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "secrets" / "database"
    write_private(path, "word\n")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert read_secret(path) == "word"
    with pytest.raises(ConfigurationError, match="exists already"):
        write_private(path, "other\n")
    assert read_secret(path) == "word"


def test_a_dangling_link_does_not_lead_a_private_file_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "file").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigurationError, match="exists already"):
        write_private(tmp_path / "file", "word\n")
    assert not (tmp_path / "elsewhere").exists()
