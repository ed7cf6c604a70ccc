"""What EC-CUBE's own ``.env`` says about its database and its mail server."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from eccube_sync.errors import ConfigurationError
from eccube_sync.i18n import _

Security = Literal["starttls", "smtps", "plain"]

# EC-CUBE reads the file with phpdotenv (4.2, 4.3) or Symfony Dotenv (4.0, 4.1). Unlike in Python's usual
# reader, single quotes are literal there and \$ is a dollar sign, which passwords do contain.
_ASSIGNMENT = re.compile(
    r"""^[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_][A-Za-z0-9_.]*)[ \t]*=[ \t]*
        (?: '(?P<single>[^']*)' | "(?P<double>(?:[^"\\]|\\.)*)" | (?P<bare>[^\n]*) )""",
    re.MULTILINE | re.VERBOSE | re.DOTALL,
)
_ESCAPE_OR_NAME = re.compile(r"\\(?P<escaped>[\\\"$nrt])|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_.]*)\}", re.DOTALL)
_DOLLAR_OR_NAME = re.compile(r"\\(?P<escaped>\$)|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_.]*)\}")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}
_COMMENT = re.compile(r"(?:^|[ \t])#.*$")

_MYSQL = frozenset({"mysql", "mysql2", "pdo-mysql", "pdo_mysql", "mysqli", "mariadb"})
_OTHER_DATABASES = {
    "sqlite": "SQLite", "sqlite3": "SQLite", "pdo-sqlite": "SQLite", "pdo_sqlite": "SQLite",
    "postgres": "PostgreSQL", "postgresql": "PostgreSQL", "pgsql": "PostgreSQL", "pdo-pgsql": "PostgreSQL",
    "pdo_pgsql": "PostgreSQL",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class EccubeDatabase:
    """The MySQL or MariaDB database EC-CUBE uses; ``socket`` wins over host and port."""

    name: str
    user: str
    password: str = field(repr=False)
    host: str = "localhost"
    port: int = 3306
    socket: Path | None = None
    charset: str = ""
    server_version: str = ""


@dataclass(frozen=True, slots=True)
class EccubeMailer:
    """How EC-CUBE sends mail.

    ``kind``: ``smtp`` (the rest is filled in), ``local`` (sendmail of this machine), ``none`` (mail is
    thrown away), ``other`` (a service we do not speak; nothing else is known).
    """

    kind: Literal["smtp", "local", "none", "other"]
    host: str = "localhost"
    port: int = 25
    security: Security = "plain"
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class EccubeEnvironment:
    """What was found, and in which files, the later ones overriding the earlier."""

    files: tuple[Path, ...]
    database: EccubeDatabase
    mailer: EccubeMailer | None


def read_environment(eccube_root: Path) -> EccubeEnvironment:
    """Read ``.env``, then ``.env.local``, of the EC-CUBE installed in ``eccube_root``.

    Raises ConfigurationError; no message contains an address from the file, since it holds a password.
    """
    files = tuple(path for name in (".env", ".env.local") if (path := eccube_root / name).is_file())
    if not files:
        raise ConfigurationError(
            _("{path} has no .env file; name the folder EC-CUBE is installed in").format(path=eccube_root)
        )
    values: dict[str, str] = {}
    for path in files:
        values |= parse_assignments(_text(path), values)
    address = values.get("DATABASE_URL", "")
    if not address:
        raise ConfigurationError(_("{path} has no DATABASE_URL").format(path=files[-1]))
    mailer = values.get("MAILER_DSN") or values.get("MAILER_URL")
    database = parse_database_url(address, values.get("DATABASE_SERVER_VERSION", ""))
    return EccubeEnvironment(files, database, parse_mailer_dsn(mailer) if mailer else None)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigurationError(_("{path} is not UTF-8 text").format(path=path)) from None
    except OSError as error:
        raise ConfigurationError(
            _("{path} cannot be read: {reason}").format(path=path, reason=error.strerror)
        ) from None


def parse_assignments(text: str, known: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables of a ``.env`` text. ``${NAME}`` takes an earlier value, of this text or of ``known``."""
    values: dict[str, str] = {}
    everything = dict(known or {})
    for found in _ASSIGNMENT.finditer(text.replace("\r\n", "\n").replace("\r", "\n")):
        if found["single"] is not None:
            value = found["single"]
        elif found["double"] is not None:
            value = _expand(_ESCAPE_OR_NAME, found["double"], everything)
        else:
            value = _expand(_DOLLAR_OR_NAME, _COMMENT.sub("", found["bare"]).strip(), everything)
        values[found["name"]] = everything[found["name"]] = value
    return values


def _expand(special: re.Pattern[str], value: str, known: Mapping[str, str]) -> str:
    def replace(found: re.Match[str]) -> str:
        if found["escaped"]:
            return _ESCAPES.get(found["escaped"], found["escaped"])
        return known.get(found["name"], "")

    return special.sub(replace, value)


def parse_database_url(address: str, server_version: str = "") -> EccubeDatabase:
    """``mysql://user:password@host:port/name?charset=…&serverVersion=…&unix_socket=…``, percent-escaped.

    As in Doctrine, an option after ``?`` wins over the same thing before it.
    """
    parts, options = _split(address, "DATABASE_URL")
    if parts.scheme in _OTHER_DATABASES:
        raise ConfigurationError(
            _("this EC-CUBE uses {database}; eccube-sync works with MySQL and MariaDB only").format(
                database=_OTHER_DATABASES[parts.scheme]
            )
        )
    name = options.get("dbname") or unquote(parts.path.removeprefix("/"))
    if parts.scheme not in _MYSQL or not name:
        raise ConfigurationError(
            _("DATABASE_URL is not of the form mysql://user:password@host:port/database")
        )
    return EccubeDatabase(
        name=name,
        user=options.get("user") or unquote(parts.username or ""),
        password=options.get("password") or unquote(parts.password or ""),
        host=options.get("host") or unquote(parts.hostname or "localhost"),
        port=_port(options.get("port"), "DATABASE_URL") or parts.port or 3306,
        socket=Path(options["unix_socket"]) if options.get("unix_socket") else None,
        charset=options.get("charset", ""),
        server_version=options.get("serverVersion", server_version),
    )


def parse_mailer_dsn(address: str) -> EccubeMailer:
    """``MAILER_DSN`` of Symfony Mailer or the older ``MAILER_URL`` of Swift Mailer."""
    scheme = address.partition(":")[0].lower()
    if scheme == "null":
        return EccubeMailer("none")
    if scheme in {"native", "sendmail", "mail"}:
        return EccubeMailer("local")
    if scheme not in {"smtp", "smtps"}:
        return EccubeMailer("other")
    parts, options = _split(address, "MAILER_DSN")
    port = _port(options.get("port"), "MAILER_DSN") or parts.port
    host = unquote(parts.hostname or "localhost")
    security = _security(parts.scheme, options.get("encryption", ""), host, port)
    return EccubeMailer(
        kind="smtp",
        host=host,
        port=port or {"smtps": 465, "starttls": 587, "plain": 25}[security],
        security=security,
        user=unquote(parts.username or "") or options.get("username", ""),
        password=unquote(parts.password or "") or options.get("password", ""),
    )


def _security(scheme: str, encryption: str, host: str, port: int | None) -> Security:
    if scheme == "smtps" or encryption == "ssl" or port == 465:
        return "smtps"
    nearby = host in {"localhost", "127.0.0.1", "::1"}
    return "plain" if nearby and encryption != "tls" and port != 587 else "starttls"


def _split(address: str, name: str) -> tuple[SplitResult, dict[str, str]]:
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018 - reading it is what checks it
    except ValueError:
        raise ConfigurationError(
            _("{name} cannot be understood; percent-escape special characters in its password").format(
                name=name
            )
        ) from None
    return parts, dict(parse_qsl(parts.query))


def _port(value: str | None, name: str) -> int | None:
    if not value:
        return None
    if not (value.isascii() and value.isdecimal() and 1 <= int(value) <= 65535):
        raise ConfigurationError(_("{name} has a port that is not a number").format(name=name))
    return int(value)
