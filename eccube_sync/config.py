"""Reading the configuration: one TOML file, checked whole, every problem at once."""

from __future__ import annotations

import copy
import re
import tomllib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from eccube_sync.configchecks import REFUSED_COLUMNS, faults_between
from eccube_sync.configmail import Mail, Notices, Sender
from eccube_sync.configproblems import Fault, Location, SettingsError, did_you_mean, faults_of
from eccube_sync.configreference import Setting, Table, reference, tables
from eccube_sync.configsections import (
    STAGES,
    Credentials,
    Database,
    Guards,
    Legal,
    Nightly,
    Owner,
    Ping,
    Projection,
    Retention,
    Shop,
    State,
)
from eccube_sync.configsources import (
    MEMBER_FIELDS,
    Cards,
    Codes,
    Expiry,
    Matching,
    Membership,
    Policy,
    Review,
    Source,
    Undo,
)
from eccube_sync.errors import ConfigurationError
from eccube_sync.i18n import _
from eccube_sync.settings import Settings, read_password

__all__ = [
    "MEMBER_FIELDS", "REFUSED_COLUMNS", "STAGES", "Cards", "Codes", "Credentials", "Database", "Expiry", "Fault",
    "Guards", "KnownParts", "Legal", "Mail", "Matching", "Membership", "Nightly", "Notices", "Owner", "Ping",
    "Policy", "Projection", "Retention", "Review", "Sender", "Setting", "Settings", "SettingsError", "Shop", "Source",
    "State", "Table", "Undo", "load", "parse", "reference", "tables",
]  # fmt: skip

_PLACE_IN_TOML = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_MENDING_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class KnownParts:
    """What the registries hold; an empty list means that it is not checked here."""

    formats: Collection[str] = ()
    notices: Collection[str] = ()


def load(path: Path, parts: KnownParts = KnownParts(), *, check_secrets: bool = True) -> Settings:
    """Read and check the configuration file ``path``.

    ``parts`` names the POS formats and notices there are. ``check_secrets=False`` is for commands that
    only describe (they work before the password files exist). Raises SettingsError with every problem.
    """
    path = path.expanduser().absolute()
    return parse(_read(path), path, parts, check_secrets=check_secrets)


def parse(text: str, path: Path, parts: KnownParts = KnownParts(), *, check_secrets: bool = True) -> Settings:
    """As ``load`` for the text of ``path``, which need not exist; relative paths start from its folder."""
    data = _toml(text, path)
    settings, faults = _validate(data, {"folder": path.parent, "path": path})
    if settings is not None:
        later = [*faults_between(settings), *_unknown_parts(settings, parts)]
        if check_secrets:
            later += _secret_faults(settings)
        faults += _not_yet_told(later, faults)
    if faults or settings is None:
        raise SettingsError(path, faults)
    return settings


def _read(path: Path) -> str:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        words = _("there is no such file; write one with: eccube-sync init")
        raise SettingsError(path, [Fault("", words)]) from None
    except OSError as error:
        words = _("the file cannot be read: {reason}").format(reason=error.strerror)
        raise SettingsError(path, [Fault("", words)]) from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        words = _("line {line} is not UTF-8; save the file again with the encoding UTF-8").format(line=line)
        raise SettingsError(path, [Fault("", words)]) from None


def _toml(text: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        place = _PLACE_IN_TOML.search(message)
        reason = message[: place.start()] if place else message
        if place and place[1] and message.startswith("Cannot declare"):
            words = _(
                "the heading in line {line} stands in the file already; write its keys below the first one"
            ).format(line=place[1])
        elif place and place[1]:
            words = _("line {line}, column {column} is not valid TOML: {reason}").format(
                line=place[1], column=place[2], reason=reason
            )
        else:
            words = _("the end of the file is not valid TOML: {reason}").format(reason=reason)
        raise SettingsError(path, [Fault("", words)]) from None


def _validate(data: dict[str, Any], context: dict[str, Any]) -> tuple[Settings | None, list[Fault]]:
    """The settings and what is wrong with single keys.

    Where a key is wrong its default (or example) takes its place, only so that the rules between settings
    can be checked too and everything is told at once.
    """
    told: dict[Location, Fault] = {}
    mended = copy.deepcopy(data)
    for _round in range(_MENDING_ROUNDS):
        try:
            return Settings.model_validate(mended, context=context), list(told.values())
        except ValidationError as error:
            for location, fault in faults_of(error, Settings):
                if not any(location[: len(known)] == known for known in told):
                    told[location] = fault
                _mend(mended, location)
    return None, list(told.values())


def _mend(data: dict[str, Any], location: Location) -> None:
    holder: Any = data
    for step in location[:-1]:
        if isinstance(holder, dict) and step not in holder:
            holder[step] = {}
        holder = holder[step]
    last = location[-1]
    if isinstance(holder, dict) and last in holder:
        del holder[last]
    elif isinstance(holder, dict):
        holder[last] = _example(location)
    elif isinstance(holder, list):
        holder[int(last)] = _example(location)


def _example(location: Location) -> Any:
    key = ".".join(str(step) for step in location if isinstance(step, str))
    examples = {setting.key.replace("[]", ""): setting.example for setting in reference(Settings)}
    if key in examples:
        return examples[key]
    return {}


def _unknown_parts(settings: Settings, parts: KnownParts) -> Iterator[Fault]:
    formats = ["auto", *sorted(parts.formats)]
    for index, source in enumerate(settings.sources):
        if parts.formats and source.format not in formats:
            words = _("is not a format") + did_you_mean(source.format, formats)
            yield Fault(f"source[{index}].format", words)
    for kind in settings.notices.kinds:
        if parts.notices and kind not in parts.notices:
            words = _("names {kind}, which is not a notice").format(kind=kind)
            yield Fault("notices.kinds", words + did_you_mean(kind, sorted(parts.notices)))


def _secret_faults(settings: Settings) -> Iterator[Fault]:
    for key, holder in settings.credentials():
        if key == "database.setup" and not (holder.password_file and holder.password_file.exists()):
            continue  # only migrate needs it; it may be put away in between
        try:
            read_password(holder)
        except ConfigurationError as error:
            name = "password_file" if holder.password_file else "password_env"
            yield Fault(f"{key}.{name}", str(error))


def _not_yet_told(later: list[Fault], told: list[Fault]) -> list[Fault]:
    keys = [fault.key for fault in told]
    return [fault for fault in later if not any(_same_place(fault.key, key) for key in keys)]


def _same_place(key: str, told: str) -> bool:
    return key == told or (bool(told) and key.startswith((f"{told}.", f"{told}[")))
