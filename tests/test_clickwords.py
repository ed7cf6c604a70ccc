"""Under Japanese, help and errors of use are Japanese throughout, also where click says them."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from unicodedata import east_asian_width

import click
import pytest

from eccube_sync.cli import _group
from eccube_sync.clickwords import ARGUMENTS, KINDS
from eccube_sync.commands import COMMANDS
from eccube_sync.i18n import set_language

ALONE = (
    "--help",
    *(f"{name} --help" for name in COMMANDS),
    "codes revoke --help",
    "guards approve --help",
    "runs list --help",
)
WRONG = (
    "nonsense",
    "codes issue",
    "codes issue --count",
    "codes issue --count x",
    "codes issue --count 0",
    "codes list --limt 3",
    "codes list --state lost",
    "codes assign missing.csv",
    "customers show",
    "customers show 1 2",
    "guards approve soon 3",
    "project --apply=yes",
    "--version",
)
_DRIVER = """
import shlex, sys
from eccube_sync.application import Application
from eccube_sync.cli import run
from eccube_sync.i18n import set_language
set_language("ja")
for arguments in sys.stdin.read().splitlines():
    print("$", arguments, flush=True)
    run(shlex.split(arguments), Application(language="ja"))
    sys.stderr.flush()
"""
_KEPT = re.compile(r"eccube-sync|--?[a-z-]+|'[^']*'|ID")
"""What is the same in both languages: commands, options, what was typed, and what may be typed."""


@cache
def said() -> dict[str, str]:
    """What the program says to each of these, in a process of its own: help is translated when commands are made."""
    told = subprocess.run(
        [sys.executable, "-c", _DRIVER],
        input="\n".join(ALONE + WRONG),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=True,
    ).stdout
    parts = re.split(r"^\$ (.*)\n", told, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


@pytest.mark.parametrize("arguments", WRONG)
def test_an_error_of_use_is_japanese(arguments: str) -> None:
    words = re.findall(r"[A-Za-z]{2,}", _KEPT.sub("", said()[arguments]))
    assert set(words) <= set(arguments.split())


@pytest.mark.parametrize("arguments", ALONE)
def test_help_is_japanese_in_every_line_that_click_writes(arguments: str) -> None:
    help_text = said()[arguments]
    usage = help_text.splitlines()[0]
    assert usage.startswith("使い方: eccube-sync")
    assert "[オプション]" in usage
    assert not re.search(r"[A-Z]{3,}", usage)
    assert (
        help_text.rstrip().splitlines()[-1].endswith("この説明を表示します。") or "\nコマンド:\n" in help_text
    )
    for english in ("Usage", "Options:", "Commands:", "Show th", "default:", "required", "INTEGER", "TEXT"):
        assert english not in help_text


def test_columns_of_japanese_help_are_aligned() -> None:
    def width(text: str) -> int:
        return sum(2 if east_asian_width(sign) in "WF" else 1 for sign in text)

    lines = said()["codes revoke --help"].splitlines()
    options = [re.match(r"(  -.*?  +)(?=\S)", line) for line in lines]
    assert len({width(found[1]) for found in options if found}) == 1
    assert sum(found is not None for found in options) == 3


def parameters(command: click.Command) -> list[click.Parameter]:
    found = list(command.params)
    for below in command.commands.values() if isinstance(command, click.Group) else ():
        found += parameters(below)
    return found


def test_every_value_and_argument_has_words() -> None:
    """A new kind of value, or an argument of another name, would stand in capitals in the help of both languages."""
    set_language("en")
    for parameter in parameters(_group()):
        if isinstance(parameter, click.Argument):
            assert parameter.metavar or parameter.name in ARGUMENTS, parameter.name
        elif not getattr(parameter, "is_flag", False) and not isinstance(
            parameter.type, click.Choice | click.DateTime
        ):
            assert parameter.type.name in KINDS, parameter.name
