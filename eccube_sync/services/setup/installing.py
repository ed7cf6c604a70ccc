"""Begin with a shop: its configuration from what EC-CUBE says, its folders, its secrets, and what to do next."""

from __future__ import annotations

import secrets
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy.exc import DBAPIError

from eccube_sync import configtemplate
from eccube_sync.config import parse
from eccube_sync.db import reading
from eccube_sync.eccube import GENERATIONS, ShopIdentity, detect
from eccube_sync.eccubeenv import EccubeEnvironment, read_environment
from eccube_sync.errors import ConfigurationError, UsageError
from eccube_sync.i18n import _
from eccube_sync.pos import FORMATS
from eccube_sync.report import Report
from eccube_sync.secretsfile import write_private
from eccube_sync.services.codes.keys import ensure_key, key_file
from eccube_sync.services.setup.granting import as_eccube
from eccube_sync.statefolders import StateFolders
from eccube_sync.webroot import web_root_above

CONFIGURATION = "eccube-sync.toml"
PREFIX = "eccube_sync_"
_SETUP, _RUNTIME, _MAIL = "secrets/database-setup", "secrets/database-runtime", "secrets/mail"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user said on the command line."""

    directory: Path
    eccube_root: Path | None = None
    pos_format: str = "auto"
    shop_name: str = ""
    language: str | None = None
    single_account: bool = False
    """The host gives one database account only: EC-CUBE's own serves for everything."""
    one_database: bool = False
    """The host gives one database only: our tables stand in EC-CUBE's, with a prefix."""


@dataclass(slots=True)
class Installation:
    """What is about to be written; nothing is before all of it is known to be possible."""

    path: Path
    answers: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    """Path below the folder → the secret."""
    notes: list[str] = field(default_factory=list)


def install(wishes: Wishes) -> Report:
    """Write a new shop's configuration, folders and secrets; nothing that exists is overwritten.

    Raises ``ConfigurationError`` when there is a configuration already, when the folder lies below a web
    root, or when EC-CUBE's own configuration cannot be read.
    """
    directory = wishes.directory.expanduser().absolute()
    plan = Installation(directory / CONFIGURATION)
    _refuse_unfit(plan.path, wishes)
    environment = read_environment(wishes.eccube_root) if wishes.eccube_root else None
    _answer(plan, wishes, environment)
    if environment is not None and wishes.eccube_root is not None:
        _ask_the_shop(plan, environment)
    return _carry_out(plan, wishes)


def _refuse_unfit(path: Path, wishes: Wishes) -> None:
    if path.exists():
        raise ConfigurationError(
            _("{path} exists already and was left as it is; nothing was written").format(path=path)
        )
    root = web_root_above(path.parent, wishes.eccube_root)
    if root is not None:
        raise ConfigurationError(
            _(
                "{path} lies below the web root {root}, where a browser could fetch it; choose a folder outside: "
                "eccube-sync init --directory {example}"
            ).format(path=path.parent, root=root, example=Path.home() / "eccube-sync")
        )
    known = ["auto", *FORMATS]
    if wishes.pos_format not in known:
        raise UsageError(
            _("There is no format {name}; known: {known}").format(
                name=wishes.pos_format, known=", ".join(known)
            )
        )
    if wishes.single_account and wishes.eccube_root is None:
        raise UsageError(
            _("--single-account takes EC-CUBE's own account; say where EC-CUBE is: --eccube-root DIR")
        )


def _answer(plan: Installation, wishes: Wishes, environment: EccubeEnvironment | None) -> None:
    if wishes.language:
        plan.answers["language"] = wishes.language
    plan.answers |= {
        "shop.name": wishes.shop_name,
        "source[].format": wishes.pos_format,
    }
    if environment is not None and wishes.eccube_root is not None:
        root = wishes.eccube_root.expanduser().absolute()
        plan.answers |= configtemplate.answers_from_eccube(environment, root)
        if environment.mailer is not None and environment.mailer.password:
            plan.secrets[_MAIL] = environment.mailer.password
    if wishes.single_account and environment is not None:
        plan.answers |= {
            "database.accounts": "single",
            "database.runtime.user": environment.database.user,
            "database.setup.user": None,
            "database.setup.password_file": None,
        }
        if wishes.one_database:
            plan.answers |= {"database.own": environment.database.name, "database.table_prefix": PREFIX}
        plan.secrets[_RUNTIME] = environment.database.password
    else:
        plan.secrets |= {_RUNTIME: _new_password(), _SETUP: _new_password()}


def _new_password() -> str:
    # The end has what MySQL's validate_password component asks for, wherever it is switched on.
    return secrets.token_urlsafe(24) + "-aZ9"


def _ask_the_shop(plan: Installation, environment: EccubeEnvironment) -> None:
    """Take the shop's name and sender address out of EC-CUBE's basic settings, as EC-CUBE's own account."""
    try:
        shop = _identity(plan.path, plan.answers, environment)
    except (ConfigurationError, DBAPIError) as error:
        reason = str(error) if isinstance(error, ConfigurationError) else type(error).__name__
        plan.notes.append(
            _("EC-CUBE's database could not be asked for the shop's name: {reason}").format(reason=reason)
        )
        return
    plan.answers["shop.name"] = plan.answers["shop.name"] or shop.name
    if shop.emails and "mail.host" in plan.answers:
        plan.answers["mail.sender"] = shop.emails[0]


def _identity(path: Path, answers: Mapping[str, Any], environment: EccubeEnvironment) -> ShopIdentity:
    provisional = {**answers, "shop.name": "EC-CUBE", "database.runtime.password_file": None}
    settings = parse(configtemplate.render(provisional), path, check_secrets=False)
    with as_eccube(settings, environment.database).connect() as connection, reading(connection):
        return GENERATIONS[detect(connection)].shop(connection)


def _carry_out(plan: Installation, wishes: Wishes) -> Report:
    text = configtemplate.render(plan.answers)  # before anything is written: nothing can be wrong with it now
    root = plan.path.parent
    folders = StateFolders(root)
    folders.create()
    written = []
    for name, secret in plan.secrets.items():
        if not (root / name).exists():  # of an earlier attempt that was interrupted
            write_private(root / name, secret + "\n")
            written.append(root / name)
    if not key_file(folders).exists():
        written.append(ensure_key(folders))
    write_private(plan.path, text)  # last: an interrupted init is simply run again
    if not plan.answers["shop.name"]:
        plan.notes.append(_("Fill in shop.name first: the name of the shop as customers know it."))
    headline = _("The configuration of the shop is in {path}.").format(path=plan.path)
    return Report(headline, notes=[*plan.notes, *_next_steps(plan, wishes, written)])


def _next_steps(plan: Installation, wishes: Wishes, written: list[Path]) -> list[str]:
    files = ", ".join(path.name for path in written)
    steps = [
        _(
            "Open {path}: name the shop and its stores, choose [legal] relation and where the class is shown."
        ).format(path=plan.path)
    ]
    if wishes.single_account:
        steps.append(_("eccube-sync migrate: makes our own tables."))
    else:
        steps += [
            _("eccube-sync grants: prints the SQL for the two accounts; the administrator runs part 1."),
            _("eccube-sync migrate: makes our own tables. Then the administrator runs part 3."),
        ]
    steps += [
        _("eccube-sync check: shows what is missing yet. Go on when no line begins with ✗."),
        _("eccube-sync members inspect FILE, then members import FILE: the members of the store."),
        _("eccube-sync classify: shows who is who, and writes it after your yes."),
    ]
    return [
        _("Secrets nobody else may read: {files} in {folder}.").format(
            files=files or _("none new"), folder=plan.path.parent / "secrets"
        ),
        _("What to do next, in the folder {folder}:").format(folder=shlex.quote(str(plan.path.parent))),
        *(f"  {number}. {step}" for number, step in enumerate(steps, 1)),
    ]
