"""``guards``: approve many downgrades beforehand, and see what was approved."""

from __future__ import annotations

from datetime import datetime

import click

from eccube_sync.application import Application, json_option, pass_application
from eccube_sync.i18n import _


@click.group(help=_("Approve what a guard would refuse."))
def command() -> None:
    """The group; see ``help``."""


@command.command(
    help=_(
        "Allow up to COUNT downgrades on DATE, the first day without the class. The newest approval of a date "
        "counts; 0 takes it back.\n\nExample: eccube-sync guards approve 2027-04-01 1200"
    )
)
@click.argument("date", type=click.DateTime(["%Y-%m-%d"]))
@click.argument("count", type=click.IntRange(0))
@pass_application
def approve(application: Application, date: datetime, count: int) -> None:
    """Approve the downgrades of one date."""
    from eccube_sync.services.classes.approving import approve_downgrades

    with application.open_shop() as (shop, connection):
        application.show(approve_downgrades(shop, connection, date.date(), count))


@command.command(
    "list",
    help=_(
        "List the coming days on which many lose the class, and what was approved for them.\n\n"
        "Example: eccube-sync guards list"
    ),
)
@json_option
@pass_application
def list_approvals(application: Application, as_json: bool) -> None:
    """List the approvals that stand, and the days that need one."""
    from eccube_sync.services.classes.approving import list_approvals as report

    with application.open_shop() as (shop, connection):
        application.show(report(shop, connection), as_json=as_json)
