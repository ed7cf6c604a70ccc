"""``inbox``: what came in since the last minute, for cron."""

from __future__ import annotations

import click

from eccube_sync.application import Application, json_option, pass_application
from eccube_sync.i18n import _


@click.command(
    help=_(
        "Take in what came since the last minute: codes and cards customers typed, what the shop's admins asked for in "
        "our plugin, and customers who just confirmed their address. Safe to repeat, and to run beside a night.\n\n"
        "Example for cron: eccube-sync -q inbox"
    )
)
@json_option
@pass_application
def command(application: Application, as_json: bool) -> int:
    """Take in what is there."""
    from eccube_sync.services.inbox.inboxing import run_inbox

    with application.open_shop() as (shop, connection):
        report = run_inbox(shop, connection)
    application.show(report, as_json=as_json)
    return 1 if report.needs_person else 0
