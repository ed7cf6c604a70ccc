"""EC-CUBE's own ``.env`` is read as EC-CUBE reads it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eccube_sync.eccubeenv import (
    EccubeDatabase,
    EccubeMailer,
    parse_assignments,
    parse_database_url,
    parse_mailer_dsn,
    read_environment,
)
from eccube_sync.errors import ConfigurationError

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"))
FILLED = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


def shop(folder: Path, text: str, local: str | None = None) -> Path:
    (folder / ".env").write_text(text, encoding="utf-8")
    if local is not None:
        (folder / ".env.local").write_text(local, encoding="utf-8")
    return folder


def test_a_usual_env_file_gives_database_and_mailer(tmp_path: Path) -> None:
    found = read_environment(
        shop(
            tmp_path,
            "# For production\nAPP_ENV=prod\nAPP_DEBUG=0\n\n"
            "DATABASE_URL=mysql://dbuser:p%40ss%2Fword@mysql:3307/eccubedb?charset=utf8mb4\n"
            "DATABASE_SERVER_VERSION=8.0.36\n"
            "MAILER_DSN=smtp://me%40example.jp:s3cret@mail.example.jp:587\n"
            "ECCUBE_ADMIN_ALLOW_HOSTS='[]'\n",
        )
    )
    assert found.files == (tmp_path / ".env",)
    assert found.database == EccubeDatabase(
        "eccubedb", "dbuser", "p@ss/word", "mysql", 3307, None, "utf8mb4", "8.0.36"
    )
    assert found.mailer == EccubeMailer("smtp", "mail.example.jp", 587, "starttls", "me@example.jp", "s3cret")
    assert "s3cret" not in repr(found)
    assert "p@ss" not in repr(found)


@pytest.mark.parametrize(
    "line",
    [
        'A="mysql://u:p@h/d"',
        "A='mysql://u:p@h/d'",
        "A=mysql://u:p@h/d",
        "export A=mysql://u:p@h/d",
        "A = mysql://u:p@h/d",
        "A=mysql://u:p@h/d # the live one",
        'A="mysql://u:p@h/d" # the live one',
        "A=mysql://u:p@h/d\r\nB=1",
        "#A=other\nA=mysql://u:p@h/d\n# A=another",
        "A=old\nA=mysql://u:p@h/d",
        'HOST=h\nA="mysql://u:p@${HOST}/d"',
        "HOST=h\nA=mysql://u:p@${HOST}/d",
        "NOTE='two\nA=lines'\nA=mysql://u:p@h/d",
    ],
)
def test_all_ways_of_writing_a_line_give_the_same_value(line: str) -> None:
    assert parse_assignments(line)["A"] == "mysql://u:p@h/d"


def test_nothing_is_expanded_inside_single_quotes() -> None:
    assert parse_assignments("B=1\nA='p${B}$B\\$\\n'")["A"] == "p${B}$B\\$\\n"


def test_an_escaped_dollar_is_a_dollar() -> None:
    assert parse_assignments('B=1\nA="p\\${B}"')["A"] == "p${B}"
    assert parse_assignments("B=1\nA=p\\${B}")["A"] == "p${B}"


def test_an_empty_value_is_empty() -> None:
    assert parse_assignments("A=\nB=''\nC=\"\"\nD= # nothing") == {"A": "", "B": "", "C": "", "D": ""}


@given(value=TEXT)
def test_what_is_double_quoted_comes_back(value: str) -> None:
    quoted = value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$").replace("\n", "\\n")
    assert parse_assignments(f'A="{quoted}"\nB=1') == {"A": value, "B": "1"}


@given(value=TEXT.filter(lambda text: "'" not in text))
def test_what_is_single_quoted_comes_back(value: str) -> None:
    assert parse_assignments(f"A='{value}'\nB=1") == {"A": value, "B": "1"}


@given(user=FILLED, password=FILLED, name=FILLED, single=st.booleans())
def test_any_percent_escaped_account_comes_back(user: str, password: str, name: str, single: bool) -> None:
    address = (
        f"mysql://{quote(user, safe='')}:{quote(password, safe='')}@db.example.jp/{quote(name, safe='')}"
    )
    mark = "'" if single else '"'
    found = parse_database_url(parse_assignments(f"DATABASE_URL={mark}{address}{mark}")["DATABASE_URL"])
    assert (found.user, found.password, found.name) == (user, password, name)


def test_a_unix_socket_is_found() -> None:
    address = (
        "mysql://u:p@localhost/shop?unix_socket=%2Frun%2Fmysqld%2Fmysqld.sock&serverVersion=mariadb-10.11.2"
    )
    found = parse_database_url(address, "5.7")
    assert found.socket == Path("/run/mysqld/mysqld.sock")
    assert found.server_version == "mariadb-10.11.2"


def test_options_win_over_what_stands_before_them() -> None:
    found = parse_database_url("mysql://localhost/shop?user=u&password=p&host=db&port=3310&dbname=other")
    assert found == EccubeDatabase("other", "u", "p", "db", 3310)


def test_an_unescaped_at_sign_in_a_password_is_understood_as_php_does() -> None:
    assert parse_database_url("mysql://u:p@ss@db/shop").password == "p@ss"


@pytest.mark.parametrize("scheme", ["mysql", "mysql2", "pdo-mysql", "mysqli"])
def test_all_names_doctrine_has_for_mysql_are_known(scheme: str) -> None:
    assert parse_database_url(f"{scheme}://u:p@db/shop").name == "shop"


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("sqlite:///var/eccube.db", "uses SQLite; eccube-sync works with MySQL and MariaDB only"),
        ("sqlite:///%kernel.project_dir%/var/data.db", "uses SQLite"),
        ("postgresql://postgres/eccubedb?user=u&password=geheim", "uses PostgreSQL"),
        ("pgsql://u:geheim@h/d", "uses PostgreSQL"),
        ("oci8://u:geheim@h/d", "not of the form mysql://"),
        ("mysql://u:geheim@h", "not of the form mysql://"),
        ("mysql://u:geheim@h/", "not of the form mysql://"),
        ("nonsense", "not of the form mysql://"),
        ("mysql://u:ge[heim@h/d", "percent-escape"),
        ("mysql://u:geheim@h:port/d", "percent-escape"),
        ("mysql://u:geheim@h/d?port=x", "a port that is not a number"),
    ],
)
def test_a_database_that_cannot_be_used_is_refused_without_its_password(address: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as caught:
        parse_database_url(address)
    assert "heim" not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "mailer"),
    [
        ("null://null", EccubeMailer("none")),
        ("null://localhost", EccubeMailer("none")),
        ("native://default", EccubeMailer("local")),
        ("sendmail://default", EccubeMailer("local")),
        ("ses+smtp://key:secret@default", EccubeMailer("other")),
        ("failover(smtp://a smtp://b)", EccubeMailer("other")),
        ("smtp://localhost:25", EccubeMailer("smtp")),
        ("smtp://localhost", EccubeMailer("smtp")),
        ("smtp://localhost:1025?encryption=tls", EccubeMailer("smtp", port=1025, security="starttls")),
        ("smtp://mail.example.jp", EccubeMailer("smtp", "mail.example.jp", 587, "starttls")),
        ("smtp://mail.example.jp:465", EccubeMailer("smtp", "mail.example.jp", 465, "smtps")),
        ("smtps://u:p@mail.example.jp", EccubeMailer("smtp", "mail.example.jp", 465, "smtps", "u", "p")),
        (
            "smtp://mail.example.jp:465?encryption=ssl&auth_mode=login&username=u%40x&password=p%26q",
            EccubeMailer("smtp", "mail.example.jp", 465, "smtps", "u@x", "p&q"),
        ),
    ],
)
def test_mailers_of_old_and_new_eccube_are_understood(address: str, mailer: EccubeMailer) -> None:
    assert parse_mailer_dsn(address) == mailer


def test_the_newer_mailer_setting_wins_over_the_older(tmp_path: Path) -> None:
    base = "DATABASE_URL=mysql://u:p@db/shop\nMAILER_URL=null://localhost\n"
    older = read_environment(shop(tmp_path, base)).mailer
    newer = read_environment(shop(tmp_path, base + "MAILER_DSN=native://default\n")).mailer
    assert (older, newer) == (EccubeMailer("none"), EccubeMailer("local"))


def test_no_mailer_setting_is_no_mailer(tmp_path: Path) -> None:
    assert read_environment(shop(tmp_path, "DATABASE_URL=mysql://u:p@db/shop\n")).mailer is None


def test_the_local_file_overrides_and_may_build_on_the_other(tmp_path: Path) -> None:
    root = shop(
        tmp_path, "DB=old\nDATABASE_URL=mysql://u:p@a/${DB}\n", "DB=new\nDATABASE_URL=mysql://u:p@b/${DB}\n"
    )
    found = read_environment(root)
    assert (found.database.host, found.database.name) == ("b", "new")
    assert [path.name for path in found.files] == [".env", ".env.local"]


def test_a_folder_without_env_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"has no \.env file"):
        read_environment(tmp_path)


def test_an_env_file_without_database_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="has no DATABASE_URL"):
        read_environment(shop(tmp_path, "APP_ENV=prod\n"))


def test_an_env_file_in_another_encoding_is_told(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes("# 店\nDATABASE_URL=x".encode("cp932"))
    with pytest.raises(ConfigurationError, match="is not UTF-8"):
        read_environment(tmp_path)
