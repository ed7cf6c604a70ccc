"""``runs``: what was applied, by whom, and taking it back."""

from __future__ import annotations

import click

from eccube_sync.application import Application, json_option, pass_application
from eccube_sync.i18n import _


@click.group(help=_("What was applied, by whom; and taking it back."))
def command() -> None:
    """The group; see ``help``."""


@command.command("list", help=_("The newest runs.\n\nExample: eccube-sync runs list --limit 5"))
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help=_("How many."))
@json_option
@pass_application
def list_runs(application: Application, limit: int, as_json: bool) -> None:
    """Show the newest runs, newest first."""
    from eccube_sync.services.showruns import list_report

    with application.open_shop() as (_shop, connection):
        application.show(list_report(connection, limit), as_json=as_json)
