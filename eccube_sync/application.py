"""What a command has at hand: the shop it works for, and the terminal it talks to."""

from __future__ import annotations

import getpass
import json
import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from eccube_sync.clock import Clock, SystemClock
from eccube_sync.errors import ConfigurationError
from eccube_sync.i18n import _, set_language
from eccube_sync.report import Report, label

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress
    from sqlalchemy import Connection

    from eccube_sync.config import Settings
    from eccube_sync.services.running import Shop

WIDTH_OF_FILES = 200

Function = TypeVar("Function", bound=Callable[..., Any])

DEFAULT_FILES = (
    Path("eccube-sync.toml"),
    Path("~/.config/eccube-sync/eccube-sync.toml"),
    Path("/etc/eccube-sync.toml"),
)


@dataclass(slots=False)
class Application:
    """Global options and what they open; the configuration is read when a command first needs it."""

    config_path: Path | None = None
    language: str | None = None
    quiet: bool = False
    for_programs: bool = False
    """Whether JSON was printed, beside which nothing else may stand."""
    clock: Clock = field(default_factory=SystemClock)

    @cached_property
    def settings(self) -> Settings:
        """The validated configuration; from here on messages are in its language unless one was given."""
        from eccube_sync.config import KnownParts, load
        from eccube_sync.notices import NOTICES
        from eccube_sync.pos import FORMATS

        settings = load(
            self._find_configuration(), KnownParts(formats=tuple(FORMATS), notices=tuple(NOTICES))
        )
        if self.language is None and settings.language:
            set_language(settings.language)
        return settings

    def _find_configuration(self) -> Path:
        if self.config_path:
            return self.config_path
        for candidate in DEFAULT_FILES:
            if candidate.expanduser().exists():
                return candidate.expanduser()
        raise ConfigurationError(
            _("No configuration found; name one with --config FILE, or write one with: eccube-sync init")
        )

    def shop(self) -> Shop:
        """The shop; nothing is connected yet."""
        from eccube_sync.db import Database
        from eccube_sync.services.running import Shop

        return Shop(self.settings, Database(self.settings), self.clock, actor())

    @contextmanager
    def open_shop(self) -> Iterator[tuple[Shop, Connection]]:
        """The shop and one connection as the runtime account."""
        from eccube_sync.services.setup.migrating import require_schema

        shop = self.shop()
        with shop.database.connect() as connection:
            require_schema(connection)
            yield shop, connection

    # --- talking ---

    @cached_property
    def console(self) -> Console:
        from rich.console import Console

        # A pipe or a log file has no width to keep to.
        return Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else WIDTH_OF_FILES)

    def say(self, message: str) -> None:
        """One line on standard output; silent with ``--quiet``."""
        if not self.quiet:
            click.echo(message)

    def show(self, report: Report, *, as_json: bool = False) -> None:
        """A report as tables, or as JSON for programs."""
        if as_json:
            self.for_programs = True
            click.echo(json.dumps(report.as_json(), ensure_ascii=False, indent=2, default=str))
        elif not self.quiet:
            _print_report(self.console, report)

    def show_plan(self, report: Report, *, apply: bool, as_json: bool = False) -> None:
        """The plan; not where JSON of what was applied follows, so that a program reads one document."""
        if not (apply and as_json):
            self.show(report, as_json=as_json)

    def agreed(self, apply: bool, *, question: str | None = None) -> bool:
        """Whether to apply the plan just shown: ``--apply``, or a yes at a terminal."""
        if apply:
            return True
        if not sys.stdin.isatty():
            if not self.for_programs:
                self.say(_("This was a plan; nothing was written. Add --apply to carry it out."))
            return False
        return click.confirm(question or _("Carry this out?"), default=False)

    @contextmanager
    def progress(self, description: str) -> Iterator[Progress | None]:
        """A progress bar where a person waits; nothing where cron runs."""
        if self.quiet or not sys.stderr.isatty():
            yield None
            return
        from rich.console import Console
        from rich.progress import Progress

        with Progress(console=Console(stderr=True), transient=True) as bar:
            bar.add_task(description, total=None)
            yield bar


def _print_report(console: Console, report: Report) -> None:
    from rich.markup import escape
    from rich.table import Table

    console.print(report.headline, style="bold", markup=False)
    shown = {name: number for name, number in report.counts.items() if number}
    if shown:
        table = Table(show_header=False, box=None, pad_edge=False)
        for name, number in shown.items():
            table.add_row("  " + label(name), f"{number:,}")
        console.print(table)
    if report.empty:
        console.print("  " + _("nothing to do"), markup=False)
    for listing in report.listings:
        if not listing.rows:
            continue
        table = Table(title=escape(listing.title), title_justify="left")
        for column in listing.columns:
            table.add_column(escape(column), overflow="fold")
        for row in listing.rows[: listing.at_most]:
            table.add_row(*("" if cell is None else escape(str(cell)) for cell in row))
        console.print(table)
        if listing.at_most is not None and len(listing.rows) > listing.at_most:
            more = len(listing.rows) - listing.at_most
            console.print(_("… and {count} more; --json lists all of them.").format(count=f"{more:,}"))
    for note in report.notes:
        console.print(note, markup=False)


def actor() -> str:
    """Who runs this: user and host, as the journal keeps it."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = f"uid {os.getuid()}"
    return f"{user}@{socket.gethostname()}"[:190]


pass_application = click.make_pass_decorator(Application)


def apply_option(function: Function) -> Function:
    """``--apply``: carry the plan out without asking."""
    return click.option("--apply", is_flag=True, help=_("Carry the plan out without asking (for cron)."))(
        function
    )


def reason_option(function: Function) -> Function:
    """``--reason``: why a person does this by hand."""
    return click.option("--reason", required=True, help=_("Why; kept with your name."))(function)


def json_option(function: Function) -> Function:
    """``--json``: print for programs."""
    return click.option("--json", "as_json", is_flag=True, help=_("Print JSON for programs."))(function)
