"""Click's own words in the user's language: headings, placeholders, and what is said about wrong options."""

from __future__ import annotations

import importlib
from typing import Any
from unicodedata import east_asian_width

import click

from eccube_sync.i18n import _, mark

WORDS = (
    # help
    mark("Usage:"),
    mark("[OPTIONS]"),
    mark("COMMAND [ARGS]..."),
    mark("[COMMAND] [ARGS]..."),
    mark("Options"),
    mark("Commands"),
    mark("Positional arguments"),
    mark("Show this message and exit."),
    mark("Show the version and exit."),
    mark("%(prog)s, version %(version)s"),
    mark("default: {default}"),
    mark("env var: {var}"),
    mark("required"),
    mark("(dynamic)"),
    # what is missing, and what is not known
    mark("Error: {message}"),
    mark("Try '{command} {option}' for help."),
    mark("Missing argument"),
    mark("Missing option"),
    mark("Missing parameter"),
    mark("Missing command."),
    mark("No such option {name!r}."),
    mark("No such option: {name}"),
    mark("No such command {name!r}."),
    mark("Did you mean {possibility}?"),
    mark("(Did you mean one of: {possibilities}?)"),
    mark("(Possible options: {possibilities})"),
    # what does not fit
    mark("Invalid value: {message}"),
    mark("Invalid value for {param_hint}: {message}"),
    mark("Got unexpected extra argument ({args})"),
    mark("Got unexpected extra arguments ({args})"),
    mark("Option {name!r} requires an argument."),
    mark("Option {name!r} requires {nargs} arguments."),
    mark("Option {name!r} does not take a value."),
    mark("Argument {name!r} takes {nargs} values."),
    mark("Choose from:\n\t{choices}"),
    mark("{value!r} is not {choice}."),
    mark("{value!r} is not one of {choice}."),
    mark("{value!r} is not one of {choices}."),
    mark("{value!r} is not a valid {number_type}."),
    mark("{value} is not in the range {range}."),
    mark("{value!r} does not match the format {format}."),
    mark("{value!r} does not match the formats {formats}."),
    # files
    mark("{name} {filename!r} does not exist."),
    mark("{name} {filename!r} is a file."),
    mark("{name} {filename!r} is a directory."),
    mark("{name} {filename!r} is not readable."),
    mark("{name} {filename!r} is not writable."),
    mark("Could not open file {filename!r}: {message}"),
    # questions
    mark("Error: invalid input"),
)
"""What click says in this program, as its versions from 8.1 on say it."""

KINDS = (
    mark("directory"),
    mark("file"),
    mark("float range"),
    mark("integer"),
    mark("integer range"),
    mark("path"),
    mark("text"),
)
"""Click's names for kinds of values; in capitals they stand for the value of an option."""

ARGUMENTS = {
    "case": mark("CASE"),
    "code": mark("CODE"),
    "count": mark("COUNT"),
    "customer": mark("CUSTOMER"),
    "date": mark("DATE"),
    "file": mark("FILE"),
    "files": mark("FILES"),
    "serials": mark("SERIALS"),
}
"""What stands for an argument, by its name."""

_MODULES = ("core", "decorators", "exceptions", "formatting", "parser", "termui", "types")


def translate_click() -> None:
    """Have click look its words up in our catalogue; what is not there stays as click has it.

    Click asks the process-wide catalogue of ``gettext``, whose language only the environment can choose; ours may
    come from an option or the configuration. To be called before commands are made: some words are taken then.
    """
    for name in _MODULES:
        module = importlib.import_module(f"click.{name}")
        for function, ours in (("_", _), ("ngettext", _by_count), ("term_len", _width)):
            if function in vars(module):
                setattr(module, function, ours)


def _by_count(singular: str, plural: str, count: int) -> str:
    return _(singular if count == 1 else plural)


def _width(text: str) -> int:
    """The columns a text takes in a terminal, so that help stays aligned: a Japanese character takes two."""
    return sum(1 + (east_asian_width(sign) in {"W", "F"}) for sign in click.unstyle(text))


def translate_placeholders(command: click.Command) -> None:
    """Say what stands for a value in the user's language, in this command and those below it."""
    if command.options_metavar:
        command.options_metavar = _(command.options_metavar)
    for parameter in command.params:
        _translate(parameter)
    if isinstance(command, click.Group):
        command.subcommand_metavar = _(command.subcommand_metavar)
        for below in command.commands.values():
            translate_placeholders(below)


_KIND_OF: dict[click.ParamType[Any], str] = {}
"""Click's types are shared by all commands: what each was called before it was translated."""


def _translate(parameter: click.Parameter) -> None:
    kind = _KIND_OF.setdefault(parameter.type, parameter.type.name)
    if kind in KINDS:
        parameter.type.name = _(kind)
    if isinstance(parameter, click.Argument) and parameter.metavar is None and parameter.name in ARGUMENTS:
        text = _(ARGUMENTS[parameter.name])
        text = text if parameter.required else f"[{text}]"
        parameter.metavar = text if parameter.nargs == 1 else f"{text}..."
