"""The commented configuration file that ``init`` writes; made from the models, so it cannot drift."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from eccube_sync.configreference import Setting, Table, tables
from eccube_sync.configsources import MEMBER_FIELDS
from eccube_sync.eccubeenv import EccubeEnvironment
from eccube_sync.i18n import _
from eccube_sync.secretsfile import write_private
from eccube_sync.settings import Settings

Answers = Mapping[str, Any]
"""Dotted keys as in ``config.reference()`` (``source[].key``) with the values to fill in."""

NAMED_IN_TEMPLATE: Answers = {
    "language": "ja",
    "database.runtime.user": "eccube_sync",
    "database.runtime.password_file": "secrets/database-runtime",
    "database.setup.user": "eccube_sync_setup",
    "database.setup.password_file": "secrets/database-setup",
    "source[].key": "store",
    "source[].expiry.policy": "none",
}


def render(answers: Answers | None = None) -> str:
    """The TOML text: every key with one line about it, those answered filled in, the rest commented out.

    A key answered with None is commented out. Comments are in the language in use. Raises KeyError for
    an answer to a key there is not.
    """
    given = {**NAMED_IN_TEMPLATE, **(answers or {})}
    given = {key: value for key, value in given.items() if value is not None}
    everything = list(tables(Settings))
    known = {setting.key for table in everything for setting in table.settings}
    if unknown := given.keys() - known:
        raise KeyError(*sorted(unknown))
    lines = [
        "# " + _("eccube-sync: configuration of one shop. Lines that begin with # are comments."),
        "# " + _("A key behind # shows its default, or an example; remove the # to set it."),
        "# " + _("Paths start from the folder of this file. Check it with: eccube-sync check"),
    ]
    for table in everything:
        lines += _table(table, given)
    return "\n".join(lines) + "\n"


def write(path: Path, answers: Answers | None = None) -> None:
    """Write the rendered file, 0600, in a folder made 0700; never overwrites (ConfigurationError)."""
    write_private(path, render(answers))


def answers_from_eccube(environment: EccubeEnvironment, eccube_root: Path) -> dict[str, Any]:
    """What EC-CUBE's own configuration answers. Its passwords and its database user are not among it."""
    database, mailer = environment.database, environment.mailer
    answers: dict[str, Any] = {
        "shop.eccube_root": str(eccube_root),
        "database.eccube": database.name,
        "database.host": database.host,
        "database.port": database.port,
        "database.socket": str(database.socket) if database.socket else None,
    }
    if mailer is None or mailer.kind not in {"smtp", "local"}:
        return answers
    answers |= {"mail.host": mailer.host, "mail.port": mailer.port, "mail.security": mailer.security}
    if mailer.user:
        answers |= {"mail.user": mailer.user, "mail.password_file": "secrets/mail"}
    return answers


def _table(table: Table, given: Answers) -> Iterator[str]:
    prefix = f"{table.key}." if table.key else ""
    active = not table.optional or any(key.startswith(prefix) for key in given)
    hidden = "" if active else "#"
    simple = [setting for setting in table.settings if not setting.by_name]
    if table.key:
        yield ""
        yield f"# {_(table.description)}"
        yield hidden + _header(table.key, repeated=table.repeated)
    for setting in simple:
        yield f"# {_(setting.description)}"
        value = given.get(setting.key, _missing_value(setting) if active else None)
        yield _line(setting.name, value) if value is not None else "#" + _line(setting.name, _shown(setting))
    for setting in table.settings:
        if setting.by_name:
            yield from _by_name(setting)


def _missing_value(setting: Setting) -> Any:
    """A table that is filled in needs its required keys; the user has to change the example."""
    return setting.example if setting.required else None


def _shown(setting: Setting) -> Any:
    return setting.example if setting.default is None else setting.default


def _by_name(setting: Setting) -> Iterator[str]:
    yield ""
    yield f"# {_(setting.description)}"
    yield "#" + _header(setting.section, repeated=False)
    yield "# " + _("Fields: {names}").format(names=", ".join(MEMBER_FIELDS))
    yield '#code = ["会員コード", "カード番号"]'


def _header(key: str, *, repeated: bool) -> str:
    plain = key.replace("[]", "").replace(".NAME", '."ゴールド"')
    return f"[[{plain}]]" if repeated else f"[{plain}]"


def _line(name: str, value: Any) -> str:
    return f"{name} = {_toml(value)}"


def _toml(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(part) for part in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, date):
        return value.isoformat()
    # A JSON string is a TOML basic string, but for DEL, which TOML wants escaped.
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007F")
