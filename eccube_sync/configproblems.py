"""What is wrong with a configuration file, in the words of the person who wrote it."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from eccube_sync.configreference import keys_of, section_at
from eccube_sync.configsources import MEMBER_FIELDS
from eccube_sync.configtypes import Section
from eccube_sync.errors import ConfigurationError
from eccube_sync.i18n import _, mark, ngettext

Location = tuple[str | int, ...]

_WORDS = {
    "missing": mark("is missing"),
    "string_type": mark("must be text in quotes"),
    "int_type": mark("must be a whole number, without quotes"),
    "float_type": mark("must be a number, without quotes"),
    "bool_type": mark("must be true or false, without quotes"),
    "tuple_type": mark("must be a list in square brackets"),
    "dict_type": mark("must be a table"),
    "model_type": mark("must be a table"),
    "path_type": mark("must be a path in quotes"),
    "finite_number": mark("must be a number, without quotes"),
    "greater_than_equal": mark("must be at least {ge}"),
    "greater_than": mark("must be more than {gt}"),
    "less_than_equal": mark("must be at most {le}"),
    "less_than": mark("must be less than {lt}"),
    "string_too_long": mark("must have at most {max_length} characters"),
    "too_short": mark("must have at least {min_length} entries"),
    "string_pattern_mismatch": mark("must be at most 8 letters A-Z and digits"),
}
_DATE = mark("must be a date such as 2026-04-01, without quotes")
_ANY_OTHER = mark("has a value that cannot be used here")
_SECRET_KEYS = frozenset({"password", "pass", "secret", "passwd"})


@dataclass(frozen=True, slots=True)
class Fault:
    """One problem: the key as the user would write it, and words in the user's language."""

    key: str
    words: str

    def __str__(self) -> str:
        return f"{self.key}: {self.words}" if self.key else self.words


class SettingsError(ConfigurationError):
    """A configuration file that cannot be used; ``faults`` is everything wrong with it."""

    def __init__(self, path: Path, faults: Iterable[Fault]) -> None:
        self.path = path
        self.faults = tuple(faults)
        count = len(self.faults)
        head = ngettext("{path} has {count} problem:", "{path} has {count} problems:", count).format(
            path=path, count=count
        )
        super().__init__("\n".join([head, *(f"  {fault}" for fault in self.faults)]))


def key_of(location: Sequence[str | int]) -> str:
    """``("source", 0, "expiry", "rank", "ゴールド")`` → ``source[0].expiry.rank."ゴールド"``."""
    key = ""
    for step in location:
        if isinstance(step, int):
            key += f"[{step}]"
        elif step != "[key]":
            plain = step.isascii() and step.replace("_", "").replace("-", "").isalnum()
            key += ("." if key else "") + (step if plain else json.dumps(step, ensure_ascii=False))
    return key


def faults_of(error: ValidationError, model: type[Section]) -> list[tuple[Location, Fault]]:
    """pydantic's findings as faults, each with its place in the data."""
    found = []
    for entry in error.errors(include_url=False):
        location = tuple(step for step in entry["loc"] if step != "[key]")
        context = entry.get("ctx", {})
        words = _words(entry["type"], location, context, entry["input"], model)
        found.append((location, Fault(key_of(location), words)))
    return found


def _words(
    kind: str, location: Location, context: dict[str, Any], value: object, model: type[Section]
) -> str:
    name = str(location[-1])
    if kind == "extra_forbidden":
        return _unknown_key(name, section_at(model, location[:-1]))
    if kind == "unknown_member_field":
        return _("is not a field of a member") + did_you_mean(name, MEMBER_FIELDS)
    if kind == "literal_error":
        return _choices(str(context["expected"]), value)
    if kind == "refused":
        return str(context["words"])
    if kind == "tuple_type" and isinstance(value, dict):
        return _("must be written with two brackets: [[{name}]]").format(name=name)
    known = _DATE if kind.startswith("date") else _WORDS.get(kind, _ANY_OTHER)
    return _(known).format(**context)


def _unknown_key(name: str, section: type[Section] | None) -> str:
    keys = keys_of(section) if section else ()
    if name.lower() in _SECRET_KEYS and "password_file" in keys:
        return _(
            "does not belong in this file: write the password alone into a file of its own (chmod 600) "
            "and name that file in password_file"
        )
    return _("is not a setting here") + did_you_mean(name, keys)


def did_you_mean(name: str, known: Sequence[str]) -> str:
    """A hint in brackets: the nearest known name, else all of them; "" when nothing is known."""
    near = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.6)
    if near:
        return " " + _("(did you mean {name}?)").format(name=near[0])
    return " " + _("(known: {names})").format(names=", ".join(known)) if known else ""


def _choices(expected: str, value: object) -> str:
    names = [part.strip("'") for part in expected.replace(" or ", ", ").split(", ")]
    words = _("must be one of: {names}").format(names=", ".join(names))
    if isinstance(value, str) and (near := difflib.get_close_matches(value.lower(), names, n=1)):
        words += " " + _("(did you mean {name}?)").format(name=near[0])
    return words
